import Mesh
import Wire

/// Pictures of a room: who is fed by whom in both trees, and who gossips with whom.
package struct Drawing: Sendable {
  /// One node as it is drawn.
  package struct Node: Sendable {
    package var name: String
    /// Number of the parent in each tree.
    package var parents: [Int?]
    package var neighbours: [Int]
    package var isTop: Bool
    package var isHostile: Bool

    package init(
      name: String, parents: [Int?], neighbours: [Int], isTop: Bool, isHostile: Bool = false
    ) {
      self.name = name
      self.parents = parents
      self.neighbours = neighbours
      self.isTop = isTop
      self.isHostile = isHostile
    }
  }

  private let title: String
  private let nodes: [Node]

  package init(title: String, nodes: [Node]) {
    self.title = title
    self.nodes = nodes
  }

  /// Tree A and tree B beside each other, layer by layer, and the overlay as a ring below.
  package var svg: String {
    var parts: [String] = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(Self.height)" \
      font-family="sans-serif" font-size="11">
      <rect width="100%" height="100%" fill="white"/>
      <text x="16" y="24" font-size="16">\(Self.escaped(title))</text>
      """
    ]
    parts.append(tree(0, left: 0, colour: "#0b62a4"))
    parts.append(tree(1, left: Self.width / 2, colour: "#b1420d"))
    parts.append(ring)
    parts.append("</svg>")
    return parts.joined(separator: "\n") + "\n"
  }

  private func tree(_ number: Int, left: Int, colour: String) -> String {
    let layers = layers(number)
    var places: [(x: Int, y: Int)] = Array(repeating: (0, 0), count: nodes.count)
    for (depth, layer) in layers.enumerated() {
      for (index, node) in layer.enumerated() {
        let x = left + 20 + (Self.width / 2 - 40) * (2 * index + 1) / (2 * layer.count)
        let y = 70 + depth * min(110, 400 / max(1, layers.count))
        places[node] = (x, y)
      }
    }
    let head = number == 0 ? "A: even frames" : "B: odd frames"
    var parts = ["<text x=\"\(left + 16)\" y=\"48\" fill=\"\(colour)\">Tree \(head)</text>"]
    for node in nodes.indices {
      guard let parent = nodes[node].parents[number] else { continue }
      parts.append(Self.line(places[parent], places[node], colour, "0.8"))
    }
    for layer in layers { parts += layer.map { dot($0, places[$0], colour) } }
    return parts.joined(separator: "\n")
  }

  /// Nodes by distance from the stage; last those that nobody feeds.
  private func layers(_ number: Int) -> [[Int]] {
    var depths = nodes.map { $0.isTop ? 0 : Int.max }
    var isChanged = true
    var round = 0
    while isChanged, round <= nodes.count {
      isChanged = false
      round += 1
      for node in nodes.indices {
        guard let parent = nodes[node].parents[number], depths[parent] < Int.max,
          depths[parent] + 1 < depths[node]
        else { continue }
        depths[node] = depths[parent] + 1
        isChanged = true
      }
    }
    let deepest = depths.filter { $0 < Int.max }.max() ?? 0
    var layers = (0...deepest).map { depth in nodes.indices.filter { depths[$0] == depth } }
    let unfed = nodes.indices.filter { depths[$0] == Int.max }
    if !unfed.isEmpty { layers.append(unfed) }
    for depth in layers.indices.dropFirst() {
      let above = layers[depth - 1]
      layers[depth].sort {
        let left = nodes[$0].parents[number].flatMap { above.firstIndex(of: $0) } ?? .max
        let right = nodes[$1].parents[number].flatMap { above.firstIndex(of: $0) } ?? .max
        return (left, $0) < (right, $1)
      }
    }
    return layers
  }

  private var ring: String {
    let middle = (x: Self.width / 2, y: 740)
    let places = nodes.indices.map { index in
      let turn = Self.turn(index, of: nodes.count)
      return (
        x: middle.x + Int(turn.x * 430), y: middle.y + Int(turn.y * 190)
      )
    }
    var parts = ["<text x=\"16\" y=\"530\" fill=\"#555\">Overlay: who gossips with whom</text>"]
    for (index, node) in nodes.enumerated() {
      for other in node.neighbours where other > index || !nodes[other].neighbours.contains(index) {
        parts.append(Self.line(places[index], places[other], "#999", "0.6"))
      }
    }
    parts += nodes.indices.map { dot($0, places[$0], "#555") }
    return parts.joined(separator: "\n")
  }

  private func dot(_ node: Int, _ place: (x: Int, y: Int), _ colour: String) -> String {
    let radius = nodes.count > 60 ? 3 : 5
    let fill = nodes[node].isHostile ? "#d00" : nodes[node].isTop ? "#fff" : colour
    let label =
      nodes.count > 60
      ? ""
      : "<text x=\"\(place.x + 7)\" y=\"\(place.y + 4)\">\(Self.escaped(nodes[node].name))</text>"
    return """
      <circle cx="\(place.x)" cy="\(place.y)" r="\(radius)" fill="\(fill)" stroke="\(colour)">\
      <title>\(Self.escaped(nodes[node].name))</title></circle>\(label)
      """
  }

  private static func line(
    _ from: (x: Int, y: Int), _ to: (x: Int, y: Int), _ colour: String, _ width: String
  ) -> String {
    """
    <line x1="\(from.x)" y1="\(from.y)" x2="\(to.x)" y2="\(to.y)" stroke="\(colour)" \
    stroke-width="\(width)"/>
    """
  }

  /// A point on the unit circle, by turning a vector step by step.
  private static func turn(_ index: Int, of count: Int) -> (x: Double, y: Double) {
    let angle = Double(index) / Double(max(1, count)) * 6.283_185_307_179_586
    let steps = 64
    var point = (x: 0.0, y: -1.0)
    let part = angle / Double(steps)
    // Cosine and sine of a small angle by their series.
    let cosine = 1 - part * part / 2 + part * part * part * part / 24
    let sine = part - part * part * part / 6 + part * part * part * part * part / 120
    for _ in 0..<steps {
      point = (point.x * cosine - point.y * sine, point.x * sine + point.y * cosine)
    }
    return point
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "<": result += "&lt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  private static let width = 1_200
  private static let height = 960
}

extension World {
  /// The room as it is now, after ``run()`` as it was at the end.
  package var drawing: Drawing {
    let shape = lookAtShape()
    let members = residents.filter(\.isMember).map(\.index)
    var number = [Int?](repeating: nil, count: residents.count)
    for (place, index) in members.enumerated() { number[index] = place }
    let nodes = members.map { index in
      let resident = residents[index]
      let inside = room.flatMap { resident.participant.inspect($0) }
      return Drawing.Node(
        name: "\(index)", parents: shape.parents[index].map { $0.flatMap { number[$0] } },
        neighbours: (inside?.neighbours ?? []).compactMap { key in
          nodeByKey[key.raw.high.high].flatMap { number[$0] }
        },
        isTop: shape.tops[index], isHostile: !resident.isHonest)
    }
    return Drawing(title: "\(topology.name), seed \(seed), \(members.count) members", nodes: nodes)
  }
}
