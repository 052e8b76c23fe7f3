import Glibc
import Mesh
import Testing

/// What a removal costs everybody else, and how long the removed can listen.
@Suite(.timeLimit(.minutes(60)))
struct RemovalTests {
  /// `STARLING_REMOVALS="10 50 200"` asks for larger rooms, with three seeds each.
  private static var rooms: [Int] {
    let text = getenv("STARLING_REMOVALS").map { String(cString: $0) } ?? "10"
    return text.split(separator: " ").compactMap { Int($0) }
  }

  /// The aim is 1 kB at ten, but 1.1 were measured: two datagrams of two cells, and an answer
  /// (decision 0029).
  private static func most(_ people: Int) -> Int {
    people < 50 ? 1_300 : people < 5_000 ? 2_500 : 12_000
  }

  @Test(arguments: rooms)
  func aRemovalCostsEachNodeLittle(people: Int) throws {
    var means: [Int] = []
    for seed in 1...(Self.rooms.count > 1 ? 5 : 1) {
      let cost = try RemovalCost.measure(people: people, seed: UInt64(520 + seed))
      print("removal: \(cost)")
      means.append(cost.mean)
      #expect(cost.lasted <= .milliseconds(1_500))
      #expect(cost.missing <= 2)
    }
    // One world differs from its twin in more than the removal: whom somebody happens to ask.
    #expect(means.sorted()[means.count / 2] <= Self.most(people))
  }

  @Test(arguments: rooms)
  func atOnceIsATenthOfASecond(people: Int) throws {
    let cost = try RemovalCost.measure(people: people, seed: 531, isImmediate: true)
    print("removal: at once, \(cost)")
    #expect(cost.lasted <= .milliseconds(300))
    #expect(cost.missing <= 25)
  }

  /// Of a hundred datagrams two are lost.
  @Test(arguments: rooms)
  func lossDelaysNoKeyBeyondItsUse(people: Int) throws {
    let cost = try RemovalCost.measure(people: people, seed: 541, permille: 20)
    print("removal: 2 % of all datagrams lost, \(cost)")
    #expect(cost.lasted <= .milliseconds(1_500))
    // Some frames are lost on both trees whatever the keys do.
    #expect(cost.missing <= 12)
  }
}
