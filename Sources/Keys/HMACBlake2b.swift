import CSodium

/// HMAC (RFC 2104) over BLAKE2b-512, and the HKDF that Noise builds on it.
enum HMACBlake2b {
  private static let block = 128
  static let count = 64

  /// Keys longer than a block never occur: Noise keys it with 64 bytes.
  static func authenticate(
    key: UnsafePointer<UInt8>, keyCount: Int, parts: [UnsafeBufferPointer<UInt8>],
    into out: UnsafeMutablePointer<UInt8>
  ) {
    precondition(keyCount <= block)
    withScratch(block + count) { pad in
      for index in 0..<block { pad[index] = (index < keyCount ? key[index] : 0) ^ 0x36 }
      let digest = pad + block
      Blake2b.run(count: count, into: digest) { inner in
        inner.update(pad, block)
        for part in parts { inner.update(part.baseAddress, part.count) }
      }
      for index in 0..<block { pad[index] ^= 0x36 ^ 0x5C }
      Blake2b.run(count: count, into: out) { $0.update(pad, block + count) }
    }
  }

  /// Noise §4.3 `HKDF`: `outputs` (two or three) times 64 bytes, one behind the other.
  ///
  /// `out` must not overlap `chain`.
  static func expand(
    chain: UnsafePointer<UInt8>, material: UnsafeBufferPointer<UInt8>, outputs: Int,
    into out: UnsafeMutablePointer<UInt8>
  ) {
    withScratch(count + 1) { scratch in
      let counter = scratch + count
      authenticate(key: chain, keyCount: count, parts: [material], into: scratch)
      for index in 0..<outputs {
        counter.pointee = UInt8(index + 1)
        let previous = UnsafeBufferPointer(
          start: out + max(index - 1, 0) * count, count: index == 0 ? 0 : count)
        authenticate(
          key: scratch, keyCount: count,
          parts: [previous, UnsafeBufferPointer(start: counter, count: 1)],
          into: out + index * count)
      }
    }
  }
}
