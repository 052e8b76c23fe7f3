/// A moment: nanoseconds since 1970, as the shell counts them.
///
/// The shell adds monotonic time to the wall clock of its start and follows the wall clock when
/// that is set forward, so instants never go back, yet can be compared with the expiry of a signed
/// record.
package struct Instant: Hashable, Comparable, Sendable, InstantProtocol {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  package func advanced(by duration: Duration) -> Instant {
    Instant(nanoseconds: nanoseconds &+ duration.nanoseconds)
  }

  package func duration(to other: Instant) -> Duration {
    .nanoseconds(other.nanoseconds &- nanoseconds)
  }

  package static func + (left: Instant, right: Duration) -> Instant { left.advanced(by: right) }

  package static func - (left: Instant, right: Instant) -> Duration {
    right.duration(to: left)
  }

  /// Milliseconds since 1970, as signed records carry them.
  package var milliseconds: UInt64 { UInt64(max(0, nanoseconds / 1_000_000)) }
}

extension Duration {
  /// Whole nanoseconds; durations here are far below the 292 years that fit.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
  }

  /// Whole milliseconds, rounded down.
  package var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
