/// A persona's statement that a fresh key speaks for it in a room: 219 bytes.
package struct SessionCertificate: Hashable, Sendable {
  package var room: RoomID
  package var persona: PersonaID
  package var session: SigningKey
  /// Milliseconds since 1970, 48 bits.
  package var issued: UInt64
  package var lifetimeSeconds: UInt32
  package var personaSignature: Signature
  package var sessionSignature: Signature

  package init(
    room: RoomID, persona: PersonaID, session: SigningKey, issued: UInt64, lifetimeSeconds: UInt32,
    personaSignature: Signature = Signature(.zero), sessionSignature: Signature = Signature(.zero)
  ) {
    self.room = room
    self.persona = persona
    self.session = session
    self.issued = issued
    self.lifetimeSeconds = lifetimeSeconds
    self.personaSignature = personaSignature
    self.sessionSignature = sessionSignature
  }

  package var expiry: UInt64 { issued + UInt64(lifetimeSeconds) * 1_000 }

  /// What both keys sign, each under its own label.
  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 91)
    writer.u8(1)
    writer.bytes16(room.raw)
    writer.bytes32(persona.raw)
    writer.bytes32(session.raw)
    writer.u48(issued)
    writer.u32(lifetimeSeconds)
    return writer.bytes
  }

  package func encode(into writer: inout Writer) {
    writer.raw(unsigned)
    writer.bytes64(personaSignature.raw)
    writer.bytes64(sessionSignature.raw)
  }

  package init(from reader: inout Reader) throws(WireError) {
    guard try reader.u8() == 1 else { throw .unknown }
    let room = RoomID(try reader.bytes16())
    let persona = PersonaID(try reader.bytes32())
    let session = SigningKey(try reader.bytes32())
    let issued = try reader.u48()
    let lifetime = try reader.u32()
    guard lifetime <= Limits.sessionLifetimeSeconds else { throw .range }
    self.init(
      room: room, persona: persona, session: session, issued: issued, lifetimeSeconds: lifetime,
      personaSignature: Signature(try reader.bytes64()),
      sessionSignature: Signature(try reader.bytes64()))
  }
}
