/// One signed entry of a moderator's log. This release writes and reads a single one, the creator's
/// first: the invite that admits the holders of a social room's link.
package struct RoomOperation: Hashable, Sendable {
  /// What the entry does.
  package enum Kind: UInt8, Sendable {
    case inviteAdd = 8
  }

  package var kind: Kind
  package var room: RoomID
  package var author: PersonaID
  package var sequence: UInt32
  package var previous: Bytes16
  /// Milliseconds since 1970, 48 bits.
  package var time: UInt64
  package var subject: Bytes32
  package var argument: UInt32
  package var lifetimeSeconds: UInt32
  package var signature: Signature

  package init(
    kind: Kind, room: RoomID, author: PersonaID, sequence: UInt32, previous: Bytes16, time: UInt64,
    subject: Bytes32, argument: UInt32, lifetimeSeconds: UInt32,
    signature: Signature = Signature(.zero)
  ) {
    self.kind = kind
    self.room = room
    self.author = author
    self.sequence = sequence
    self.previous = previous
    self.time = time
    self.subject = subject
    self.argument = argument
    self.lifetimeSeconds = lifetimeSeconds
    self.signature = signature
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 116)
    writer.u8(kind.rawValue)
    writer.bytes16(room.raw)
    writer.bytes32(author.raw)
    writer.u32(sequence)
    writer.bytes16(previous)
    writer.u48(time)
    writer.bytes32(subject)
    writer.u32(argument)
    writer.u32(lifetimeSeconds)
    writer.u8(0)
    return writer.bytes
  }

  package func encode(into writer: inout Writer) {
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
  }

  package init(from reader: inout Reader) throws(WireError) {
    guard let kind = Kind(rawValue: try reader.u8()) else { throw .unknown }
    let room = RoomID(try reader.bytes16())
    let author = PersonaID(try reader.bytes32())
    let sequence = try reader.u32()
    let previous = try reader.bytes16()
    let time = try reader.u48()
    let subject = try reader.bytes32()
    let argument = try reader.u32()
    let lifetime = try reader.u32()
    guard try reader.u8() == 0 else { throw .range }
    self.init(
      kind: kind, room: room, author: author, sequence: sequence, previous: previous, time: time,
      subject: subject, argument: argument, lifetimeSeconds: lifetime,
      signature: Signature(try reader.bytes64()))
  }
}
