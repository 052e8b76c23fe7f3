import CSodium
package import Wire

/// Hides a datagram's nine header bytes: XOR with ChaCha20 under the receiver's header key, the
/// nonce being the datagram's last twelve bytes (part of the tag, so never constant).
package enum HeaderMask {
  /// How many bytes are masked.
  package static let count = 9
  /// Below this no datagram can be: header and tag.
  package static let datagramMinimum = count + ChaChaPoly.tagCount
  private static let nonceCount = 12

  /// Masks the datagram that begins at `start` and ends with the buffer.
  ///
  /// Nothing happens to one shorter than header and tag.
  package static func apply(
    key: borrowing Secret, to buffer: inout [UInt8], from start: Int
  ) {
    apply(key.pointer, to: &buffer, from: start)
  }

  package static func apply(key: Bytes32, to buffer: inout [UInt8], from start: Int) {
    key.withPointer { apply($0, to: &buffer, from: start) }
  }

  /// The header as it was before masking.
  ///
  /// Nil for what is too short to be a datagram.
  package static func unmasked(
    _ datagram: Span<UInt8>, key: borrowing Secret
  ) -> InlineArray<9, UInt8>? {
    unmasked(datagram, key.pointer)
  }

  package static func unmasked(_ datagram: Span<UInt8>, key: Bytes32) -> InlineArray<9, UInt8>? {
    key.withPointer { unmasked(datagram, $0) }
  }

  private static func apply(
    _ key: UnsafePointer<UInt8>, to buffer: inout [UInt8], from start: Int
  ) {
    guard start >= 0, buffer.count - start >= datagramMinimum else { return }
    let end = buffer.count
    buffer.withUnsafeMutableBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      _ = crypto_stream_chacha20_ietf_xor(
        base + start, base + start, UInt64(count), base + end - nonceCount, key)
    }
  }

  private static func unmasked(
    _ datagram: Span<UInt8>, _ key: UnsafePointer<UInt8>
  ) -> InlineArray<9, UInt8>? {
    guard datagram.count >= datagramMinimum else { return nil }
    var header = InlineArray<9, UInt8>(repeating: 0)
    var out = header.mutableSpan
    out.withUnsafeMutableBufferPointer { out in
      datagram.withUnsafeBufferPointer { bytes in
        guard let out = out.baseAddress, let base = bytes.baseAddress else { return }
        _ = crypto_stream_chacha20_ietf_xor(
          out, base, UInt64(count), base + bytes.count - nonceCount, key)
      }
    }
    return header
  }
}
