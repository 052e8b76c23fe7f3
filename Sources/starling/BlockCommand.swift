import ArgumentParser
import Node

/// `starling block`: not to hear somebody at this node any more.
struct BlockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "block", abstract: "Not to hear somebody here, nor see hand or invites.",
    discussion: """
      For this node alone: nobody is told, and everybody else hears that person as before. It \
      holds in the room of that person, in which everybody has another key than elsewhere.

      EXAMPLE
        starling block 4f1c
        starling blocks
        starling unblock 4f1c
      """)

  @OptionGroup var node: NodeChoice
  @OptionGroup var room: RoomChoice
  @OptionGroup var person: PersonChoice

  func run() throws {
    _ = try node.ask(
      .block(.set(room.room, person: person.person, true)), for: DoneReport.self)
  }
}

/// `starling unblock`: to hear somebody again.
struct UnblockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unblock", abstract: "Hear somebody again.")

  @OptionGroup var node: NodeChoice
  @OptionGroup var room: RoomChoice
  @OptionGroup var person: PersonChoice

  func run() throws {
    _ = try node.ask(
      .block(.set(room.room, person: person.person, false)), for: DoneReport.self)
  }
}

/// `starling blocks`: who is not heard here.
struct BlocksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blocks", abstract: "List the keys of those who are blocked here.")

  @OptionGroup var node: NodeChoice
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let report = try node.ask(.block(.list), for: BlocksReport.self)
    if json { return Terminal.say(json: report) }
    for person in report.people { Terminal.say(person) }
  }
}
