import OrderedCollections

/// Token buckets, one per source, in a bounded table.
///
/// Whoever is forgotten starts with a full bucket, so filling the table gains an attacker with many
/// addresses nothing he had not.
struct RateLimit: Sendable {
  private struct Bucket {
    var tokens: Int64
    var filled: Instant
  }

  /// A handshake costs this many tokens: a bucket fills by `rate` tokens each nanosecond.
  private static let cost: Int64 = 1_000_000_000

  private let rate: Int64
  private let burst: Int64
  private let limit: Int
  private var buckets: OrderedDictionary<UInt64, Bucket> = [:]

  init(rate: Int64, burst: Int64, limit: Int) {
    self.rate = rate
    self.burst = burst
    self.limit = limit
  }

  /// Takes one token of `source`, if there is one.
  mutating func allows(_ source: UInt64, at now: Instant) -> Bool {
    let full = burst * Self.cost
    var bucket = buckets[source] ?? Bucket(tokens: full, filled: now)
    let wholeFill = full / rate
    let passed = min(max(0, (now - bucket.filled).nanoseconds), wholeFill)
    bucket.tokens = min(full, bucket.tokens + passed * rate)
    bucket.filled = now
    let allowed = bucket.tokens >= Self.cost
    if allowed { bucket.tokens -= Self.cost }
    if buckets[source] == nil, buckets.count >= limit {
      buckets.removeSubrange(..<(limit / 4 + 1))
    }
    buckets[source] = bucket
    return allowed
  }
}
