import Foundation
import Node
import Simulator
import Testing
import starling

/// What `starling topology draw --live` makes of the replies of nodes.
@Suite struct TopologyPictureTests {
  /// As the control socket sends it.
  private static func report(
    _ node: String, room: String = "r1", parents: [String?], children: [[String]] = [[], []],
    depth: Int = 1, neighbours: [String] = []
  ) throws -> StatusReport {
    let trees = ["A", "B"].enumerated().map { number, tree in
      let parent = parents[number].map { "\"\($0)\"" } ?? "null"
      let fed = children[number].map { "\"\($0)\"" }.joined(separator: ",")
      return """
        {"tree":"\(tree)","parent":\(parent),"standbys":["d"],"children":[\(fed)],\
        "depth":\(depth),"delay":12.5}
        """
    }
    let members = [("a", "Ann <1>"), ("b", "Ben"), ("c", "Cem"), ("d", "")].map {
      """
      {"session":1,"node":"\($0)","name":"\($1)","onStage":false,"relays":true,"colour":"A",\
      "audible":true,"person":"\($0)","muted":false}
      """
    }
    let text = """
      {"node":"\(node)","version":"1","addresses":[],"uptime":3,"peers":[],"listings":[],\
      "counters":{},"rooms":[{"room":"\(room)","title":"Tea","access":"social","session":1,\
      "colour":"A","members":[\(members.joined(separator: ","))],\
      "trees":[\(trees.joined(separator: ","))],"streams":[],\
      "stage":{"person":"a","muted":false,"hands":[],"policy":[],"removed":[],"invites":[],\
      "code":[],"standing":""},\
      "neighbours":[\(neighbours.map { "\"\($0)\"" }.joined(separator: ","))]}]}
      """
    return try JSONDecoder().decode(StatusReport.self, from: Data(text.utf8))
  }

  private func lines(_ svg: String, _ colour: String) -> Int {
    svg.split(separator: "<line").count { $0.contains("stroke=\"\(colour)\"") }
  }

  private static let treeA = "#0b62a4"
  private static let treeB = "#b1420d"
  private static let overlay = "#999"

  @Test func oneNodeShowsItsOwnPlace() throws {
    let own = try Self.report(
      "b", parents: ["a", "c"], children: [["c", "d"], []], neighbours: ["a", "d", "stranger"])
    let svg = try #require(TopologyPicture([own])).drawing.svg
    #expect(svg.contains("Tea: what one node sees of 4 members"))
    // Its parent and two children in A, its parent in B, two neighbours that are members.
    #expect([Self.treeA, Self.treeB, Self.overlay].map { lines(svg, $0) } == [3, 1, 2])
    #expect(svg.contains("Ann &lt;1&gt;") || svg.contains("Ann &lt;1>"))
    #expect(svg.split(separator: "<circle").count == 1 + 3 * 4)
  }

  @Test func severalNodesTogetherShowTheWholeRoom() throws {
    let reports = [
      try Self.report("a", parents: [nil, nil], children: [["b"], ["c"]], depth: 0),
      try Self.report("b", parents: ["a", "c"], children: [["c", "d"], []], neighbours: ["a"]),
      try Self.report("c", parents: ["b", "a"], children: [[], ["b", "d"]], neighbours: ["a"]),
      try Self.report("d", parents: ["b", "c"], neighbours: ["b"]),
    ]
    let svg = try #require(TopologyPicture(reports)).drawing.svg
    #expect(svg.contains("Tea: what 4 nodes see of 4 members"))
    #expect([Self.treeA, Self.treeB, Self.overlay].map { lines(svg, $0) } == [3, 3, 3])
    // Only the maker of the room stands at the top, in each of the three pictures.
    #expect(svg.split(separator: "<circle").count { $0.contains("fill=\"#fff\"") } == 3)
  }

  @Test func whoIsInAnotherRoomOrInNoneDoesNotCount() throws {
    let here = try Self.report("a", parents: [nil, nil], children: [["b"], ["b"]], depth: 0)
    let elsewhere = try Self.report("b", room: "r2", parents: ["d", "d"])
    let svg = try #require(TopologyPicture([here, elsewhere])).drawing.svg
    #expect(svg.contains("what one node sees"))
    #expect([Self.treeA, Self.treeB].map { lines(svg, $0) } == [1, 1])
    var roomless = here
    roomless.rooms = []
    #expect(TopologyPicture([roomless, here]) == nil)
    #expect(TopologyPicture([]) == nil)
  }
}
