/// Proof that a persona held an invite: signed with the invite's key, 150 bytes.
package struct Admission: Hashable, Sendable {
  package var room: RoomID
  package var invite: SigningKey
  package var persona: PersonaID
  /// Milliseconds since 1970, 48 bits.
  package var time: UInt64
  package var signature: Signature

  package init(
    room: RoomID, invite: SigningKey, persona: PersonaID, time: UInt64,
    signature: Signature = Signature(.zero)
  ) {
    self.room = room
    self.invite = invite
    self.persona = persona
    self.time = time
    self.signature = signature
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 86)
    writer.bytes16(room.raw)
    writer.bytes32(invite.raw)
    writer.bytes32(persona.raw)
    writer.u48(time)
    return writer.bytes
  }

  package func encode(into writer: inout Writer) {
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
  }

  package init(from reader: inout Reader) throws(WireError) {
    let room = RoomID(try reader.bytes16())
    let invite = SigningKey(try reader.bytes32())
    let persona = PersonaID(try reader.bytes32())
    let time = try reader.u48()
    self.init(
      room: room, invite: invite, persona: persona, time: time,
      signature: Signature(try reader.bytes64()))
  }
}
