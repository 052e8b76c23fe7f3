package import Wire

/// The header of an SFrame ciphertext (RFC 9605 §4.3): which key, which frame.
package struct SFrameHeader: Hashable, Sendable {
  /// One byte, and at most eight each for key id and counter.
  package static let countLimit = 17

  package var keyID: UInt64
  package var counter: UInt64

  package init(keyID: UInt64, counter: UInt64) {
    self.keyID = keyID
    self.counter = counter
  }

  /// Takes the header off the front of a frame; `count` then says where the ciphertext begins.
  ///
  /// Numbers longer than needed are refused: one header has one encoding.
  package init(reading frame: Span<UInt8>) throws(WireError) {
    var reader = Reader(frame)
    let first = try reader.u8()
    keyID = try SFrameHeader.field(first >> 4, &reader)
    counter = try SFrameHeader.field(first & 0xF, &reader)
  }

  /// Length of the encoding.
  package var count: Int {
    1 + SFrameHeader.extraBytes(keyID) + SFrameHeader.extraBytes(counter)
  }

  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  package func append(to bytes: inout [UInt8]) {
    bytes.append(SFrameHeader.nibble(keyID) << 4 | SFrameHeader.nibble(counter))
    SFrameHeader.appendField(keyID, to: &bytes)
    SFrameHeader.appendField(counter, to: &bytes)
  }

  /// Three bits that are the number itself, or, behind a set flag, its length less one.
  private static func field(
    _ nibble: UInt8, _ reader: inout Reader
  ) throws(WireError) -> UInt64 {
    let low = nibble & 7
    guard nibble & 8 != 0 else { return UInt64(low) }
    var value: UInt64 = 0
    for _ in 0...low { value = value << 8 | UInt64(try reader.u8()) }
    guard extraBytes(value) == Int(low) + 1 else { throw .range }
    return value
  }

  private static func nibble(_ value: UInt64) -> UInt8 {
    value < 8 ? UInt8(value) : 8 | UInt8(extraBytes(value) - 1)
  }

  private static func extraBytes(_ value: UInt64) -> Int {
    value < 8 ? 0 : (UInt64.bitWidth - value.leadingZeroBitCount + 7) / 8
  }

  private static func appendField(_ value: UInt64, to bytes: inout [UInt8]) {
    for byte in (0..<extraBytes(value)).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)))
    }
  }
}
