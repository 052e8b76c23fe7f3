package import Keys
package import Wire

/// Which seeds are called in one round, while nobody answers: none again before all were.
package struct SeedRounds {
  private var tried: Set<NodeID> = []

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
    return round
  }

  /// Each call tells a stranger that this node is there: few at a time.
  ///
  /// A guess.
  package static let atOnce = 4
}
