package import Wire

/// The long nonce of XChaCha20: random ones never meet.
package struct Nonce24: Hashable, Sendable {
  package static let count = 24

  package let high: Bytes16
  package let low: UInt64

  package init(high: Bytes16, low: UInt64) {
    self.high = high
    self.low = low
  }

  package init(random entropy: inout Entropy) {
    self.init(high: entropy.bytes16(), low: entropy.next())
  }

  /// Nil unless there are exactly 24 bytes.
  package init?(_ bytes: Span<UInt8>) {
    guard bytes.count == Nonce24.count else { return nil }
    let (high, low) = bytes.withUnsafeBytes { raw in
      (
        (
          raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
          raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        ),
        raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
      )
    }
    self.init(
      high: Bytes16(high: UInt64(bigEndian: high.0), low: UInt64(bigEndian: high.1)),
      low: UInt64(bigEndian: low))
  }

  package init?(_ bytes: [UInt8]) { self.init(bytes.span) }

  package var array: [UInt8] {
    var writer = Writer(capacity: Nonce24.count)
    writer.bytes16(high)
    writer.u64(low)
    return writer.bytes
  }

  func withPointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    withScratch(Nonce24.count) { scratch in
      high.store(to: scratch)
      UnsafeMutableRawPointer(scratch + 16).storeBytes(of: low.bigEndian, as: UInt64.self)
      return body(scratch)
    }
  }
}
