import CSodium

/// Secrets on their way to a neighbour: sealed straight from, and opened straight into, locked
/// memory, so that no key is ever an ordinary array.
extension Box {
  package static func seal(
    _ secret: borrowing Secret, key: borrowing Secret, nonce: Nonce24
  ) -> [UInt8] {
    seal(
      key: key.pointer, nonce: nonce, associated: [],
      plain: UnsafeBufferPointer(start: secret.pointer, count: Secret.count))
  }

  /// Throws ``KeysError/forged`` when it was not sealed with this key and nonce.
  package static func openSecret(
    _ sealed: [UInt8], key: borrowing Secret, nonce: Nonce24
  ) throws(KeysError) -> Secret {
    guard sealed.count == Secret.count + tagCount else { throw .malformed }
    let secret = try Secret()
    let out = secret.pointer
    let keyStart = key.pointer
    let isGenuine = sealed.withUnsafeBufferPointer {
      open(key: keyStart, nonce: nonce, associated: [], sealed: $0, into: out)
    }
    guard isGenuine else { throw .forged }
    return secret
  }
}

extension LinkSecrets {
  /// A key only the two ends of this link know, the same on both, for what travels inside the link
  /// but must not lie in its buffers.
  package borrowing func exported(_ label: StaticString) throws(KeysError) -> Secret {
    try KDF.derive(try chain.firstHalf(), label, [])
  }
}

extension Entropy {
  /// A source of its own for a part of the program; a seeded one stays repeatable.
  package static func branch(of parent: inout Entropy) -> Entropy {
    parent.isSystem ? .system : .seeded(parent.next())
  }
}
