import Mesh
import Wire

/// What must hold of every participant after every step, whatever others do to it.
///
/// Some of it may be broken for a moment while messages are under way: the two ends of an edge
/// never change at once. Only what stays broken is a breach, and each is told once.
struct Invariants {
  enum Rule: String, CaseIterable {
    /// A node is above itself in a tree.
    case loop
    /// A node that is no root carries lasting children in both trees. Its capacity is no reason: it
    /// carries in the tree of its colour as many as it can, and none in the other. Then no two
    /// ways from the stage to a listener share a relay.
    case disjoint
    /// Something is kept long after its end.
    case held
    /// A table or a view is fuller than it may be.
    case bounds
    /// A parent or a child is nobody there is a link with, or is the node itself.
    case edges
  }

  /// One thing that should never have been.
  struct Breach {
    let rule: Rule
    let node: Int
    let at: Int64
    let line: String

    var text: String { "\(Trace.seconds(at)) s: node \(node): \(line)" }
  }

  private struct Doubt: Hashable {
    let rule: Rule
    let node: Int
    let detail: String
  }

  private(set) var breaches: [Breach] = []
  /// All that were told, also beyond those that are kept.
  private(set) var count: [Rule: Int] = [:]
  private(set) var looks = 0
  /// By node, the parents in both trees when last looked at.
  private var parents: [[Int]] = []
  private var since: [Doubt: Int64] = [:]
  private var told: Set<Doubt> = []

  /// Three seconds: a path that leads back is told to children at once, and once more when lost; a
  /// tree without sound looks for other parents after 0.4 s (`ForestSettings.replaceAfter`).
  static let patience: Int64 = 3_000_000_000
  private static let kept = 16

  var total: Int { count.values.reduce(0, +) }

  /// - Parameters:
  ///   - clock: the node's own, by which things should end.
  ///   - indices: which node a name leads to.
  mutating func examine(
    _ node: Int, _ inside: Inspection, members: Int, at now: Int64, clock: Instant,
    index: (NodeID) -> Int?
  ) {
    looks += 1
    place(node, inside, index)
    judge(.loop, node, at: now, loops(node))
    judge(.disjoint, node, at: now, isSplit(inside) ? ["children in both trees"] : [])
    judge(.edges, node, at: now, strangers(node, inside))
    for thing in inside.overdue where thing.due + Inspection.patience <= clock {
      tell(Doubt(rule: .held, node: node, detail: thing.what), at: now) {
        "\(thing.what) is kept \((clock - thing.due).milliseconds) ms beyond its end"
      }
    }
    for excess in Self.excesses(inside, members: members) {
      tell(Doubt(rule: .bounds, node: node, detail: excess.name), at: now) {
        "holds \(excess.count) \(excess.name), may hold \(excess.most)"
      }
    }
  }

  /// It is gone, or begins anew: what was seen of it counts no more.
  mutating func forget(_ node: Int) {
    if node < parents.count { parents[node] = [-1, -1] }
    since = since.filter { $0.key.node != node }
  }

  /// Limits of `Settings` and `LinkSettings`.
  static func excesses(
    _ inside: Inspection, members: Int
  ) -> [(name: String, count: Int, most: Int)] {
    let settings = Settings()
    let lasting = inside.trees.map(\.children.count).max() ?? 0
    let tables = [
      ("neighbours", inside.active, settings.overlay.activeMost),
      ("contacts in reserve", inside.passive, settings.overlay.passive),
      ("links", inside.links, settings.links.sessions),
      ("streams", inside.streams, settings.frames.streams),
      ("members asked for", inside.asked, settings.presence.askedMaximum),
      ("candidates for parents", inside.candidates, settings.links.sessions),
      ("members", inside.members, members),
      ("children in a tree", lasting, settings.forest.childrenMaximumFast),
    ]
    return tables.filter { $0.1 > $0.2 }
  }

  // MARK: Trees

  private mutating func place(_ node: Int, _ inside: Inspection, _ index: (NodeID) -> Int?) {
    while parents.count <= node { parents.append([-1, -1]) }
    for (tree, place) in inside.trees.prefix(2).enumerated() {
      parents[node][tree] = place.parent.flatMap(index) ?? -1
    }
  }

  /// The ways that lead from the node to itself.
  private func loops(_ node: Int) -> [String] {
    (0..<2).compactMap { tree in
      var way = [node]
      var above = parents[node][tree]
      while above >= 0, above != node, way.count <= parents.count {
        way.append(above)
        above = above < parents.count ? parents[above][tree] : -1
      }
      guard above == node else { return nil }
      let names = (way + [node]).map(String.init).joined(separator: " < ")
      return "loop in tree \(tree == 0 ? "A" : "B"): \(names)"
    }
  }

  private func isSplit(_ inside: Inspection) -> Bool {
    !inside.isRoot && !inside.isTop && inside.trees.allSatisfy { !$0.children.isEmpty }
  }

  private func strangers(_ node: Int, _ inside: Inspection) -> [String] {
    inside.trees.enumerated().flatMap { tree, place -> [String] in
      let name = tree == 0 ? "A" : "B"
      var found: [String] = []
      if parents[node][tree] == node { found.append("its own parent in tree \(name)") }
      if Set(place.children).count < place.children.count {
        found.append("a child twice in tree \(name)")
      }
      if let parent = place.parent, place.children.contains(parent) {
        found.append("its parent is its child in tree \(name)")
      }
      return found
    }
  }

  // MARK: Telling

  private mutating func judge(_ rule: Rule, _ node: Int, at now: Int64, _ findings: [String]) {
    for key in since.keys
    where key.rule == rule && key.node == node && !findings.contains(key.detail) {
      since.removeValue(forKey: key)
    }
    for finding in findings {
      let doubt = Doubt(rule: rule, node: node, detail: finding)
      let first = since[doubt] ?? now
      since[doubt] = first
      guard now - first >= Self.patience else { continue }
      tell(doubt, at: now) { "\(finding), for \(Trace.seconds(now - first)) s" }
    }
  }

  private mutating func tell(_ doubt: Doubt, at now: Int64, _ line: () -> String) {
    guard told.insert(doubt).inserted else { return }
    count[doubt.rule, default: 0] += 1
    guard breaches.count < Self.kept else { return }
    breaches.append(Breach(rule: doubt.rule, node: doubt.node, at: now, line: line()))
  }
}
