import CLinux
import Glibc
package import Mesh
import Synchronization

/// Wall time read at start, plus the time that passed since: it never goes back, and it goes on
/// while the machine sleeps.
///
/// A box without a battery clock starts in the wrong year and is put right by NTP later, so the
/// wall clock is looked at again: ``adjust()``.
package final class Clock: Sendable {
  /// What looking at the wall clock again led to.
  package enum Change: Hashable, Sendable {
    case none
    /// Time was moved on by so much.
    case forward(Duration)
    /// The wall clock is so far behind; time goes on as it was.
    case behind(Duration)
  }

  private let wall: @Sendable () -> Int64
  private let boot: @Sendable () -> Int64
  /// What to add to boot time to get nanoseconds since 1970.
  private let offset: Atomic<Int64>

  /// `error` is for tests of a clock that is wrong.
  package convenience init(error: Duration = .zero) {
    let error = error.nanoseconds
    self.init(
      wall: { Clock.read(CLOCK_REALTIME) + error }, boot: { Clock.read(CLOCK_BOOTTIME) })
  }

  /// Both in nanoseconds.
  package init(wall: @escaping @Sendable () -> Int64, boot: @escaping @Sendable () -> Int64) {
    self.wall = wall
    self.boot = boot
    offset = Atomic(wall() - boot())
  }

  package var now: Instant {
    Instant(nanoseconds: boot() + offset.load(ordering: .relaxed))
  }

  /// `instant` in boot time, as timers count it.
  package func bootTime(_ instant: Instant) -> Int64 {
    instant.nanoseconds &- offset.load(ordering: .relaxed)
  }

  /// Follows the wall clock where it was set forward.
  ///
  /// Only on the thread that reads the time, before it does.
  package func adjust() -> Change {
    let gap = wall() - boot() - offset.load(ordering: .relaxed)
    if gap > Self.tolerance.nanoseconds {
      offset.add(gap, ordering: .relaxed)
      return .forward(.nanoseconds(gap))
    }
    return gap < -Self.tolerance.nanoseconds ? .behind(.nanoseconds(-gap)) : .none
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Every step ends links that look silent for so long, so small ones are not followed.
  ///
  /// A guess: far below what any rule tolerates.
  private static let tolerance = Duration.seconds(2)
}
