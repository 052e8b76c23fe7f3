// SPDX-License-Identifier: Apache-2.0

/// How late frames have been coming of late: a histogram that slowly forgets.
///
/// Lateness is counted against the quickest recent frame, so neither the path's own delay nor the
/// two clocks' difference matters. Modelled on what NetEq's delay manager keeps.
struct DelayHistogram: Sendable {
  /// Width of one bucket.
  ///
  /// A guess: a quarter of the shortest frame.
  static let bucketWidth: Int64 = 5_000_000
  /// 500 ms in all; anything later counts in the last bucket.
  static let bucketCount = 100
  /// What is left of an old entry's weight after one more: half gone after 277 frames (5.5 s of 20
  /// ms frames).
  ///
  /// NetEq forgets faster (0.983) and looks at a lower quantile. A guess, held to by the scenario
  /// tests.
  static let remembered = 0.9975

  private var weights = [Double](repeating: 0, count: Self.bucketCount)
  private var total = 0.0

  /// Whether anything has been counted yet.
  var isEmpty: Bool { self.total == 0 }

  /// Counts one frame.
  mutating func add(_ lateness: Int64) {
    let bucket = min(Self.bucketCount - 1, max(0, Int(lateness / Self.bucketWidth)))
    for index in self.weights.indices { self.weights[index] *= Self.remembered }
    self.weights[bucket] += 1
    self.total = self.total * Self.remembered + 1
  }

  /// The lateness that this share of frames stays within, nil before the first frame.
  func quantile(_ share: Double) -> Int64? {
    guard !self.isEmpty else { return nil }
    var below = 0.0
    for (bucket, weight) in self.weights.enumerated() {
      below += weight
      if below >= self.total * share { return Int64(bucket + 1) * Self.bucketWidth }
    }
    return Int64(Self.bucketCount) * Self.bucketWidth
  }
}

/// The quickest transit of the last ten seconds, which lateness is counted from.
///
/// A window, not an all-time best: two clocks drift apart and paths change.
struct QuickestTransit: Sendable {
  /// One second a bucket, ten buckets.
  ///
  /// NetEq looks back as far as two; drift of 100 parts in a million moves 1 ms in ten seconds,
  /// which is below what matters.
  static let bucketSpan: Int64 = 1_000_000_000
  static let bucketCount = 10

  private var buckets: [(second: Int64, transit: Int64)] = []

  /// The quickest transit known, nil before the first frame.
  private(set) var value: Int64?

  /// Counts one frame and returns how much later than the quickest it came.
  mutating func add(_ transit: Int64, at now: Int64) -> Int64 {
    let second = now / Self.bucketSpan
    if let last = self.buckets.last, last.second >= second {
      self.buckets[self.buckets.count - 1].transit = min(last.transit, transit)
    } else {
      self.buckets.append((second, transit))
    }
    self.buckets.removeAll { $0.second <= second - Int64(Self.bucketCount) }
    let quickest = self.buckets.reduce(transit) { min($0, $1.transit) }
    self.value = quickest
    return transit - quickest
  }

  mutating func forget() {
    self.buckets.removeAll()
    self.value = nil
  }
}
