import Testing

@testable import Simulator

/// Storm, then calm, then everybody served again.
@Suite(.timeLimit(.minutes(30)), .serialized)
struct StormTests {
  /// In the tenth somebody is removed.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 10] as [UInt64])
  func afterAStormEverybodyIsServed(seed: UInt64) throws {
    let storm = Topology.storm(seed: seed)
    let report = try World(storm, seed: seed).run()
    let missed = report.failures.map { failure in
      "\(failure.text), was \(report[failure.measure].map(Report.number) ?? "nothing")"
    }
    let isGood = report.isGood
    #expect(
      isGood,
      """
      \(missed) \(report.breaches); \(storm.about); last at \(report.last); again: starling \
      simulate --storm --seed \(seed) --trace
      """)
  }

  @Test func aStormComesFromItsSeedAlone() {
    let storms = (1...50 as ClosedRange<UInt64>).map { Topology.storm(seed: $0).about }
    #expect(storms == (1...50 as ClosedRange<UInt64>).map { Topology.storm(seed: $0).about })
    #expect(Set(storms).count == 50)
    for kind in Topology.Fault.Kind.allCases {
      #expect(storms.contains { $0.contains(kind.rawValue) }, "\(kind)")
    }
  }

  @Test func aStormThatDoesNotEndIsNoticed() throws {
    var storm = Topology.storm(seed: 1)
    var fault = Topology.Fault()
    fault.kind = .congest
    fault.group = "open"
    fault.at = storm.length - 20_000_000_000
    fault.lasts = 20_000_000_000
    fault.lossPermille = 900
    storm.faults.append(fault)
    let isGood = try World(storm, seed: 1).run().isGood
    #expect(!isGood)
  }
}
