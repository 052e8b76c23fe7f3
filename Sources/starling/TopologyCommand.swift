import ArgumentParser
import Node
import Simulator

/// `starling topology`: pictures of rooms.
struct TopologyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology", abstract: "Draw a topology, or the room this node is in.",
    subcommands: [Draw.self])

  /// Both trees and the overlay.
  struct Draw: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write an SVG of both trees and the overlay.",
      discussion: """
        With a file, its world is run to the end and drawn as it was then. With --live the room \
        of the running node is drawn as far as that node can see: its own parents, standbys, \
        children and neighbours.

        EXAMPLE
          starling topology draw Topologies/kitchen-table.json > table.svg
          starling topology draw --live -o room.svg
        """)

    @Argument(help: "The topology file.")
    var file: String?
    @Flag(help: "Draw the room of the running node.")
    var live = false
    @Option(help: "Instead of the seed in the file.")
    var seed: UInt64?
    @Option(name: .shortAndLong, help: "The file to write; standard output if there is none.")
    var output: String?
    @OptionGroup var node: NodeChoice

    func validate() throws {
      guard live == (file == nil) else {
        throw ValidationError("Name a topology file, or say --live.")
      }
    }

    func run() throws {
      let svg = try file.map(simulated) ?? drawLive()
      guard let output else { return Terminal.say(svg) }
      do { try StoredFile.write(Array(svg.utf8), to: output, mode: 0o644) } catch {
        throw Failure(.failed, "\(output) cannot be written: \(error.sentence).")
      }
    }

    private func simulated(_ file: String) throws -> String {
      let topology = try Simulate.read(file)
      guard let world = try? World(topology, seed: seed ?? topology.seed) else {
        throw Failure(.failed, "Memory for the secrets of so many nodes cannot be had.")
      }
      _ = world.run()
      return world.drawing.svg
    }

    private func drawLive() throws -> String {
      let report = try node.ask(.status, for: StatusReport.self)
      guard let room = report.rooms.first else {
        throw Failure(.refused, "This node is in no room.")
      }
      return LivePicture(report: report, room: room).drawing.svg
    }
  }
}

/// What one node knows of its room, as a picture.
private struct LivePicture {
  private var keys: [String] = []
  private var nodes: [Drawing.Node] = []
  private let title: String

  init(report: StatusReport, room: StatusReport.Room) {
    title = "\(room.title): what this node sees of \(room.members.count) members"
    var names = [report.node]
    for member in room.members where !names.contains(member.node) { names.append(member.node) }
    keys = names
    for key in names {
      let member = room.members.first { $0.node == key }
      let name = member?.name ?? ""
      nodes.append(
        Drawing.Node(
          name: name.isEmpty ? StatusCommand.short(key) : name, parents: [nil, nil],
          neighbours: [], isTop: member?.onStage ?? false))
    }
    for (number, tree) in room.trees.prefix(2).enumerated() {
      if let parent = tree.parent.flatMap({ names.firstIndex(of: $0) }) {
        nodes[0].parents[number] = parent
      }
      for child in tree.children.compactMap({ names.firstIndex(of: $0) }) where child != 0 {
        nodes[child].parents[number] = 0
      }
    }
    nodes[0].neighbours = room.neighbours.compactMap { names.firstIndex(of: $0) }
  }

  var drawing: Drawing { Drawing(title: title, nodes: nodes) }
}
