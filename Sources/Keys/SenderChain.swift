package import Wire

/// How one speaker's base keys follow from each other, and how the first of them is promised.
package enum SenderChain {
  /// The next step's base key (RFC 9605 §5.1); there is no way back.
  package static func ratchet(_ base: borrowing Secret) throws(KeysError) -> Secret {
    let label: StaticString = "SFrame 1.0 Ratchet"
    let info = [UInt8](UnsafeBufferPointer(start: label.pointer, count: label.utf8CodeUnitCount))
    return try HKDF256.expand(try HKDF256.extract(salt: [], base), info: info)
  }

  /// Made public with a new generation, so that nobody can hand out two different keys for it.
  package static func commit(
    _ base: borrowing Secret, room: RoomID, session: SessionID, generation: UInt16
  ) -> Bytes32 {
    var context = Writer(capacity: 21)
    context.bytes16(room.raw)
    context.u24(session.raw)
    context.u16(generation)
    return KDF.public32(base, "VR1-kcommit", context.bytes)
  }
}
