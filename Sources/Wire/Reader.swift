/// A cursor over borrowed bytes.
///
/// Every read is bounds-checked and throws ``WireError/short``.
package struct Reader: ~Escapable {
  private let span: Span<UInt8>
  package private(set) var offset = 0

  @_lifetime(copy span)
  package init(_ span: Span<UInt8>) {
    self.span = span
  }

  package var remaining: Int { span.count - offset }

  package mutating func u8() throws(WireError) -> UInt8 {
    guard remaining >= 1 else { throw .short }
    offset += 1
    return span[offset - 1]
  }

  package mutating func u16() throws(WireError) -> UInt16 {
    UInt16(truncatingIfNeeded: try integer(bytes: 2))
  }

  package mutating func u24() throws(WireError) -> UInt32 {
    UInt32(truncatingIfNeeded: try integer(bytes: 3))
  }

  package mutating func u32() throws(WireError) -> UInt32 {
    UInt32(truncatingIfNeeded: try integer(bytes: 4))
  }

  package mutating func u48() throws(WireError) -> UInt64 { try integer(bytes: 6) }

  package mutating func u64() throws(WireError) -> UInt64 { try integer(bytes: 8) }

  package mutating func bytes16() throws(WireError) -> Bytes16 {
    Bytes16(high: try u64(), low: try u64())
  }

  package mutating func bytes32() throws(WireError) -> Bytes32 {
    Bytes32(high: try bytes16(), low: try bytes16())
  }

  package mutating func bytes64() throws(WireError) -> Bytes64 {
    Bytes64(high: try bytes32(), low: try bytes32())
  }

  package mutating func bytes(_ count: Int) throws(WireError) -> [UInt8] {
    guard count >= 0, remaining >= count else { throw .short }
    var copy = [UInt8]()
    copy.reserveCapacity(count)
    for index in offset..<offset + count { copy.append(span[index]) }
    offset += count
    return copy
  }

  /// The next `count` bytes without copying them.
  @_lifetime(copy self)
  package mutating func span(_ count: Int) throws(WireError) -> Span<UInt8> {
    guard count >= 0, remaining >= count else { throw .short }
    let part = span.extracting(offset..<offset + count)
    offset += count
    return part
  }

  package mutating func skip(_ count: Int) throws(WireError) {
    guard count >= 0, remaining >= count else { throw .short }
    offset += count
  }

  package mutating func endpoint() throws(WireError) -> Endpoint {
    Endpoint(address: try bytes16(), port: try u16())
  }

  /// UTF-8 text behind a one-byte length of at most `limit`.
  package mutating func text(limit: Int) throws(WireError) -> String {
    let count = Int(try u8())
    guard count <= limit else { throw .range }
    guard let text = String(validating: try bytes(count), as: UTF8.self) else { throw .text }
    return text
  }

  /// Refuses anything behind the last field.
  package func finish() throws(WireError) {
    guard remaining == 0 else { throw .trailing }
  }

  private mutating func integer(bytes count: Int) throws(WireError) -> UInt64 {
    guard remaining >= count else { throw .short }
    var value: UInt64 = 0
    for index in offset..<offset + count { value = value << 8 | UInt64(span[index]) }
    offset += count
    return value
  }
}
