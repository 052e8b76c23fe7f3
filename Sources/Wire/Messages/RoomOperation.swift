/// One signed entry of a person's log in a room: who may do what, since when, and who said so.
///
/// `kind 1 | room 16 | author 32 | sequence 4 | previous 16 | time 6 | subject 32 | argument 4 |
/// lifetime 4 | flags 1 | seen × 20 | [cut 16] | signature 64`: 180 bytes, 20 for each log that is
/// named and 16 for a cut. The low five bits of the flags count `seen`, bit 5 says that a cut
/// follows, bit 6 that keys change at once. The layout is the same for all kinds, so that those of
/// later versions can be checked and passed on.
package struct RoomOperation: Hashable, Sendable {
  package var kind: OperationKind
  package var room: RoomID
  package var author: PersonaID
  /// From 1, without gaps.
  package var sequence: UInt32
  /// Hash of the author's operation before; zero for the first.
  package var previous: Bytes16
  /// Milliseconds since 1970, 48 bits.
  package var time: UInt64
  /// The persona or invite key it is about.
  package var subject: Bytes32
  package var argument: UInt32
  /// 0: no end of its own.
  package var lifetimeSeconds: UInt32
  /// Others' newest operations that the author had seen and not yet named.
  package var seen: [OperationReference]
  /// Hash of the subject's operation number `argument`, the last that counts; zero when none does.
  package var cut: Bytes16?
  /// Keys are to change at once, though some then miss half a second.
  package var isImmediate = false
  package var signature: Signature

  /// Logs named by one operation: more wait for the next.
  package static let seenMaximum = 16
  private static let cutFlag: UInt8 = 32
  private static let immediateFlag: UInt8 = 64

  package init(
    kind: OperationKind, room: RoomID, author: PersonaID, sequence: UInt32, previous: Bytes16,
    time: UInt64, subject: Bytes32, argument: UInt32, lifetimeSeconds: UInt32,
    seen: [OperationReference] = [], cut: Bytes16? = nil, signature: Signature = Signature(.zero)
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
    self.seen = Array(seen.prefix(Self.seenMaximum))
    self.cut = cut
    self.signature = signature
  }

  /// Milliseconds since 1970 after which it no longer holds; nil when it has no end of its own.
  package var expiry: UInt64? {
    lifetimeSeconds == 0 ? nil : time + UInt64(lifetimeSeconds) * 1_000
  }

  /// The subject as a person; meaningless for operations about invites.
  package var person: PersonaID { PersonaID(subject) }

  /// The subject as an invite's key; meaningless for operations about people.
  package var invite: SigningKey { SigningKey(subject) }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: byteCount)
    writeUnsigned(into: &writer)
    return writer.bytes
  }

  package var byteCount: Int { 180 + OperationReference.count * seen.count + (cut == nil ? 0 : 16) }

  package func encode(into writer: inout Writer) {
    writeUnsigned(into: &writer)
    writer.bytes64(signature.raw)
  }

  package var encoded: [UInt8] {
    var writer = Writer(capacity: byteCount)
    encode(into: &writer)
    return writer.bytes
  }

  private func writeUnsigned(into writer: inout Writer) {
    writer.u8(kind.rawValue)
    writer.bytes16(room.raw)
    writer.bytes32(author.raw)
    writer.u32(sequence)
    writer.bytes16(previous)
    writer.u48(time)
    writer.bytes32(subject)
    writer.u32(argument)
    writer.u32(lifetimeSeconds)
    let flags = (cut == nil ? 0 : Self.cutFlag) | (isImmediate ? Self.immediateFlag : 0)
    writer.u8(UInt8(seen.count) | flags)
    for reference in seen { reference.encode(into: &writer) }
    if let cut { writer.bytes16(cut) }
  }

  package init(from reader: inout Reader) throws(WireError) {
    guard let kind = OperationKind(rawValue: try reader.u8()) else { throw .unknown }
    let room = RoomID(try reader.bytes16())
    let author = PersonaID(try reader.bytes32())
    let sequence = try reader.u32()
    let previous = try reader.bytes16()
    let time = try reader.u48()
    let subject = try reader.bytes32()
    let argument = try reader.u32()
    let lifetime = try reader.u32()
    let flags = try reader.u8()
    let count = Int(flags & (Self.cutFlag - 1))
    guard flags < 2 * Self.immediateFlag, count <= Self.seenMaximum else { throw .range }
    var seen: [OperationReference] = []
    for _ in 0..<count { seen.append(try OperationReference(from: &reader)) }
    let cut = flags & Self.cutFlag == 0 ? nil : try reader.bytes16()
    self.init(
      kind: kind, room: room, author: author, sequence: sequence, previous: previous, time: time,
      subject: subject, argument: argument, lifetimeSeconds: lifetime, seen: seen, cut: cut,
      signature: Signature(try reader.bytes64()))
    isImmediate = flags & Self.immediateFlag != 0
    guard isWellFormed else { throw .range }
  }

  /// Every field says something or is zero: one statement has one encoding.
  package var isWellFormed: Bool {
    guard lifetimeSeconds <= Limits.roomLifetimeSeconds, sequence >= 1,
      (sequence == 1) == (previous == .zero), time < 1 << 48,
      seen.allSatisfy({ $0.sequence >= 1 })
    else { return false }
    if case .later = kind { return true }
    guard (cut != nil) == kind.hasCut, !isImmediate || kind == .remove else { return false }
    switch kind {
    case .grantModerator, .grantSpeaker, .grantListener, .grantRelay, .mute:
      return argument == 0
    case .unmute, .unban, .inviteRevoke, .handOver:
      return argument == 0 && lifetimeSeconds == 0
    case .revoke, .cut:
      return lifetimeSeconds == 0 && (argument == 0) == (cut == .zero)
    case .remove:
      return (argument == 0) == (cut == .zero)
    case .inviteAdd:
      return InviteTerms(argument: argument) != nil
    case .policy:
      return RoomPolicy.all.rawValue | argument == RoomPolicy.all.rawValue
        && lifetimeSeconds == 0 && subject == .zero
    case .close:
      return argument == 0 && lifetimeSeconds == 0 && subject == .zero
    case .admit, .stageAccept:
      return argument >= 1 && lifetimeSeconds == 0
    case .stageInvite:
      return argument == 0 && lifetimeSeconds >= 1
    case .stepDown:
      return argument <= Role.speaker.rawValue && lifetimeSeconds == 0 && subject == author.raw
    case .later:
      return true
    }
  }
}
