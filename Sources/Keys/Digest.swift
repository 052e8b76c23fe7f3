import CSodium
package import Wire

/// Unkeyed and keyed hashes.
///
/// Every protocol hash carries a label that says what it is for, so that no hash made for one
/// purpose passes for another.
package enum Digest {
  package static func hash16(_ label: StaticString, _ message: [UInt8]) -> Bytes16 {
    labelled(label, message, 16) { Bytes16(reading: $0) }
  }

  package static func hash32(_ label: StaticString, _ message: [UInt8]) -> Bytes32 {
    labelled(label, message, 32) { Bytes32(reading: $0) }
  }

  package static func hash64(_ label: StaticString, _ message: [UInt8]) -> Bytes64 {
    labelled(label, message, 64) { Bytes64(reading: $0) }
  }

  /// Plain BLAKE2b; `count` is held to 16...64.
  package static func blake2b(_ message: [UInt8], count: Int) -> [UInt8] {
    let count = min(max(count, 16), 64)
    return withScratch(count) { out in
      Blake2b.run(count: count, into: out) { $0.update(message) }
      return [UInt8](UnsafeBufferPointer(start: out, count: count))
    }
  }

  /// What an attestation signs of a frame: the first eight bytes of its hash.
  ///
  /// No heap.
  package static func leaf(room: RoomID, frame: Span<UInt8>) -> UInt64 {
    withScratch(16) { out in
      Blake2b.run(count: 16, into: out) { hash in
        hash.update(label: "VR1-leaf")
        room.raw.store(to: out)
        hash.update(out, 16)
        hash.update(frame)
      }
      return Bytes16(reading: out).high
    }
  }

  package static func mac16(key: Bytes32, _ message: [UInt8]) -> Bytes16 {
    key.withPointer { mac16($0, message.span) }
  }

  package static func mac16(key: borrowing Secret, _ message: [UInt8]) -> Bytes16 {
    mac16(key.pointer, message.span)
  }

  /// Over part of a datagram, without copying it.
  package static func mac16(key: Bytes32, _ message: Span<UInt8>) -> Bytes16 {
    key.withPointer { mac16($0, message) }
  }

  /// Over part of a datagram, without copying it.
  package static func mac16(key: borrowing Secret, _ message: Span<UInt8>) -> Bytes16 {
    mac16(key.pointer, message)
  }

  /// In constant time.
  package static func equal(_ left: Bytes16, _ right: Bytes16) -> Bool {
    withScratch(32) { both in
      left.store(to: both)
      right.store(to: both + 16)
      return sodium_memcmp(both, both + 16, 16) == 0
    }
  }

  /// In constant time.
  package static func equal(_ left: Bytes32, _ right: Bytes32) -> Bool {
    left.withPointer { left in right.withPointer { sodium_memcmp(left, $0, 32) == 0 } }
  }

  private static func labelled<Result>(
    _ label: StaticString, _ message: [UInt8], _ count: Int,
    _ read: (UnsafePointer<UInt8>) -> Result
  ) -> Result {
    withScratch(count) { out in
      Blake2b.run(count: count, into: out) { hash in
        hash.update(label: label)
        hash.update(message)
      }
      return read(out)
    }
  }

  private static func mac16(_ key: UnsafePointer<UInt8>, _ message: Span<UInt8>) -> Bytes16 {
    withScratch(16) { out in
      Blake2b.run(count: 16, key: key, keyCount: 32, into: out) { $0.update(message) }
      return Bytes16(reading: out)
    }
  }
}

extension Digest {
  /// SHA-256 (FIPS 180-4), for what others name by it: the key in a certificate.
  package static func sha256(_ message: [UInt8]) -> Bytes32 {
    withScratch(32) { out in
      _ = crypto_hash_sha256(out, message, UInt64(message.count))
      return Bytes32(reading: out)
    }
  }
}
