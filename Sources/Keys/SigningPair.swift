import CSodium
package import Wire

/// An Ed25519 key pair.
///
/// The expanded secret stays in locked memory.
package struct SigningPair: ~Copyable, Sendable {
  private let expanded: Secret64
  package let publicKey: SigningKey

  package init(seed: borrowing Secret) throws(KeysError) {
    let expanded = try Secret64()
    let (secretStart, seedStart) = (expanded.pointer, seed.pointer)
    publicKey = SigningKey(Bytes32 { _ = crypto_sign_seed_keypair($0, secretStart, seedStart) })
    self.expanded = expanded
  }

  package init(random entropy: inout Entropy) throws(KeysError) {
    try self.init(seed: try Secret(random: &entropy))
  }

  /// From a pair that was derived before.
  private init(expanded: consuming Secret64) {
    publicKey = SigningKey(Bytes32(reading: expanded.pointer + Secret.count))
    self.expanded = expanded
  }

  /// What the pair was made from.
  package borrowing func seed() throws(KeysError) -> Secret {
    let seed = try Secret()
    crypto_sign_ed25519_sk_to_seed(seed.pointer, expanded.pointer)
    return seed
  }

  package borrowing func copy() throws(KeysError) -> SigningPair {
    SigningPair(expanded: try expanded.copy())
  }

  /// Signs `label` and `message`; the label says what kind of statement this is.
  package borrowing func sign(_ label: StaticString, _ message: [UInt8]) -> Signature {
    signRaw(Signatures.labelled(label, message))
  }

  /// Without a label: only for formats of others.
  borrowing func signRaw(_ message: [UInt8]) -> Signature {
    let secret = expanded.pointer
    return withScratch(Bytes64.count) { out in
      _ = crypto_sign_detached(out, nil, message, UInt64(message.count), secret)
      return Signature(Bytes64(reading: out))
    }
  }

  /// libsodium's 64-byte form, for key files of other programs.
  borrowing func withExpanded<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    body(expanded.pointer)
  }
}
