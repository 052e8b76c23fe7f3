package import Wire

/// Who a person is on this machine: the root all personas come from, and the node's own key.
package struct Identity: ~Copyable, Sendable {
  let root: Secret
  package let node: AgreementPair
  /// Counts the rotations of the node key.
  package var epoch: UInt32
  /// What the program above wants kept with the keys; sealed with them.
  package var settings: [UInt8]

  package init(
    root: consuming Secret, node: consuming AgreementPair, epoch: UInt32 = 0,
    settings: [UInt8] = []
  ) {
    self.root = root
    self.node = node
    self.epoch = epoch
    self.settings = settings
  }

  package static func make(_ entropy: inout Entropy) throws(KeysError) -> Identity {
    Identity(
      root: try Secret(random: &entropy), node: try AgreementPair(random: &entropy))
  }

  /// The person's signing key in one room; without the root no two of them can be linked.
  package borrowing func persona(room: RoomID, index: UInt32) throws(KeysError) -> SigningPair {
    var context = Writer(capacity: 20)
    context.bytes16(room.raw)
    context.u32(index)
    return try SigningPair(seed: try KDF.derive(root, "VR1-persona", context.bytes))
  }

  /// The key that signs a new room into being, before there is an id to derive from.
  package borrowing func creator(nonce: Bytes16) throws(KeysError) -> SigningPair {
    try SigningPair(seed: try KDF.derive(root, "VR1-creator", nonce.array))
  }

  /// The same person on another machine.
  package borrowing func copy(at node: consuming AgreementPair) throws(KeysError) -> Identity {
    Identity(root: try root.copy(), node: node, epoch: 0, settings: [])
  }

  package borrowing func copy() throws(KeysError) -> Identity {
    Identity(
      root: try root.copy(), node: try node.copy(), epoch: epoch, settings: settings)
  }
}
