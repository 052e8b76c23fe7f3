import OrderedCollections

/// One ``Allowance`` for each of many, as many as are remembered; of too many the one that was met
/// first is forgotten.
struct Allowances<Key: Hashable & Sendable>: Sendable {
  private let fresh: Allowance
  private let places: Int
  private var used: OrderedDictionary<Key, Allowance> = [:]

  init(every pause: Duration, burst: Int, places: Int) {
    fresh = Allowance(every: pause, burst: burst)
    self.places = places
  }

  func isSpent(_ key: Key, at now: Instant) -> Bool { used[key]?.isSpent(at: now) ?? false }

  /// Uses the one of `key` once, if it may be used now.
  mutating func take(_ key: Key, at now: Instant) -> Bool {
    let isUsed = used[key, default: fresh].take(at: now)
    if used.count > places { used.removeFirst() }
    return isUsed
  }
}
