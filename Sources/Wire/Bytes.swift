/// Fixed-size byte strings held inline, so that ids cost no heap and hash quickly.
///
/// `InlineArray` is not `Hashable` in Swift 6.3; words are, and compare like the bytes they hold
/// because they are kept big-endian.
package struct Bytes16: Hashable, Comparable, Sendable {
  package var high: UInt64
  package var low: UInt64

  package static let count = 16
  package static let zero = Bytes16(high: 0, low: 0)

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Nil unless `bytes` has exactly 16 elements.
  package init?(_ bytes: some Sequence<UInt8>) {
    guard let words = packWords(bytes, count: 2) else { return nil }
    self.init(high: words[0], low: words[1])
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  package var array: [UInt8] { unpackWords([high, low]) }
}

/// 32 bytes: public keys and hashes.
package struct Bytes32: Hashable, Comparable, Sendable {
  package var high: Bytes16
  package var low: Bytes16

  package static let count = 32
  package static let zero = Bytes32(high: .zero, low: .zero)

  package init(high: Bytes16, low: Bytes16) {
    self.high = high
    self.low = low
  }

  /// Nil unless `bytes` has exactly 32 elements.
  package init?(_ bytes: some Sequence<UInt8>) {
    guard let words = packWords(bytes, count: 4) else { return nil }
    self.init(
      high: Bytes16(high: words[0], low: words[1]),
      low: Bytes16(high: words[2], low: words[3]))
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  package var array: [UInt8] { high.array + low.array }
}

/// 64 bytes: Ed25519 signatures and Noise handshake hashes.
package struct Bytes64: Hashable, Sendable {
  package var high: Bytes32
  package var low: Bytes32

  package static let count = 64
  package static let zero = Bytes64(high: .zero, low: .zero)

  package init(high: Bytes32, low: Bytes32) {
    self.high = high
    self.low = low
  }

  /// Nil unless `bytes` has exactly 64 elements.
  package init?(_ bytes: some Sequence<UInt8>) {
    guard let words = packWords(bytes, count: 8) else { return nil }
    self.init(
      high: Bytes32(
        high: Bytes16(high: words[0], low: words[1]),
        low: Bytes16(high: words[2], low: words[3])),
      low: Bytes32(
        high: Bytes16(high: words[4], low: words[5]),
        low: Bytes16(high: words[6], low: words[7])))
  }

  package var array: [UInt8] { high.array + low.array }
}

private func packWords(_ bytes: some Sequence<UInt8>, count: Int) -> [UInt64]? {
  var words = [UInt64](repeating: 0, count: count)
  var index = 0
  for byte in bytes {
    guard index < count * 8 else { return nil }
    words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    index += 1
  }
  return index == count * 8 ? words : nil
}

private func unpackWords(_ words: [UInt64]) -> [UInt8] {
  words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
}
