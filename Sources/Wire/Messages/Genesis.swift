/// The founding document of a room. Its hash is the room's id, so nobody can pass off another room
/// under the same link, and nobody is needed to vouch for it.
package struct Genesis: Hashable, Sendable {
  /// 0 open, 1 social or closed (an Admission is needed).
  package var mode: UInt8
  package var creator: PersonaID
  /// Milliseconds since 1970.
  package var created: UInt64
  package var lifetimeSeconds: UInt32
  package var nonce: Bytes16
  package var title: String
  package var signature: Signature

  package static let suite: UInt8 = 1

  package init(
    mode: UInt8, creator: PersonaID, created: UInt64, lifetimeSeconds: UInt32, nonce: Bytes16,
    title: String, signature: Signature = Signature(.zero)
  ) {
    self.mode = mode
    self.creator = creator
    self.created = created
    self.lifetimeSeconds = lifetimeSeconds
    self.nonce = nonce
    self.title = title.cut(toBytes: Limits.titleBytes)
    self.signature = signature
  }

  /// Milliseconds since 1970 after which the room is over.
  package var expiry: UInt64 { created &+ UInt64(lifetimeSeconds) * 1_000 }

  /// What the creator signs and what the room id is the hash of.
  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 132)
    writer.u8(1)
    writer.u8(mode)
    writer.u8(Self.suite)
    writer.u8(0)
    writer.bytes32(creator.raw)
    writer.u64(created)
    writer.u32(lifetimeSeconds)
    writer.bytes16(nonce)
    writer.text(title, limit: Limits.titleBytes)
    return writer.bytes
  }

  package func encode(into writer: inout Writer) {
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
  }

  package init(from reader: inout Reader) throws(WireError) {
    guard try reader.u8() == 1 else { throw .unknown }
    let mode = try reader.u8()
    guard mode <= 1, try reader.u8() == Self.suite, try reader.u8() == 0 else { throw .unknown }
    let creator = PersonaID(try reader.bytes32())
    let created = try reader.u64()
    let lifetime = try reader.u32()
    guard lifetime <= Limits.roomLifetimeSeconds, created <= UInt64.max / 2 else { throw .range }
    let nonce = try reader.bytes16()
    let title = try reader.text(limit: Limits.titleBytes)
    self.init(
      mode: mode, creator: creator, created: created, lifetimeSeconds: lifetime, nonce: nonce,
      title: title, signature: Signature(try reader.bytes64()))
  }
}
