import ArgumentParser
import Mesh
import Node

/// `starling room`: rooms this node is in or knows of.
struct RoomCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "room", abstract: "Make, list and leave rooms.",
    subcommands: [Create.self, List.self, Leave.self])

  /// The command `starling room create`.
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a room and be in it.",
      discussion: """
        A social room is joined by link; an open room is listed to every connected node; into a \
        closed one come those a moderator names, or gives a link of their own.

        EXAMPLE
          starling room create "Kitchen table" --name Ann
          starling room create Newsroom --open --json
        """)

    @OptionGroup var node: NodeChoice
    @Argument(help: "Title.")
    var title: String
    @Flag(help: "Listed, and open to everybody who sees it.")
    var open = false
    @Flag(help: "Nobody comes in by the room's own link.")
    var closed = false
    @Option(help: "Name others see.")
    var name: String?
    @Flag(help: "As JSON.")
    var json = false

    func validate() throws {
      guard !(open && closed) else { throw ValidationError("Open or closed?") }
    }

    func run() throws {
      let request = ControlRequest.create(
        title: title, access: open ? .open : closed ? .closed : .social, name: name)
      let report = try node.ask(request, for: RoomReport.self)
      json ? Terminal.say(json: report) : Terminal.say(report.room)
    }
  }

  /// The command `starling room list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List rooms this node is in, and open rooms it was told of.",
      discussion: """
        EXAMPLE
          starling room list
        """)

    @OptionGroup var node: NodeChoice
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let report = try node.ask(.rooms, for: RoomsReport.self)
      if json { return Terminal.say(json: report) }
      if report.rooms.isEmpty { return Terminal.say("No rooms.") }
      Terminal.say(
        Terminal.table(
          report.rooms.map {
            [$0.joined ? "in" : "open", String($0.members), $0.title, "id \($0.room)"]
          }))
    }
  }

  /// The command `starling room leave`.
  struct Leave: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Leave a room.",
      discussion: """
        EXAMPLE
          starling room leave "Kitchen table"
        """)

    @OptionGroup var node: NodeChoice
    @Argument(help: "Title, id or beginning of the id; the only room if left out.")
    var room: String?

    func run() throws { _ = try node.ask(.leave(room), for: DoneReport.self) }
  }
}
