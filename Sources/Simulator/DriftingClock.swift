import Mesh

/// A node's own clock: off from the start, and running at a rate of its own.
struct DriftingClock {
  /// Nanoseconds ahead of the world's time at its beginning.
  var skew: Int64 = 0
  /// Microseconds gained a second.
  var partsPerMillion: Int64 = 0

  func instant(_ moment: Int64) -> Instant {
    Instant(nanoseconds: World.epoch + skew + moment + gained(moment))
  }

  /// The world's time when this clock shows `instant`, or a little after.
  func moment(_ instant: Instant) -> Int64 {
    let wanted = max(-Self.never, min(instant.nanoseconds - World.epoch - skew, Self.never))
    guard partsPerMillion != 0 else { return wanted }
    let rate = 1_000_000 + partsPerMillion
    var moment = wanted / rate * 1_000_000 + wanted % rate * 1_000_000 / rate
    // What was gained is counted in whole steps: a few nanoseconds may be lacking.
    while moment + gained(moment) < wanted { moment += wanted - moment - gained(moment) }
    return moment
  }

  /// How long the world waits until so much has passed by this clock.
  func wait(_ duration: Int64) -> Int64 {
    duration - duration * partsPerMillion / (1_000_000 + partsPerMillion)
  }

  private func gained(_ moment: Int64) -> Int64 { moment / 1_000 * partsPerMillion / 1_000 }

  /// Fifty days: before and beyond every run, and small enough to multiply.
  private static let never: Int64 = 1 << 52
}
