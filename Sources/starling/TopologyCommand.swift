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
        of the running node is drawn as far as that node can see: its own parents, children and \
        neighbours. Name the control sockets of other nodes on this machine to see more.

        EXAMPLE
          starling topology draw Topologies/kitchen-table.json > table.svg
          starling topology draw --live -o room.svg
          starling topology draw --live --control 1.control --also 2.control --also 3.control
        """)

    @Argument(help: "The topology file.")
    var file: String?
    @Flag(help: "Draw the room of the running node.")
    var live = false
    @Option(help: "With --live, the control socket of another node; may be repeated.")
    var also: [String] = []
    @Option(help: "Instead of the seed in the file.")
    var seed: UInt64?
    @Option(name: .shortAndLong, help: "The file to write; standard output if there is none.")
    var output: String?
    @OptionGroup var node: NodeChoice

    func validate() throws {
      guard live == (file == nil) else {
        throw ValidationError("Name a topology file, or say --live.")
      }
      guard live || also.isEmpty else { throw ValidationError("--also goes with --live.") }
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
      var reports = [try node.ask(.status, for: StatusReport.self)]
      for path in also {
        var connection = try ControlConnection(path: path)
        reports.append(try connection.ask(.status, for: StatusReport.self))
      }
      guard let picture = TopologyPicture(reports) else {
        throw Failure(.refused, "This node is in no room.")
      }
      return picture.drawing.svg
    }
  }
}
