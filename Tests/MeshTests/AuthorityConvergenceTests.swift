import Keys
import Mesh
import Testing
import Wire

/// Whatever the order, whatever comes twice: one roster.
@Suite struct AuthorityConvergenceTests {
  private static let moment: UInt64 = 120_000

  /// Two thousand sets each, so that both cores have something to do.
  @Test(arguments: 0..<5)
  func tenThousandRandomSetsInRandomOrdersGiveOneRosterEach(_ part: UInt64) throws {
    let seeds = part * 2_000 + 1...(part + 1) * 2_000
    var differing: [UInt64] = []
    for seed in seeds {
      var tangle = try Tangle(seed: seed, operations: 5 + Int(seed % 12))
      let expected = tangle.scene.standing(after: Self.moment).hash
      let shuffled = Authority.standing(
        of: tangle.scene.genesis, room: tangle.scene.room, operations: tangle.shuffled(),
        at: Scene.start + Self.moment)
      var log = OperationLog(genesis: tangle.scene.genesis, verify: { _ in true })
      for logged in tangle.shuffled() { _ = log.insert(logged, at: Scene.moment(Self.moment)) }
      let incremental = log.standing(at: Scene.moment(Self.moment))
      if shuffled.hash != expected || incremental.hash != expected {
        differing.append(seed)
      }
    }
    print("sets: seeds \(seeds), \(differing.count) differ")
    #expect(differing.isEmpty, "seeds \(differing.prefix(10))")
  }

  @Test func setsWithRealSignaturesGiveOneRosterToo() throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      var tangle = try Tangle(seed: 50_000 + seed, operations: 20, isSigned: true)
      let expected = tangle.scene.standing(after: Self.moment).hash
      var log = OperationLog(genesis: tangle.scene.genesis)
      for logged in tangle.shuffled() {
        let outcome = log.insert(logged.operation, at: Scene.moment(Self.moment))
        #expect(outcome != .dropped(.badSignature))
      }
      #expect(log.standing(at: Scene.moment(Self.moment)).hash == expected, "seed \(seed)")
    }
  }

  @Test func twoHalvesOfARoomThatMeetAgreeAboutForksToo() throws {
    for seed in 1...200 as ClosedRange<UInt64> {
      var tangle = try Tangle(seed: 90_000 + seed, operations: 24)
      let (left, right) = tangle.halves()
      func log(_ half: [RoomOperation]) -> OperationLog {
        var log = OperationLog(genesis: tangle.scene.genesis, verify: { _ in true })
        for operation in half { _ = log.insert(operation, at: Scene.moment(Self.moment)) }
        return log
      }
      var (one, other) = (log(left), log(right))
      let rounds = AuthorityExchange.run(&one, &other, at: Scene.moment(Self.moment))
      #expect(rounds != nil, "seed \(seed)")
      #expect(one.hash == other.hash)
      let standings = [
        one.standing(at: Scene.moment(Self.moment)).hash,
        other.standing(at: Scene.moment(Self.moment)).hash,
      ]
      #expect(standings[0] == standings[1], "seed \(seed)")
      // Nobody holds more than both held together.
      #expect(standings[0] == tangle.scene.standing(after: Self.moment).hash, "seed \(seed)")
    }
  }

  @Test func whatChangedLeadsFromOneStandingToTheNext() throws {
    for seed in 1...60 as ClosedRange<UInt64> {
      var tangle = try Tangle(seed: 70_000 + seed, operations: 20)
      var log = OperationLog(genesis: tangle.scene.genesis, verify: { _ in true })
      let now = Scene.moment(Self.moment)
      var roles: [PersonaID: Role] = [:]
      var removed: Set<PersonaID> = []
      for logged in tangle.shuffled() {
        _ = log.insert(logged.operation, at: now)
        for change in log.changes(at: now) {
          switch change {
          case .role(let person, let role): roles[person] = role
          case .removed(let person, let isRemoved):
            if isRemoved { removed.insert(person) } else { removed.remove(person) }
          default: break
          }
        }
        let standing = log.standing(at: now)
        for person in tangle.scene.people {
          #expect(standing[person].role == roles[person])
          #expect(standing[person].isRemoved == removed.contains(person))
        }
      }
    }
  }
}
