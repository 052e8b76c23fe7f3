import CSodium

/// ChaCha20-Poly1305 of RFC 8439 on raw memory.
///
/// In place is allowed.
enum ChaChaPoly {
  static let tagCount = 16
  private static let nonceCount = 12

  /// Writes `plain.count + 16` bytes to `out`.
  static func seal(
    key: UnsafePointer<UInt8>, nonce: UnsafePointer<UInt8>,
    associated: UnsafeBufferPointer<UInt8>, plain: UnsafeBufferPointer<UInt8>,
    into out: UnsafeMutablePointer<UInt8>
  ) {
    _ = crypto_aead_chacha20poly1305_ietf_encrypt(
      out, nil, plain.baseAddress, UInt64(plain.count),
      associated.baseAddress, UInt64(associated.count), nil, nonce, key)
  }

  /// Writes `sealed.count - 16` bytes to `out`, zeros when they are forged.
  static func open(
    key: UnsafePointer<UInt8>, nonce: UnsafePointer<UInt8>,
    associated: UnsafeBufferPointer<UInt8>, sealed: UnsafeBufferPointer<UInt8>,
    into out: UnsafeMutablePointer<UInt8>?
  ) -> Bool {
    guard let start = sealed.baseAddress, sealed.count >= tagCount else { return false }
    return crypto_aead_chacha20poly1305_ietf_decrypt(
      out, nil, nil, start, UInt64(sealed.count),
      associated.baseAddress, UInt64(associated.count), nonce, key) == 0
  }

  /// The nonce of Noise: four zero bytes, then the counter, little-endian.
  static func withNonce<Result>(
    _ counter: UInt64, _ body: (UnsafePointer<UInt8>) -> Result
  ) -> Result {
    withScratch(nonceCount) { nonce in
      UnsafeMutableRawPointer(nonce + 4).storeBytes(of: counter.littleEndian, as: UInt64.self)
      return body(nonce)
    }
  }
}
