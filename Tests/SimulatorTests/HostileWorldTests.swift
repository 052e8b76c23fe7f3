import Testing

@testable import Simulator

/// Worlds in which somebody means harm, each with the defence that meets it in its file.
@Suite(.timeLimit(.minutes(30)), .serialized)
struct HostileWorldTests {
  /// A world is worth nothing in which the harm is not done: what is dropped because of it is
  /// counted too. The other such worlds are scripts/simulate-all's: these take a minute as it is.
  @Test(arguments: [
    ("replayers", ["replayed", "unwantedMedia"]), ("poisoners", ["badPresence"]),
    ("eclipse", []), ("curtain", []), ("probed", ["notForUs"]),
  ])
  func harmIsDoneAndMet(name: String, drops: [String]) throws {
    let report = try World(try Files.topology(name), seed: 1).run()
    let isGood = report.isGood
    #expect(isGood, "\(Self.story(report))")
    for drop in drops {
      let count = report.notes.first { $0.name == "dropped: \(drop)" }?.count ?? 0
      #expect(count > 100, "\(drop): \(report.notes)")
    }
  }

  @Test(arguments: ["drifting-clocks", "thin-downlinks", "throttled-border"])
  func aPoorMachineIsServed(name: String) throws {
    let report = try World(try Files.topology(name), seed: 1).run()
    let isGood = report.isGood
    #expect(isGood, "\(Self.story(report))")
  }

  private static func story(_ report: Report) -> String {
    let missed = report.failures.map { failure in
      "\(failure.text), was \(report[failure.measure].map(Report.number) ?? "nothing")"
    }
    return """
      \(missed) \(report.breaches); last at \(report.last); again: starling simulate \
      Topologies/\(report.name).json --seed \(report.seed) --trace
      """
  }
}
