import Glibc
import Keys
import Mesh
import Testing
import Wire

/// No honest node hands a removed person a key that was made because of its removal.
@Suite(.timeLimit(.minutes(60)))
struct GrantModelTests {
  /// 20,000 take a quarter of an hour; `STARLING_GRANTS=20000` asks for them.
  private static var schedules: UInt64 {
    getenv("STARLING_GRANTS").flatMap { UInt64(String(cString: $0)) } ?? 150
  }

  @Test func noScheduleLeaks() throws {
    var (leaks, served, unserved) = (0, 0, 0)
    for seed in 0..<Self.schedules {
      var model = try GrantModel(seed: seed, isMutant: false)
      model.run()
      leaks += model.leaks
      served += model.served
      unserved += model.unserved
    }
    print("grants: \(Self.schedules) schedules, leaks \(leaks), served \(served), not \(unserved)")
    #expect(leaks == 0)
    // Who hears only through the removed has to find other neighbours first.
    #expect(unserved * 50 < served)
  }

  /// A test of the test.
  @Test func withoutTheFrontierItLeaks() throws {
    var leaking = 0
    let schedules = min(Self.schedules, 1_000)
    for seed in 0..<schedules {
      var model = try GrantModel(seed: seed, isMutant: true)
      model.run()
      if model.leaks > 0 { leaking += 1 }
    }
    print("grants: \(leaking) of \(schedules) schedules leak without the frontier")
    #expect(leaking * 2 > schedules)
  }
}
