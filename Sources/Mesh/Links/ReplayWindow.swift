/// Which of the last 8,128 counters arrived already: a ring of words, so that moving on clears
/// words instead of shifting bits (RFC 6479).
package struct ReplayWindow: Sendable {
  private static let wordCount = 128

  private var words = InlineArray<128, UInt64>(repeating: 0)
  /// One above the highest counter accepted; zero before the first.
  package private(set) var ceiling: UInt64 = 0

  package init() {}

  /// Whether `counter` is neither a repetition nor too old to tell.
  ///
  /// Asked before a datagram is opened; ``accept(_:)`` only afterwards, so that forgeries move
  /// nothing.
  package func admits(_ counter: UInt64) -> Bool {
    guard counter < ceiling else { return true }
    guard ceiling - 1 - counter <= LinkSpec.replayWindow else { return false }
    return !holds(counter)
  }

  package mutating func accept(_ counter: UInt64) {
    if counter >= ceiling {
      clear(upTo: counter)
      ceiling = counter + 1
    }
    words[Self.index(counter)] |= 1 << (counter % 64)
  }

  /// Of the last `span` counters, how many per thousand are missing.
  package func missingPermille(last span: UInt64) -> Int {
    let count = min(span, ceiling)
    guard count > 0 else { return 0 }
    var missing = 0
    for counter in (ceiling - count)..<ceiling where !holds(counter) { missing += 1 }
    return missing * 1_000 / Int(count)
  }

  /// The counter whose low half is `low`, nearest to the next one expected.
  package func rebuild(_ low: UInt32) -> UInt64 {
    let ahead = Int32(bitPattern: low &- UInt32(truncatingIfNeeded: ceiling))
    let (counter, isNegative) =
      ahead >= 0
      ? ceiling.addingReportingOverflow(UInt64(ahead))
      : ceiling.subtractingReportingOverflow(UInt64(ahead.magnitude))
    return isNegative ? UInt64(low) : counter
  }

  private func holds(_ counter: UInt64) -> Bool {
    words[Self.index(counter)] & 1 << (counter % 64) != 0
  }

  /// Empties the words between the old ceiling's and `counter`'s.
  private mutating func clear(upTo counter: UInt64) {
    let last = counter / 64
    var word = ceiling == 0 ? 0 : (ceiling - 1) / 64 + 1
    guard last >= word else { return }
    if last - word >= UInt64(Self.wordCount) { word = last - UInt64(Self.wordCount) + 1 }
    while word <= last {
      words[Int(truncatingIfNeeded: word % UInt64(Self.wordCount))] = 0
      word += 1
    }
  }

  private static func index(_ counter: UInt64) -> Int {
    Int(truncatingIfNeeded: counter / 64 % UInt64(wordCount))
  }
}
