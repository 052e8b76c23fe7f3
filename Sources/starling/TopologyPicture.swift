package import Node
package import Simulator

/// What running nodes know of their room, as a picture: each knows its own parents, children and
/// neighbours, so that several together show more.
package struct TopologyPicture {
  private let title: String
  private var keys: [String] = []
  private var nodes: [Drawing.Node] = []

  /// Nil when the first node is in no room. Others count as far as they are in the same one.
  package init?(_ reports: [StatusReport]) {
    guard let room = reports.first?.rooms.first else { return nil }
    let views = reports.compactMap { report in
      report.rooms.first { $0.room == room.room }.map { (report.node, $0) }
    }
    let seen = views.count == 1 ? "one node sees" : "\(views.count) nodes see"
    title = "\(room.title): what \(seen) of \(room.members.count) members"
    for (key, view) in views {
      add(key, nil)
      for member in view.members { add(member.node, member) }
    }
    for (key, view) in views { draw(view, of: key) }
  }

  package var drawing: Drawing { Drawing(title: title, nodes: nodes) }

  private mutating func add(_ key: String, _ member: StatusReport.Member?) {
    let name = member.map(\.name) ?? ""
    if let known = keys.firstIndex(of: key) {
      if !name.isEmpty { nodes[known].name = name }
      if member?.onStage == true { nodes[known].isTop = true }
      return
    }
    keys.append(key)
    nodes.append(
      Drawing.Node(
        name: name.isEmpty ? StatusCommand.short(key) : name, parents: [nil, nil], neighbours: [],
        isTop: member?.onStage ?? false))
  }

  private mutating func draw(_ room: StatusReport.Room, of key: String) {
    guard let own = keys.firstIndex(of: key) else { return }
    let trees = room.trees.prefix(2)
    // Where nobody speaks, whoever spoke last or made the room stands at the top.
    nodes[own].isTop = !trees.isEmpty && trees.allSatisfy { $0.parent == nil && $0.depth == 0 }
    for (number, tree) in trees.enumerated() {
      if let parent = tree.parent.flatMap(keys.firstIndex) { nodes[own].parents[number] = parent }
      for child in tree.children.compactMap(keys.firstIndex) where child != own {
        nodes[child].parents[number] = own
      }
    }
    nodes[own].neighbours = room.neighbours.compactMap(keys.firstIndex)
  }
}
