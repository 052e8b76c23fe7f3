import Mesh
import Testing
import Wire

@testable import Simulator

/// Each check must fail when what it checks is broken by hand, and only then.
@Suite(.timeLimit(.minutes(30)))
struct InvariantTests {
  /// A room of six at rest.
  private let world: World
  /// How its members look.
  private let clean: [Inspection]

  init() throws {
    var topology = try Files.topology("kitchen-table")
    topology.length = 9_000_000_000
    topology.measureTo = 8_000_000_000
    world = try World(topology, seed: 1)
    _ = world.run()
    let room = try #require(world.room)
    clean = world.residents.compactMap { $0.participant.inspect(room) }
  }

  private func breaches(
    seconds: Int = 4, _ break: (inout [Inspection]) -> Void
  ) throws -> [Invariants.Rule] {
    var insides = clean
    `break`(&insides)
    var invariants = Invariants()
    for step in 0...seconds * 2 {
      let now = world.now + Int64(step) * 500_000_000
      for (node, inside) in insides.enumerated() {
        invariants.examine(
          node, inside, members: 4_096, at: now, clock: world.residents[node].instant(now)
        ) { world.nodeByKey[$0.raw.high.high] }
      }
    }
    #expect(invariants.looks == insides.count * (seconds * 2 + 1))
    #expect(invariants.breaches.count == invariants.total)
    return invariants.breaches.map(\.rule)
  }

  private func name(of node: Int) throws -> NodeID {
    world.residents[node].participant.contact.node
  }

  @Test func aRoomAtRestBreaksNothing() throws {
    #expect(try breaches { _ in }.isEmpty)
    #expect(world.lookAtShape().restless == 0)
  }

  @Test func aLoopIsFoundOnceItLasts() throws {
    let names = try (0..<6).map(name)
    func close(_ insides: inout [Inspection]) {
      insides[2].trees[0].parent = names[3]
      insides[3].trees[0].parent = names[4]
      insides[4].trees[0].parent = names[2]
      for node in 2...4 {
        insides[node].isTop = false
        insides[node].trees[0].children = []
      }
    }
    #expect(try breaches(close) == [.loop, .loop, .loop])
    #expect(try breaches(seconds: 2, close).isEmpty)
  }

  @Test func aRelayInBothTreesIsFoundUnlessItIsARoot() throws {
    let names = try (0..<6).map(name)
    func split(_ insides: inout [Inspection]) {
      insides[1].isRoot = false
      insides[1].isTop = false
      insides[1].trees[0].parent = names[0]
      insides[1].trees[1].parent = names[0]
      insides[1].trees[0].children = [names[2]]
      insides[1].trees[1].children = [names[3]]
    }
    #expect(try breaches(split) == [.disjoint])
    #expect(
      try breaches {
        split(&$0)
        $0[1].isRoot = true
      }.isEmpty)
  }

  @Test func whatIsKeptBeyondItsEndIsFound() throws {
    let due = world.residents[5].instant(world.now - 9_000_000_000)
    #expect(
      try breaches(seconds: 4) {
        $0[5].overdue = [Inspection.Overdue(what: "a letter", due: due)]
      } == [.held])
    #expect(
      try breaches(seconds: 0) {
        $0[5].overdue = [Inspection.Overdue(what: "a letter", due: due)]
      }.isEmpty)
  }

  @Test(arguments: 0..<7)
  func aTableThatIsTooFullIsFound(number: Int) throws {
    let tables: [WritableKeyPath<Inspection, Int>] = [
      \.active, \.passive, \.links, \.streams, \.asked, \.candidates, \.members,
    ]
    #expect(try breaches { $0[0][keyPath: tables[number]] = 5_000 } == [.bounds])
  }

  @Test func anEdgeThatCannotBeIsFound() throws {
    let names = try (0..<6).map(name)
    #expect(
      try breaches {
        $0[4].isTop = false
        $0[4].trees[1].parent = names[0]
        $0[4].trees[1].children = [names[0]]
        $0[4].trees[0].children = []
      } == [.edges])
    #expect(
      try breaches {
        for tree in 0..<2 { $0[3].trees[tree].parent = names[0] }
        $0[3].trees[0].children = [names[5], names[5]]
        $0[3].trees[1].children = []
      } == [.edges])
  }

  @Test func whoIsNotAsAllOthersAtRestIsFound() throws {
    let clean = world.lookAtShape()
    var roster = clean
    roster.rosterOf[2, default: 0] ^= 1
    #expect(world.countRestless(roster) == 1)
    var orphan = clean
    let node = try #require((0..<6).first { !clean.tops[$0] })
    orphan.parents[node] = [nil, 0]
    #expect(world.countRestless(orphan) == 1)
  }

  @Test func whoHearsNothingInTheCalmIsNotServed() throws {
    let text = """
      { "name": "cut", "seconds": 20,
        "nodes": [{ "group": "ann" }, { "group": "ben", "join": { "from_s": 1 } }],
        "talkers": [{ "group": "ann", "from_s": 4, "to_s": 19 }],
        "events": [{ "what": "block", "at_s": 10, "for_s": 10, "group": "ann", "to": "ben" }],
        "measure": { "calm_s": 5 }, "expect": { "served_percent_min": 100 } }
      """
    let report = try World(try Topology(Array(text.utf8), file: "cut"), seed: 1).run()
    #expect(report.failures.map(\.text) == ["served_percent_min 100"])
    #expect(!report.isGood)
  }
}
