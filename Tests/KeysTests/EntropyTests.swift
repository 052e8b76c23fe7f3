import Keys
import Testing
import Wire

@Suite struct EntropyTests {
  @Test func aSeedAlwaysGivesTheSame() {
    var (first, second) = (Entropy.seeded(42), Entropy.seeded(42))
    #expect(first.fill(1000) == second.fill(1000))
    #expect(first.next() == second.next())
    var other = Entropy.seeded(43)
    #expect(other.next() != first.next())
  }

  @Test func aSeedGivesTheSameOnEveryMachine() {
    // Checked against another ChaCha20; recorded simulations depend on it.
    var entropy = Entropy.seeded(42)
    #expect(entropy.next() == 2_671_897_859_875_001_988)
    _ = entropy.fill(61)
    #expect(entropy.next() == 12_369_891_181_113_996_788)
  }

  @Test func theSystemsBytesDiffer() {
    var entropy = Entropy.system
    #expect(entropy.fill(32) != entropy.fill(32))
    #expect(entropy.next() != entropy.next())
    #expect(entropy.fill(0).isEmpty)
  }

  @Test func choicesBelowABoundAreEven() {
    var entropy = Entropy.seeded(1)
    var hits = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { hits[entropy.below(7)] += 1 }
    // Six standard deviations (93 each) around ten thousand.
    #expect(hits.allSatisfy { (9_440...10_560).contains($0) })
    // Three quarters of all words: without refusing any, half the results would be in the first
    // third.
    let bound: UInt64 = 3 << 62
    let low = (0..<3_000).count { _ in entropy.below(bound) < 1 << 62 }
    #expect((840...1_160).contains(low))
    #expect(entropy.below(1) == 0)
    #expect(entropy.below(0) == 0)
    #expect(entropy.below(-5) == 0)
    #expect(entropy.below(UInt64.max) < UInt64.max)
  }

  @Test func shufflingKeepsEverything() {
    var entropy = Entropy.seeded(2)
    var numbers = Array(0..<100)
    entropy.shuffle(&numbers)
    #expect(numbers != Array(0..<100))
    #expect(numbers.sorted() == Array(0..<100))
    var nothing: [Int] = []
    entropy.shuffle(&nothing)
    #expect(nothing.isEmpty)
  }

  @Test func pickingReachesEverythingAndNothingOfNothing() {
    var entropy = Entropy.seeded(3)
    let picked = Set((0..<200).compactMap { _ in entropy.pick(["a", "b", "c"]) })
    #expect(picked == ["a", "b", "c"])
    #expect(entropy.pick([Int]()) == nil)
  }

  @Test func chancesAreKept() {
    var entropy = Entropy.seeded(4)
    let count = (0..<10_000).count { _ in entropy.flip(0.25) }
    #expect((2_240...2_760).contains(count))
    let never = (0..<100).contains { _ in entropy.flip(0) }
    let always = (0..<100).allSatisfy { _ in entropy.flip(1) }
    #expect(!never)
    #expect(always)
  }
}
