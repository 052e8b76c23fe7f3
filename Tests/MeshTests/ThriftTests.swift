import Mesh
import Testing
import Wire

/// When one tree must do, and when not.
struct ThriftTests {
  private let settings = ThriftSettings()

  /// Looks once a second with 25 packets due; the shares are what came.
  private func look(
    _ thrift: inout Thrift, _ shares: (Int, Int), second: Int64, canSpare: Tree? = .b
  ) -> Thrift.Verdict {
    thrift.arrived = [25 * shares.0 / 100, 25 * shares.1 / 100]
    return thrift.look(
      due: shares == (0, 0) ? 0 : 25, canSpare: canSpare,
      at: Instant(nanoseconds: second * 1_000_000_000),
      settings)
  }

  private func strained() -> Thrift {
    var thrift = Thrift()
    _ = look(&thrift, (100, 100), second: 0)
    #expect(look(&thrift, (70, 70), second: 1) == .asBefore)
    #expect(look(&thrift, (70, 70), second: 2) == .letGo)
    thrift.letGo(.b, at: Instant(nanoseconds: 2_000_000_000), settings)
    return thrift
  }

  @Test func oneTreeThatLosesIsNoThinLine() {
    var thrift = Thrift()
    for second in 0..<20 {
      #expect(look(&thrift, (50, 100), second: Int64(second)) == .asBefore)
    }
  }

  @Test func whoeverFeedsOthersInBothKeepsBoth() {
    var thrift = Thrift()
    for second in 0..<20 {
      #expect(look(&thrift, (50, 50), second: Int64(second), canSpare: nil) == .asBefore)
    }
  }

  @Test func oneIsKeptThatBringsAllAndBothAreTriedAgain() {
    var thrift = strained()
    #expect(thrift.spared == .b)
    for second in 3..<36 {
      #expect(look(&thrift, (100, 0), second: Int64(second)) == .asBefore)
      #expect(thrift.spared == .b)
    }
    #expect(look(&thrift, (100, 0), second: 36) == .takeBack)
    #expect(thrift.spared == nil)
  }

  /// Bad air: fewer packets on the way do not make more of them arrive.
  @Test func oneThatStillLosesIsNoRemedy() {
    var thrift = strained()
    for second in 3..<6 {
      #expect(look(&thrift, (70, 0), second: Int64(second)) == .asBefore)
    }
    #expect(look(&thrift, (70, 0), second: 6) == .takeBack)
    #expect(thrift.spared == nil)
    // And not at once again.
    for second in 7..<11 {
      #expect(look(&thrift, (70, 70), second: Int64(second)) == .asBefore)
    }
  }

  /// A line that was thin for an evening is not taken for thin ever after.
  @Test func aLineThatHasCarriedBothForLongIsJudgedAnew() {
    var thrift = strained()
    func span(_ thrift: inout Thrift, from second: Int64) -> Int64 {
      var end = second
      while look(&thrift, (100, 0), second: end) != .takeBack { end += 1 }
      return end - second
    }
    func strain(_ thrift: inout Thrift, from second: Int64) {
      for each in second..<second + 10 where look(&thrift, (70, 70), second: each) == .letGo {
        return thrift.letGo(.b, at: Instant(nanoseconds: each * 1_000_000_000), settings)
      }
    }
    let first = span(&thrift, from: 3)
    strain(&thrift, from: 50)
    let second = span(&thrift, from: 60)
    #expect(second > first + 20)
    for each in 200..<400 { #expect(look(&thrift, (100, 100), second: Int64(each)) == .asBefore) }
    strain(&thrift, from: 400)
    #expect(span(&thrift, from: 410) < second - 20)
  }

  @Test func bothAreTriedAgainWhenNobodySpeaks() {
    var thrift = strained()
    #expect(look(&thrift, (0, 0), second: 5) == .asBefore)
    #expect(look(&thrift, (0, 0), second: 6) == .takeBack)
  }

  @Test func aPauseIsNoStrain() {
    var thrift = Thrift()
    for second in 0..<20 {
      #expect(look(&thrift, (0, 0), second: Int64(second)) == .asBefore)
    }
  }
}
