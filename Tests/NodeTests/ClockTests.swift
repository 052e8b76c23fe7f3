import Mesh
import Node
import Synchronization
import Testing

/// A wall clock that is set while the node runs.
struct ClockTests {
  private final class Dials: Sendable {
    let wall = Atomic<Int64>(1_000_000_000_000)
    let boot = Atomic<Int64>(5_000_000_000)

    func clock() -> Clock {
      Clock(
        wall: { [self] in wall.load(ordering: .relaxed) },
        boot: { [self] in boot.load(ordering: .relaxed) })
    }

    func pass(_ duration: Duration) {
      wall.add(duration.nanoseconds, ordering: .relaxed)
      boot.add(duration.nanoseconds, ordering: .relaxed)
    }

    func set(_ step: Duration) { wall.add(step.nanoseconds, ordering: .relaxed) }
  }

  @Test func aClockThatIsSetForwardIsFollowed() {
    let dials = Dials()
    let clock = dials.clock()
    let start = clock.now
    dials.set(.seconds(3_600))
    #expect(clock.now == start)
    #expect(clock.adjust() == .forward(.seconds(3_600)))
    #expect(clock.now - start == .seconds(3_600))
    #expect(clock.adjust() == .none)
    dials.pass(.seconds(5))
    #expect(clock.now - start == .seconds(3_605))
    #expect(clock.bootTime(clock.now) == dials.boot.load(ordering: .relaxed))
  }

  @Test func timeNeverGoesBackWhateverTheWallClockDoes() {
    let dials = Dials()
    let clock = dials.clock()
    var last = clock.now
    for step in [-3_600, 1, -2, 7_200, -1, -9_000, 3] {
      dials.set(.seconds(step))
      _ = clock.adjust()
      dials.pass(.milliseconds(10))
      #expect(clock.now > last)
      last = clock.now
    }
    dials.set(.seconds(-100_000))
    guard case .behind = clock.adjust() else {
      Issue.record("A clock set back was not noticed.")
      return
    }
  }

  @Test func smallStepsAreNotFollowed() {
    let dials = Dials()
    let clock = dials.clock()
    let start = clock.now
    for step in [2, -4, 3] {
      dials.set(.seconds(step))
      #expect(clock.adjust() == .none)
      #expect(clock.now == start)
    }
  }
}
