package import Wire

/// The key pair an invitation's secret stands for.
package enum InviteKey {
  package static func pair(secret: Bytes16, room: RoomID) throws(KeysError) -> SigningPair {
    let key = try Secret(Bytes32(high: secret, low: .zero))
    return try SigningPair(seed: try KDF.derive(key, "VR1-invite", room.raw.array))
  }
}
