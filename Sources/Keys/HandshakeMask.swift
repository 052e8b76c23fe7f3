import CSodium
package import Wire

/// Gives handshake datagrams the look of noise: 24 random bytes, then the body XORed with
/// XChaCha20 under a key that follows from the address.
///
/// Hides the shape, protects nothing else.
package enum HandshakeMask {
  /// The nonce in front of the body.
  package static let overhead = Nonce24.count

  package static func mask(
    _ body: [UInt8], key: Bytes32, entropy: inout Entropy
  ) -> [UInt8] {
    var datagram = Nonce24(random: &entropy).array
    datagram.reserveCapacity(overhead + body.count)
    datagram += body
    apply(key: key, to: &datagram, from: 0)
    return datagram
  }

  /// The body; nil for what is shorter than a nonce.
  package static func unmask(_ datagram: Span<UInt8>, key: Bytes32) -> [UInt8]? {
    guard datagram.count >= overhead else { return nil }
    var copy = Writer(capacity: datagram.count)
    copy.raw(datagram)
    var bytes = copy.bytes
    apply(key: key, to: &bytes, from: 0)
    bytes.removeFirst(overhead)
    return bytes
  }

  /// XORs everything behind the nonce that stands at `start`.
  ///
  /// Masks and unmasks alike; nothing happens to what is shorter than a nonce.
  package static func apply(key: Bytes32, to datagram: inout [UInt8], from start: Int) {
    let bodyCount = datagram.count - start - overhead
    guard start >= 0, bodyCount >= 0 else { return }
    key.withPointer { key in
      datagram.withUnsafeMutableBufferPointer { bytes in
        guard let nonce = bytes.baseAddress.map({ $0 + start }) else { return }
        _ = crypto_stream_xchacha20_xor(
          nonce + overhead, nonce + overhead, UInt64(bodyCount), nonce, key)
      }
    }
  }
}
