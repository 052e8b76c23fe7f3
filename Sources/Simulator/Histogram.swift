/// How often which delay occurred, in tenths of a millisecond up to eight seconds.
struct Histogram {
  private static let step: Int32 = 100
  private static let buckets = 80_000

  private var counts = [UInt32](repeating: 0, count: buckets)
  private(set) var total = 0
  private(set) var most: Int32 = 0

  /// - Parameter delay: microseconds.
  mutating func add(_ delay: Int32) {
    counts[min(Self.buckets - 1, Int(max(0, delay) / Self.step))] += 1
    total += 1
    most = max(most, delay)
  }

  /// Milliseconds below which this share of all lies.
  func quantile(_ share: Double) -> Double {
    guard total > 0 else { return 0 }
    let wanted = Int((Double(total) * share).rounded(.up))
    var seen = 0
    for (bucket, count) in counts.enumerated() {
      seen += Int(count)
      if seen >= wanted { return Double(bucket) / 10 }
    }
    return Double(most) / 1_000
  }
}
