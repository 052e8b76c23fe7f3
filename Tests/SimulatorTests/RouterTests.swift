import Mesh
import Testing

@testable import Simulator

/// Nodes behind routers: what they find out, and how they meet.
@Suite(.timeLimit(.minutes(30)), .serialized)
struct RouterTests {
  @Test func threeThatCanBeCalledCarryNineThatCannotMeetOthers() throws {
    let world = try World(try Files.topology("three-open-doors"), seed: 1)
    let report = world.run()
    let missed = report.failures.map { failure in
      "\(failure.text), was \(report[failure.measure].map(Report.number) ?? "nothing")"
    }
    #expect(missed.isEmpty, "\(missed); last at \(report.last)")
    #expect(report.breaches.isEmpty)
    // Everybody knows what is in front of it by now.
    let expected: [Translation] = [.none, .independent, .dependent]
    for resident in world.residents {
      let status = resident.participant.status(at: resident.instant(world.now))
      #expect(status.reachability.ipv4 == expected[resident.group], "node \(resident.index)")
      #expect(status.reachability.isFound == (resident.group == 0), "node \(resident.index)")
      #expect(status.reachability.isSheltered == (resident.group > 0))
    }
  }

  @Test func moreMeetWhenNeighboursIntroduceThem() throws {
    var topology = try Files.topology("three-open-doors")
    topology.length = 12_000_000_000
    topology.talkers = []
    let with = try World(topology, seed: 2).run()
    topology.tuning.meets = false
    let without = try World(topology, seed: 2).run()
    let (met, alone) = (with[.metLinks] ?? 0, without[.metLinks] ?? 0)
    #expect(met > alone * 1.1, "\(met) and \(alone)")
  }
}
