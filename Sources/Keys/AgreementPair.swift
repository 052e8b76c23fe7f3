import CSodium
package import Wire

/// An X25519 key pair.
///
/// The public half names a node.
package struct AgreementPair: ~Copyable, Sendable {
  let secret: Secret
  package let publicKey: NodeID

  package init(secret: consuming Secret) {
    let start = secret.pointer
    publicKey = NodeID(Bytes32 { _ = crypto_scalarmult_base($0, start) })
    self.secret = secret
  }

  package init(random entropy: inout Entropy) throws(KeysError) {
    self.init(secret: try Secret(random: &entropy))
  }

  package borrowing func copy() throws(KeysError) -> AgreementPair {
    AgreementPair(secret: try secret.copy())
  }

  /// The shared secret; points that would make it zero are refused with ``KeysError/weakPoint``.
  package borrowing func agree(with peer: Bytes32) throws(KeysError) -> Secret {
    let shared = try Secret()
    let failed = peer.withPointer { crypto_scalarmult(shared.pointer, secret.pointer, $0) != 0 }
    guard !failed else { throw .weakPoint }
    return shared
  }
}
