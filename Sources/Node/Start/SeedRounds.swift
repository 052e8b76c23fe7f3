package import Keys
package import Wire

/// Which seeds are called in one round, while nobody answers: none again before all were.
package struct SeedRounds {
  private var tried: Set<NodeID> = []
  /// Some were not called yet: the next round need not wait for long.
  package private(set) var isUnderWay = false

  package init() {}

  /// Of one /16 as few as can be.
  package mutating func next(
    of seeds: [PeerAddress], entropy: inout Entropy
  ) -> [PeerAddress] {
    var left = seeds.filter { !tried.contains($0.node) }
    if left.isEmpty {
      tried = []
      left = seeds
    }
    entropy.shuffle(&left)
    left = Diversity.spread(left) { seed in
      Endpoint(host: seed.host, port: seed.port).map { [$0] } ?? []
    }
    let round = Array(left.prefix(Self.atOnce))
    for seed in round { tried.insert(seed.node) }
    isUnderWay = round.count < left.count
    return round
  }

  /// Each call tells a stranger that this node is there: few at a time.
  ///
  /// A guess.
  package static let atOnce = 4
}
