import Simulator
import Testing

/// Whole worlds of real participants, small enough for every commit.
@Suite(.timeLimit(.minutes(30)), .serialized)
struct WorldTests {
  @Test func theSameSeedGivesTheSameRunAndAnotherAnother() throws {
    let topology = try Files.topology("kitchen-table")
    let first = try World(topology, seed: 5).run()
    let again = try World(topology, seed: 5).run()
    let other = try World(topology, seed: 6).run()
    #expect(first.hash == again.hash)
    #expect(first.json == again.json)
    #expect(first.hash != other.hash)
  }

  @Test(arguments: [
    ("two-friends", 20), ("kitchen-table", 6), ("thin-uplinks", 6),
    ("shared-uplink", 1), ("lossy-mobile", 1),
    ("blocked-ports", 1), ("covered", 2),
  ])
  func aSmallWorldIsAsItsFileExpects(name: String, seeds: UInt64) throws {
    let topology = try Files.topology(name)
    for seed in 1...seeds {
      let report = try World(topology, seed: seed).run()
      let missed = report.failures.map { failure in
        "\(failure.text), was \(report[failure.measure].map(Report.number) ?? "nothing")"
      }
      #expect(missed.isEmpty, "seed \(seed): \(missed); last at \(report.last)")
    }
  }

  /// Ten instead of two hundred; the same figures at full size are in docs/results.
  @Test func aRemovalIsHeldAgainstTheSameWorldWithoutIt() throws {
    for name in ["removal", "removal-at-once"] {
      let topology = try Files.topology(name, replacing: ["198": "8"])
      let report = try World(topology, seed: 1).run()
      #expect(report.failures.map(\.text) == [])
      let bytes = try #require(report[.removalBytes])
      #expect(bytes > 200 && bytes < 4_000, "an operation and a key are under way, not more")
      #expect(try #require(report[.removalLast]) > 0)
    }
  }

  @Test func anExpectationThatCannotHoldFails() throws {
    var topology = try Files.topology("two-friends")
    topology.expectations = [Expectation(measure: .delayP50, isUpper: true, bound: 1)]
    let report = try World(topology, seed: 1).run()
    #expect(report.failures.map(\.text) == ["delay_p50_ms_max 1"])
  }

  @Test func everybodyIsDrawnWithItsParents() throws {
    let world = try World(try Files.topology("kitchen-table"), seed: 1)
    _ = world.run()
    let svg = world.drawing.svg
    #expect(svg.hasPrefix("<svg"))
    #expect(svg.contains("6 members"))
    #expect(svg.split(separator: "<circle").count == 1 + 3 * 6)
  }
}
