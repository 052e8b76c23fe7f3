import CSodium
package import Wire

/// Where random bytes come from: the system, or a seed when a run must be repeatable.
///
/// A copy of a seeded source repeats what the original will give; pass it `inout`.
package struct Entropy: RandomNumberGenerator, Sendable {
  private enum Source {
    case system
    case seeded(key: Bytes32, block: UInt32)
  }

  private static let wordsPerBlock = 8

  private var source: Source
  private var words = InlineArray<8, UInt64>(repeating: 0)
  private var used = Entropy.wordsPerBlock

  private init(source: Source) {
    self.source = source
  }

  var isSystem: Bool {
    if case .system = source { return true }
    return false
  }

  /// The kernel's generator.
  package static var system: Entropy { Entropy(source: .system) }

  /// A ChaCha20 key stream: the same seed gives the same bytes on every machine.
  ///
  /// Never for keys that protect anything.
  package static func seeded(_ seed: UInt64) -> Entropy {
    var message = Writer(capacity: 8)
    message.u64(seed)
    return Entropy(source: .seeded(key: Digest.hash32("VR1-seed", message.bytes), block: 0))
  }

  package mutating func next() -> UInt64 {
    if case .system = source {
      var word: UInt64 = 0
      randombytes_buf(&word, MemoryLayout<UInt64>.size)
      return word
    }
    if used == Entropy.wordsPerBlock { refill() }
    defer { used += 1 }
    return words[used]
  }

  package mutating func fill(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(count, 0))
    bytes.withUnsafeMutableBytes { fill($0) }
    return bytes
  }

  package mutating func bytes16() -> Bytes16 { Bytes16(high: next(), low: next()) }

  package mutating func bytes32() -> Bytes32 { Bytes32(high: bytes16(), low: bytes16()) }

  /// Evenly among `0..<bound`; zero when there is nothing to choose from.
  package mutating func below(_ bound: UInt64) -> UInt64 {
    guard bound > 1 else { return 0 }
    // Words below 2^64 mod bound would favour the small results.
    let uneven = (0 &- bound) % bound
    while true {
      let word = next()
      if word >= uneven { return word % bound }
    }
  }

  package mutating func below(_ bound: Int) -> Int {
    Int(below(UInt64(max(bound, 0))))
  }

  /// True with probability `chance`.
  package mutating func flip(_ chance: Double) -> Bool { unit() < chance }

  /// Evenly in `0..<1`, 53 bits.
  package mutating func unit() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  package mutating func pick<Choices: RandomAccessCollection>(
    _ choices: Choices
  ) -> Choices.Element? {
    guard !choices.isEmpty else { return nil }
    return choices[choices.index(choices.startIndex, offsetBy: below(choices.count))]
  }

  /// Fisher and Yates.
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }

  mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    if case .system = source {
      randombytes_buf(start, bytes.count)
      return
    }
    var offset = 0
    while offset < bytes.count {
      let part = min(8, bytes.count - offset)
      withUnsafeBytes(of: next().littleEndian) { word in
        UnsafeMutableRawBufferPointer(start: start + offset, count: part)
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: word[..<part]))
      }
      offset += part
    }
  }

  private mutating func refill() {
    guard case .seeded(let key, let block) = source else { return }
    withScratch(64 + 12) { scratch in
      // RFC 8439: 2^32 blocks of 64 bytes; then the nonce would have to move on. 256 GiB suffice.
      key.withPointer { key in
        _ = crypto_stream_chacha20_ietf_xor_ic(scratch, scratch, 64, scratch + 64, block, key)
      }
      for index in 0..<Entropy.wordsPerBlock {
        words[index] = UInt64(
          littleEndian: UnsafeRawPointer(scratch + 8 * index).loadUnaligned(as: UInt64.self))
      }
    }
    source = .seeded(key: key, block: block &+ 1)
    used = 0
  }
}
