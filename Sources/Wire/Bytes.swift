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
    guard let words: InlineArray<2, UInt64> = packWords(bytes) else { return nil }
    self.init(high: words[0], low: words[1])
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  package var array: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.count)
    bytes.append(high)
    bytes.append(low)
    return bytes
  }
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
    guard let words: InlineArray<4, UInt64> = packWords(bytes) else { return nil }
    self.init(
      high: Bytes16(high: words[0], low: words[1]),
      low: Bytes16(high: words[2], low: words[3]))
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  package var array: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.count)
    bytes.append(high)
    bytes.append(low)
    return bytes
  }
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
    guard let words: InlineArray<8, UInt64> = packWords(bytes) else { return nil }
    self.init(
      high: Bytes32(
        high: Bytes16(high: words[0], low: words[1]),
        low: Bytes16(high: words[2], low: words[3])),
      low: Bytes32(
        high: Bytes16(high: words[4], low: words[5]),
        low: Bytes16(high: words[6], low: words[7])))
  }

  package var array: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.count)
    bytes.append(high)
    bytes.append(low)
    return bytes
  }
}

private func packWords<let count: Int>(
  _ bytes: some Sequence<UInt8>
) -> InlineArray<count, UInt64>? {
  var words = InlineArray<count, UInt64>(repeating: 0)
  var index = 0
  for byte in bytes {
    guard index < count * 8 else { return nil }
    words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    index += 1
  }
  return index == count * 8 ? words : nil
}

extension [UInt8] {
  fileprivate mutating func append(_ word: UInt64) {
    for shift in stride(from: 56, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
    }
  }

  fileprivate mutating func append(_ bytes: Bytes16) {
    append(bytes.high)
    append(bytes.low)
  }

  fileprivate mutating func append(_ bytes: Bytes32) {
    append(bytes.high)
    append(bytes.low)
  }
}
