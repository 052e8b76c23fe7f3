import Mesh
import Testing
import Wire

@testable import Simulator

/// The pieces of the made-up network, each for itself.
@Suite struct PartsTests {
  @Test func eventsComeInOrderOfTimeAndThenOfPlanning() {
    var queue = EventQueue()
    var chance = Chance(1)
    for number in 0..<2_000 { queue.plan(.wake, at: Int64(chance.below(50)), number) }
    var last: EventQueue.Event?
    var count = 0
    while let event = queue.take() {
      if let last { #expect((last.at, last.order) < (event.at, event.order)) }
      last = event
      count += 1
    }
    #expect(count == 2_000)
  }

  @Test func exponentialDrawsHaveTheirMean() {
    var chance = Chance(2)
    let draws = (0..<40_000).map { _ in chance.exponential(mean: 1_000_000) }
    let mean = draws.reduce(0, +) / Int64(draws.count)
    #expect((970_000...1_030_000).contains(mean))
    #expect(draws.allSatisfy { $0 >= 0 })
  }

  @Test(arguments: [(20, 3.0), (100, 1.0), (50, 8.0)])
  func lossesHaveTheirShareAndLength(permille: Int, burst: Double) {
    var links = Topology.Links()
    links.lossPermille = permille
    links.burst = burst
    var weather = Weather(links, seed: 1)
    var chance = Chance(3)
    let count = 400_000
    var lost = 0
    var bursts = 0
    var was = false
    for _ in 0..<count {
      let isLost = weather.loses(1, 2, at: 0, &chance)
      if isLost { lost += 1 }
      if isLost, !was { bursts += 1 }
      was = isLost
    }
    let share = Double(lost) * 1_000 / Double(count)
    #expect(abs(share - Double(permille)) < Double(permille) * 0.15)
    // With bursts of one, two may still follow each other by chance.
    let mean = Double(lost) / Double(bursts)
    #expect(abs(mean - burst) < burst * 0.2)
  }

  @Test func anUplinkSendsOneAfterTheOtherAndDropsWhatWouldWaitTooLong() {
    var uplink = Line(bits: 1_000_000)
    let first = uplink.send(972, at: 0, measured: true)
    #expect(first == 8_000_000)
    let second = uplink.send(972, at: 0, measured: true)
    #expect(second == 16_000_000)
    for _ in 0..<60 { _ = uplink.send(972, at: 0, measured: true) }
    #expect(uplink.drops == 36)
    let later = uplink.send(972, at: 1_000_000_000, measured: true)
    #expect(later == 1_008_000_000)
  }

  private static let inside = Endpoint(ipv4: 0x0102_0304, port: 5_000)
  private static let other = Endpoint(ipv4: 0x0102_0304, port: 5_001)
  private static let stranger = Endpoint(ipv4: 0x0909_0909, port: 5_000)

  @Test(arguments: [
    (Topology.NATKind.Filtering.none, [true, true, true]), (.address, [true, true, false]),
    (.port, [true, false, false]),
  ])
  func aRouterLetsInWhatItsFilterAllows(filter: Topology.NATKind.Filtering, expected: [Bool]) {
    var box = NATBox(.init(mapping: .independent, filtering: filter), firstPort: 20_000)
    let port = box.leave(to: Self.inside, at: 0)
    let admitted = [Self.inside, Self.other, Self.stranger].map {
      box.admits($0, to: port, at: 1_000)
    }
    #expect(admitted == expected)
    #expect(!box.admits(Self.inside, to: port + 1, at: 1_000))
    #expect(!box.admits(Self.inside, to: port, at: 30_000_000_001))
  }

  @Test func aSymmetricRouterHasAPortForEachDestination() {
    var box = NATBox(.init(mapping: .dependent, filtering: .port), firstPort: 20_000)
    let first = box.leave(to: Self.inside, at: 0)
    let second = box.leave(to: Self.stranger, at: 0)
    #expect(first != second)
    let again = box.leave(to: Self.inside, at: 5)
    #expect(again == first)
    #expect(!box.admits(Self.inside, to: second, at: 5))
    // Forgotten after half a minute of silence.
    let later = box.leave(to: Self.inside, at: 31_000_000_000)
    #expect(later != first)
    #expect(box.count == 1)
  }

  @Test func theStallRuleAddsWhatIsLateAndWhatIsLost() {
    #expect(Score.stall([50_000, 60_000, 40_000], limit: 90_000) == 0)
    // 30 ms late, then 10 ms later still; what comes within the longer delay costs nothing more.
    #expect(Score.stall([120_000, 130_000, 125_000], limit: 90_000) == 40_000)
    #expect(Score.stall([Ledger.never, 60_000, Ledger.never], limit: 90_000) == 40_000)
  }

  @Test func onlyWhatWasSaidIsHeard() {
    var ledger = Ledger()
    let voice = ledger.open(node: 0, session: 7, firstCounter: 100)
    ledger.said(voice, at: 1_000_000, isTail: false)
    let true0 = Ledger.payload(voice: voice, frame: 0, count: 60)
    var false0 = true0
    false0[59] ^= 1
    let cases: [(session: UInt32, counter: UInt32, payload: [UInt8], delay: Int64?)] = [
      (7, 100, false0, nil), (7, 100, true0, 8_000_000), (7, 101, true0, nil),
      (8, 100, true0, nil),
    ]
    for heard in cases {
      let delay = ledger.heard(
        by: 3, session: heard.session, counter: heard.counter, payload: heard.payload,
        at: 9_000_000)
      #expect(delay == heard.delay)
    }
    #expect(ledger.forged == 2)
    #expect(ledger.delay(3, voice, 0) == 8_000)
    #expect(ledger.delay(4, voice, 0) == Ledger.never)
  }

  @Test func slotsOfDatagramsAreUsedAgain() {
    var pool = DatagramPool()
    let slots = (0..<300).map { number in
      pool.keep([UInt8(number & 255), 2, 3], 0, 3, DatagramPool.Envelope(sender: Int32(number)))
    }
    #expect(Set(slots).count == 300)
    #expect(pool.copy(slots[299]) == [43, 2, 3])
    #expect(pool.envelopes[slots[299]].sender == 299)
    for slot in slots { pool.release(slot) }
    #expect(pool.inFlight == 0)
    let again = pool.keep([9], 0, 1, DatagramPool.Envelope())
    #expect(slots.contains(again))
  }

  @Test(arguments: [0, 1, -1, 250, -20_000, 100_000])
  func aDriftingClockIsReadBothWays(partsPerMillion: Int64) {
    let clock = DriftingClock(skew: -3_000_000_000, partsPerMillion: partsPerMillion)
    #expect(clock.instant(0).nanoseconds == World.epoch - 3_000_000_000)
    let gained = clock.instant(1_000_000_000_000).nanoseconds - clock.instant(0).nanoseconds
    #expect(gained == 1_000_000_000_000 + partsPerMillion * 1_000_000)
    var chance = Chance(4)
    for _ in 0..<1_000 {
      let moment = chance.within(0...80_000_000_000_000)
      let again = clock.moment(clock.instant(moment))
      // Never early: who is woken before its deadline is woken again for nothing.
      #expect(clock.instant(again) >= clock.instant(moment))
      #expect(abs(again - moment) <= 2_000)
    }
    let shown = clock.instant(clock.wait(20_000_000_000)).nanoseconds - clock.instant(0).nanoseconds
    #expect(abs(shown - 20_000_000_000) < 2_000)
    #expect(clock.moment(Instant(nanoseconds: .max)) > 86_400_000_000_000)
    // A deadline of long ago.
    #expect(clock.moment(Instant(nanoseconds: 0)) < 0)
  }

  private static func judged(
    _ rules: Topology.Censorship, flow: (from: Int, to: Int), count: Int = 1
  ) throws -> Int {
    let world = try World(try Files.topology("curtain"), seed: 1)
    var censor = Censor(rules, groups: world.topology.groups.map(\.name), seed: 1)
    let (from, to) = (world.residents[flow.from], world.residents[flow.to])
    return (0..<count).count { step in
      censor.judge(
        from, to, source: from.address, target: to.address, [1, 2, 3], 0, 3,
        at: Int64(step) * 10_000_000)
    }
  }

  /// Of `curtain`: nodes 0 to 5 are at home, 6 to 8 in data centres, 9 to 16 in the country.
  @Test(arguments: [
    ((9, 6), 25), ((6, 9), 25), ((9, 0), 100), ((0, 9), 100), ((9, 10), 100), ((0, 6), 100),
  ])
  func aFlowFreezesOnlyBetweenTheNamedGroups(flow: (Int, Int), passed: Int) throws {
    var rules = Topology.Censorship()
    rules.to = .max
    rules.group = "country"
    rules.other = "datacentre"
    rules.freezeAfter = 25
    #expect(try Self.judged(rules, flow: (flow.0, flow.1), count: 100) == passed)
  }

  @Test(arguments: [((9, 0), false), ((6, 9), false), ((9, 10), true), ((0, 6), true)])
  func aBorderMindsWhatCrossesIt(flow: (Int, Int), passes: Bool) throws {
    var rules = Topology.Censorship()
    rules.to = .max
    rules.group = "country"
    rules.isBorder = true
    rules.portsBlocked = [4_000]
    #expect(try Self.judged(rules, flow: (flow.0, flow.1)) == (passes ? 1 : 0))
  }
}
