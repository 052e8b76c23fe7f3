/// What lies between two homes: delay, jitter, and losses that come in bursts (Gilbert 1960,
/// Elliott 1963: while a path is bad it loses all).
struct Weather {
  private let links: Topology.Links
  private let seed: UInt64
  /// Directed paths that are bad just now. Asked, never walked.
  private var bad: Set<UInt64> = []

  init(_ links: Topology.Links, seed: UInt64) {
    self.links = links
    self.seed = seed
  }

  /// Whether a datagram from one node to another is lost on the way.
  mutating func loses(_ from: Int, _ to: Int, at now: Int64, _ chance: inout Chance) -> Bool {
    guard links.lossPermille > 0, now < links.lossTo else { return false }
    let path = UInt64(from) << 32 | UInt64(to)
    let scale = 1_000_000
    if bad.contains(path) {
      if chance.below(scale) < Int(Double(scale) / links.burst) { bad.remove(path) }
    } else {
      let share = Double(links.lossPermille) / 1_000
      let turning = share / (links.burst * (1 - share))
      if chance.below(scale) < Int(turning * Double(scale)) { bad.insert(path) }
    }
    return bad.contains(path)
  }

  /// One way, without jitter; the same in both directions.
  func delay(_ from: Int, _ to: Int) -> Int64 {
    let low = UInt64(min(from, to))
    let high = UInt64(max(from, to))
    let word = Chance.mix(seed, low, high)
    switch links.model {
    case .uniform:
      return links.least + Int64(word % UInt64(links.most - links.least + 1))
    case .regions:
      let between = Self.regions[region(from) * 3 + region(to)]
      return between + Int64(word % 10_000_000) + access(from) + access(to)
    }
  }

  func jitter(_ chance: inout Chance) -> Int64 {
    guard links.jitter > 0 else { return 0 }
    // Mean as given, cut at ten times: a law without end would be its own kind of loss.
    var extra = min(chance.exponential(mean: links.jitter), links.jitter * 10)
    if chance.hits(permille: links.reorderPermille) {
      extra += chance.within(10_000_000...40_000_000)
    }
    return extra
  }

  func duplicates(_ chance: inout Chance) -> Bool {
    chance.hits(permille: links.duplicatePermille)
  }

  private func region(_ node: Int) -> Int { Int(Chance.mix(seed, UInt64(node), 1) % 3) }

  /// Last mile: 2 to 12 ms.
  private func access(_ node: Int) -> Int64 {
    2_000_000 + Int64(Chance.mix(seed, UInt64(node), 2) % 10_000_000)
  }

  /// One way between Europe, North America's east and East Asia, without last miles; halves of
  /// round trips that public looking glasses show. A guess.
  private static let regions: [Int64] = [
    3_000_000, 40_000_000, 75_000_000,
    40_000_000, 3_000_000, 70_000_000,
    75_000_000, 70_000_000, 3_000_000,
  ]
}
