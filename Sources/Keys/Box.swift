import CSodium
package import Wire

/// XChaCha20-Poly1305: sealing of single things under a random nonce.
package enum Box {
  /// What sealing adds.
  package static let tagCount = 16

  package static func seal(
    key: borrowing Secret, nonce: Nonce24, associated: [UInt8], _ plain: [UInt8]
  ) -> [UInt8] {
    seal(key.pointer, nonce, associated, plain)
  }

  package static func seal(
    key: Bytes32, nonce: Nonce24, associated: [UInt8], _ plain: [UInt8]
  ) -> [UInt8] {
    key.withPointer { seal($0, nonce, associated, plain) }
  }

  /// Nil when it was not sealed with this key, nonce and associated data.
  package static func open(
    key: borrowing Secret, nonce: Nonce24, associated: [UInt8], _ sealed: [UInt8]
  ) -> [UInt8]? {
    open(key.pointer, nonce, associated, sealed)
  }

  /// Nil when it was not sealed with this key, nonce and associated data.
  package static func open(
    key: Bytes32, nonce: Nonce24, associated: [UInt8], _ sealed: [UInt8]
  ) -> [UInt8]? {
    key.withPointer { open($0, nonce, associated, sealed) }
  }

  static func seal(
    key: UnsafePointer<UInt8>, nonce: Nonce24, associated: [UInt8],
    plain: UnsafeBufferPointer<UInt8>
  ) -> [UInt8] {
    var sealed = [UInt8](repeating: 0, count: plain.count + tagCount)
    nonce.withPointer { nonce in
      _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
        &sealed, nil, plain.baseAddress, UInt64(plain.count),
        associated, UInt64(associated.count), nil, nonce, key)
    }
    return sealed
  }

  /// Writes `sealed.count - 16` bytes to `out`.
  static func open(
    key: UnsafePointer<UInt8>, nonce: Nonce24, associated: [UInt8],
    sealed: UnsafeBufferPointer<UInt8>, into out: UnsafeMutablePointer<UInt8>?
  ) -> Bool {
    guard let start = sealed.baseAddress, sealed.count >= tagCount else { return false }
    return nonce.withPointer { nonce in
      crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, nil, nil, start, UInt64(sealed.count),
        associated, UInt64(associated.count), nonce, key) == 0
    }
  }

  private static func seal(
    _ key: UnsafePointer<UInt8>, _ nonce: Nonce24, _ associated: [UInt8], _ plain: [UInt8]
  ) -> [UInt8] {
    plain.withUnsafeBufferPointer {
      seal(key: key, nonce: nonce, associated: associated, plain: $0)
    }
  }

  private static func open(
    _ key: UnsafePointer<UInt8>, _ nonce: Nonce24, _ associated: [UInt8], _ sealed: [UInt8]
  ) -> [UInt8]? {
    guard sealed.count >= tagCount else { return nil }
    var plain = [UInt8](repeating: 0, count: sealed.count - tagCount)
    let isGenuine = plain.withUnsafeMutableBufferPointer { out in
      sealed.withUnsafeBufferPointer {
        open(key: key, nonce: nonce, associated: associated, sealed: $0, into: out.baseAddress)
      }
    }
    return isGenuine ? plain : nil
  }
}
