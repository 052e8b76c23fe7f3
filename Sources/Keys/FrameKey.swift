import CSodium
package import Wire

/// The key of one step of a speaker's chain: seals and opens voice frames as SFrame ciphertexts
/// (RFC 9605 §4.4) under the private-use suite ChaCha20-Poly1305 with HKDF-SHA-256.
package struct FrameKey: ~Copyable, Sendable {
  /// From the private-use range of RFC 9605 §8.1; no ChaCha20 suite is registered.
  package static let suite: UInt16 = 0xF001
  /// What sealing adds besides the header.
  package static let tagCount = ChaChaPoly.tagCount

  private static let nonceCount = 12

  package let keyID: UInt64
  private let key: Secret
  /// Its first twelve bytes.
  private let salt: Secret

  package init(base: borrowing Secret, keyID: UInt64) throws(KeysError) {
    let secret = try HKDF256.extract(salt: [], base)
    let key = try Secret()
    let salt = try Secret()
    HKDF256.expand(
      secret.pointer, FrameKey.label("SFrame 1.0 Secret key ", keyID, FrameKey.suite),
      into: key.pointer, Secret.count)
    HKDF256.expand(
      secret.pointer, FrameKey.label("SFrame 1.0 Secret salt ", keyID, FrameKey.suite),
      into: salt.pointer, FrameKey.nonceCount)
    self.keyID = keyID
    self.key = key
    self.salt = salt
  }

  /// Lends the key itself.
  package borrowing func withKey<R>(_ body: (borrowing Secret) -> R) -> R { body(key) }

  /// Lends the salt, in its first twelve bytes.
  package borrowing func withSalt<R>(_ body: (borrowing Secret) -> R) -> R { body(salt) }

  /// Appends header, ciphertext and tag to `out`.
  ///
  /// A counter must never be used twice.
  package borrowing func seal(
    _ plain: Span<UInt8>, counter: UInt64, room: RoomID, into out: inout [UInt8]
  ) {
    withScratch(Bytes16.count) { metadata in
      room.raw.store(to: metadata)
      seal(
        plain, counter: counter,
        metadata: UnsafeBufferPointer(start: metadata, count: Bytes16.count), into: &out)
    }
  }

  /// Replaces `plain` with what the frame holds; empties it when the frame is of another key or
  /// does not authenticate.
  package borrowing func open(
    _ frame: Span<UInt8>, room: RoomID, into plain: inout [UInt8]
  ) -> Bool {
    withScratch(Bytes16.count) { metadata in
      room.raw.store(to: metadata)
      return open(
        frame, metadata: UnsafeBufferPointer(start: metadata, count: Bytes16.count), into: &plain)
    }
  }

  borrowing func seal(
    _ plain: Span<UInt8>, counter: UInt64, metadata: UnsafeBufferPointer<UInt8>,
    into out: inout [UInt8]
  ) {
    let header = SFrameHeader(keyID: keyID, counter: counter)
    let start = out.count
    header.append(to: &out)
    let headerCount = out.count - start
    out.resize(to: out.count + plain.count + FrameKey.tagCount)
    let key = key.pointer
    withNonce(counter) { nonce in
      out.withUnsafeMutableBufferPointer { out in
        plain.withUnsafeBufferPointer { plain in
          guard let base = out.baseAddress.map({ $0 + start }) else { return }
          FrameKey.withAssociated(base, headerCount, metadata) { associated in
            ChaChaPoly.seal(
              key: key, nonce: nonce, associated: associated, plain: plain,
              into: base + headerCount)
          }
        }
      }
    }
  }

  borrowing func open(
    _ frame: Span<UInt8>, metadata: UnsafeBufferPointer<UInt8>, into plain: inout [UInt8]
  ) -> Bool {
    guard let header = try? SFrameHeader(reading: frame), header.keyID == keyID else {
      plain.removeAll(keepingCapacity: true)
      return false
    }
    let headerCount = header.count
    plain.resize(to: max(frame.count - headerCount - FrameKey.tagCount, 0))
    let key = key.pointer
    let isGenuine = withNonce(header.counter) { nonce in
      plain.withUnsafeMutableBufferPointer { out in
        frame.withUnsafeBufferPointer { frame in
          guard let base = frame.baseAddress else { return false }
          return FrameKey.withAssociated(base, headerCount, metadata) { associated in
            ChaChaPoly.open(
              key: key, nonce: nonce, associated: associated,
              sealed: UnsafeBufferPointer(rebasing: frame[headerCount...]), into: out.baseAddress)
          }
        }
      }
    }
    if !isGenuine { plain.removeAll(keepingCapacity: true) }
    return isGenuine
  }

  /// What RFC 9605 §4.4.2 expands the secret with.
  static func label(_ text: StaticString, _ keyID: UInt64, _ suite: UInt16) -> [UInt8] {
    var writer = Writer(capacity: text.utf8CodeUnitCount + 10)
    writer.raw(UnsafeBufferPointer(start: text.pointer, count: text.utf8CodeUnitCount))
    writer.u64(keyID)
    writer.u16(suite)
    return writer.bytes
  }

  /// The salt XOR the counter, big-endian.
  private borrowing func withNonce<Result>(
    _ counter: UInt64, _ body: (UnsafePointer<UInt8>) -> Result
  ) -> Result {
    let salt = salt.pointer
    return withScratch(FrameKey.nonceCount) { nonce in
      for index in 0..<4 { nonce[index] = salt[index] }
      for index in 0..<8 {
        nonce[4 + index] =
          salt[4 + index] ^ UInt8(truncatingIfNeeded: counter >> UInt64(56 - 8 * index))
      }
      return body(nonce)
    }
  }

  /// Header, then metadata.
  private static func withAssociated<Result>(
    _ header: UnsafePointer<UInt8>, _ headerCount: Int, _ metadata: UnsafeBufferPointer<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    withScratch(headerCount + metadata.count) { both in
      both.update(from: header, count: headerCount)
      if let start = metadata.baseAddress {
        (both + headerCount).update(from: start, count: metadata.count)
      }
      return body(UnsafeBufferPointer(start: both, count: headerCount + metadata.count))
    }
  }
}
