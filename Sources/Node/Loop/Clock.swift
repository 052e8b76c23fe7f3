import CLinux
import Glibc
package import Mesh

/// Wall time read once at start, plus the time that passed since: it never goes back, and it goes
/// on while the machine sleeps.
package struct Clock: Sendable {
  /// What to add to boot time to get nanoseconds since 1970.
  private let offset: Int64

  /// `error` is for tests of a clock that is wrong.
  package init(error: Duration = .zero) {
    offset = Self.read(CLOCK_REALTIME) - Self.read(CLOCK_BOOTTIME) + error.nanoseconds
  }

  package var now: Instant { Instant(nanoseconds: Self.read(CLOCK_BOOTTIME) + offset) }

  /// `instant` in boot time, as timers count it.
  package func bootTime(_ instant: Instant) -> Int64 { instant.nanoseconds &- offset }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
