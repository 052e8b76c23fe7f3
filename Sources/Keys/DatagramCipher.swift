import CSodium

/// Seals and opens a link's datagrams with ChaCha20-Poly1305, in buffers the caller keeps.
package struct DatagramCipher: ~Copyable, Sendable {
  /// What sealing adds.
  package static let tagCount = ChaChaPoly.tagCount

  private let key: Secret

  package init(key: consuming Secret) {
    self.key = key
  }

  /// For keys that stay where they are.
  package init(copying key: borrowing Secret) throws(KeysError) {
    self.key = try key.copy()
  }

  /// Encrypts `buffer[start + header ..< end]` in place, bound to the `header` bytes before it,
  /// and appends the tag.
  ///
  /// The bytes before `start` are untouched.
  package borrowing func seal(
    _ buffer: inout [UInt8], from start: Int, header: Int, counter: UInt64
  ) {
    precondition(start >= 0 && header >= 0 && start + header <= buffer.count)
    let plainCount = buffer.count - start - header
    buffer.resize(to: buffer.count + DatagramCipher.tagCount)
    let key = key.pointer
    buffer.withUnsafeMutableBufferPointer { bytes in
      // Never empty: it holds the tag at least.
      guard let base = bytes.baseAddress else { return }
      let body = base + start + header
      ChaChaPoly.withNonce(counter) {
        ChaChaPoly.seal(
          key: key, nonce: $0,
          associated: UnsafeBufferPointer(start: base + start, count: header),
          plain: UnsafeBufferPointer(start: body, count: plainCount), into: body)
      }
    }
  }

  /// Opens what stands behind `datagram`'s nine header bytes, which are given unmasked.
  ///
  /// `plain` is replaced, within its capacity where that suffices, and empty when the answer is no.
  package borrowing func open(
    _ datagram: Span<UInt8>, header: InlineArray<9, UInt8>, counter: UInt64,
    into plain: inout [UInt8]
  ) -> Bool {
    guard datagram.count >= HeaderMask.count else {
      plain.removeAll(keepingCapacity: true)
      return false
    }
    return open(
      datagram.extracting(HeaderMask.count..<datagram.count), associated: header.span,
      counter: counter, into: &plain)
  }

  /// Opens ciphertext and tag, bound to `associated`.
  package borrowing func open(
    _ sealed: Span<UInt8>, associated: Span<UInt8>, counter: UInt64, into plain: inout [UInt8]
  ) -> Bool {
    plain.resize(to: max(sealed.count - DatagramCipher.tagCount, 0))
    let key = key.pointer
    let isGenuine = plain.withUnsafeMutableBufferPointer { out in
      sealed.withUnsafeBufferPointer { sealed in
        associated.withUnsafeBufferPointer { associated in
          ChaChaPoly.withNonce(counter) {
            ChaChaPoly.open(
              key: key, nonce: $0, associated: associated, sealed: sealed,
              into: out.baseAddress)
          }
        }
      }
    }
    if !isGenuine { plain.removeAll(keepingCapacity: true) }
    return isGenuine
  }
}
