import Keys
import Node
import Testing
import Wire

/// In which order seeds are called.
struct SeedRoundsTests {
  private static func seeds(_ count: Int) -> [PeerAddress] {
    (0..<count).map { number in
      PeerAddress(
        node: NodeID(Bytes32(high: .zero, low: Bytes16(high: 0, low: UInt64(number + 1)))),
        host: "192.0.2.\(number + 1)",
        port: 4_000, token: nil)
    }
  }

  @Test(arguments: 1...20)
  func tenAreAllCalledInThreeRounds(seed: UInt64) {
    var rounds = SeedRounds()
    var entropy = Entropy.seeded(seed)
    let seeds = Self.seeds(10)
    var underWay: [Bool] = []
    let called = (0..<3).map { _ in
      defer { underWay.append(rounds.isUnderWay) }
      return rounds.next(of: seeds, entropy: &entropy)
    }
    #expect(underWay == [true, true, false])
    #expect(called.map(\.count) == [4, 4, 2])
    #expect(Set(called.joined().map(\.node)).count == 10)
    #expect(rounds.next(of: seeds, entropy: &entropy).count == 4)
  }

  @Test func aListOfNoneCallsNobody() {
    var rounds = SeedRounds()
    var entropy = Entropy.seeded(1)
    #expect(rounds.next(of: [], entropy: &entropy).isEmpty)
    #expect(rounds.next(of: Self.seeds(1), entropy: &entropy).count == 1)
    #expect(rounds.next(of: Self.seeds(1), entropy: &entropy).count == 1)
  }
}
