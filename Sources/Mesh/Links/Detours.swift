import OrderedCollections
import Wire

/// Local sockets with streams behind them, and the nodes to which the person wants a way.
struct Detours: Sendable {
  /// When each was last of use.
  private var usedAt: OrderedDictionary<Endpoint, Instant> = [:]
  private var named: OrderedSet<NodeID> = []

  /// As many as the person may name at once; the longest known is forgotten. A guess.
  private static let mostNamed = 256

  var open: [Endpoint] { Array(usedAt.keys) }

  mutating func name(_ node: NodeID) {
    named.remove(node)
    if named.count >= Self.mostNamed { named.removeFirst() }
    named.append(node)
  }

  func isNamed(_ node: NodeID) -> Bool { named.contains(node) }

  mutating func opened(_ path: Endpoint, at now: Instant) { usedAt[path] = now }

  mutating func closed(_ path: Endpoint) { usedAt.removeValue(forKey: path) }

  mutating func used(_ path: Endpoint, at now: Instant) { usedAt[path] = now }

  /// Those of no use for so long, told once.
  mutating func unused(at now: Instant, for pause: Duration) -> [Endpoint] {
    let idle = usedAt.filter { now - $0.value > pause }.map(\.key)
    for path in idle { usedAt.removeValue(forKey: path) }
    return idle
  }
}
