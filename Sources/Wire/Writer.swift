/// Appends big-endian fields to bytes it owns.
///
/// Take `bytes` when done.
package struct Writer: Sendable {
  package private(set) var bytes: [UInt8]

  package init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Continues behind `bytes`.
  package init(appendingTo bytes: consuming [UInt8]) { self.bytes = bytes }

  package mutating func u8(_ value: UInt8) { bytes.append(value) }
  package mutating func u16(_ value: UInt16) { integer(UInt64(value), bytes: 2) }
  package mutating func u24(_ value: UInt32) { integer(UInt64(value), bytes: 3) }
  package mutating func u32(_ value: UInt32) { integer(UInt64(value), bytes: 4) }
  package mutating func u48(_ value: UInt64) { integer(value, bytes: 6) }
  package mutating func u64(_ value: UInt64) { integer(value, bytes: 8) }

  package mutating func bytes16(_ value: Bytes16) {
    u64(value.high)
    u64(value.low)
  }

  package mutating func bytes32(_ value: Bytes32) {
    bytes16(value.high)
    bytes16(value.low)
  }

  package mutating func bytes64(_ value: Bytes64) {
    bytes32(value.high)
    bytes32(value.low)
  }

  package mutating func raw(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  package mutating func raw(_ more: Span<UInt8>) {
    for index in more.indices { bytes.append(more[index]) }
  }

  package mutating func zeros(_ count: Int) {
    bytes.append(contentsOf: repeatElement(0, count: count))
  }

  package mutating func endpoint(_ value: Endpoint) {
    bytes16(value.address)
    u16(value.port)
  }

  /// UTF-8 behind a one-byte length; whole characters beyond `limit` bytes are left out.
  package mutating func text(_ value: String, limit: Int) {
    let kept = value.cut(toBytes: limit)
    u8(UInt8(kept.utf8.count))
    raw(kept.utf8)
  }

  private mutating func integer(_ value: UInt64, bytes count: Int) {
    for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }
}

extension String {
  /// The longest beginning of whole characters that fits `limit` bytes of UTF-8.
  package func cut(toBytes limit: Int) -> String {
    var kept = self
    while kept.utf8.count > limit { kept.removeLast() }
    return kept
  }
}
