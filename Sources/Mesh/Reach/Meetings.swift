import OrderedCollections
import Wire

/// Members that are being called and may not be heard, and who was asked to bring us together.
struct Meetings {
  struct Plea {
    var due: Instant
    var asked: OrderedSet<LinkID> = []
    var rounds = 0
  }

  private(set) var pleas: OrderedDictionary<NodeID, Plea> = [:]

  var nextDue: Instant? { pleas.values.map(\.due).min() }

  /// - Parameter due: when the call should have been answered.
  mutating func plan(_ node: NodeID, due: Instant) {
    if pleas[node] == nil { pleas[node] = Plea(due: due) }
  }

  /// Those to ask for now.
  func due(at now: Instant) -> [NodeID] { pleas.filter { $0.value.due <= now }.map(\.key) }

  func hasAsked(_ link: LinkID, about node: NodeID) -> Bool {
    pleas[node]?.asked.contains(link) ?? false
  }

  mutating func asked(_ links: [LinkID], about node: NodeID, again due: Instant) {
    pleas[node]?.asked.append(contentsOf: links)
    pleas[node]?.rounds += 1
    pleas[node]?.due = due
  }

  mutating func forget(_ node: NodeID) { pleas.removeValue(forKey: node) }
}
