/// A speaker's announcement of a new generation of its key: flooded, so that everybody knows what
/// to ask for and can check what is handed over.
package struct KeyAnnouncement: Hashable, Sendable {
  package var session: SessionID
  package var generation: UInt16
  package var counterStart: UInt32
  package var activeMilliseconds: UInt16
  package var commitment: Bytes32
  /// What the speaker knew of everything that shuts somebody out: whoever knows less must not hand
  /// this key on.
  package var frontier: [OperationReference]
  package var signature: Signature

  /// Logs that a frontier can name; 960 bytes. There are at most 64 moderators ever.
  package static let frontierMaximum = 40

  package init(
    session: SessionID, generation: UInt16, counterStart: UInt32, activeMilliseconds: UInt16,
    commitment: Bytes32, frontier: [OperationReference] = [],
    signature: Signature = Signature(.zero)
  ) {
    self.session = session
    self.generation = generation
    self.counterStart = counterStart
    self.activeMilliseconds = activeMilliseconds
    self.commitment = commitment
    self.frontier = Array(frontier.prefix(Self.frontierMaximum))
    self.signature = signature
  }

  /// Everything before the signature.
  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 44 + OperationReference.count * frontier.count)
    writer.u24(session.raw)
    writer.u16(generation)
    writer.u32(counterStart)
    writer.u16(activeMilliseconds)
    writer.u8(UInt8(frontier.count))
    for reference in frontier { reference.encode(into: &writer) }
    writer.bytes32(commitment)
    return writer.bytes
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 109 + OperationReference.count * frontier.count)
    writer.u8(tag)
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let session = SessionID(try reader.u24())
    let generation = try reader.u16()
    let start = try reader.u32()
    let active = try reader.u16()
    guard (Limits.firstCounter...Limits.lastCounter).contains(start) else { throw .range }
    let count = Int(try reader.u8())
    guard count <= Self.frontierMaximum else { throw .range }
    var frontier: [OperationReference] = []
    for _ in 0..<count { frontier.append(try OperationReference(from: &reader)) }
    self.init(
      session: session, generation: generation, counterStart: start, activeMilliseconds: active,
      commitment: try reader.bytes32(), frontier: frontier,
      signature: Signature(try reader.bytes64()))
    try reader.finish()
  }
}

/// Asks a neighbour for a speaker's key.
package struct GrantRequest: Hashable, Sendable {
  package var session: SessionID
  package var generation: UInt16

  package init(session: SessionID, generation: UInt16) {
    self.session = session
    self.generation = generation
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 6)
    writer.u8(tag)
    writer.u24(session.raw)
    writer.u16(generation)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    session = SessionID(try reader.u24())
    generation = try reader.u16()
    try reader.finish()
  }
}

/// What stands before the 32 bytes of key in a GRANT: `session 3 | generation 2 | step 4`. The key
/// itself never becomes a value of this module.
package struct GrantHeader: Hashable, Sendable {
  package var session: SessionID
  package var generation: UInt16
  package var step: UInt32

  package static let keyBytes = 32

  package init(session: SessionID, generation: UInt16, step: UInt32) {
    self.session = session
    self.generation = generation
    self.step = step
  }

  package func encode(into writer: inout Writer) {
    writer.u24(session.raw)
    writer.u16(generation)
    writer.u32(step)
  }

  package init(from reader: inout Reader) throws(WireError) {
    session = SessionID(try reader.u24())
    generation = try reader.u16()
    step = try reader.u32()
  }
}
