import ArgumentParser
import Glibc
import Node

/// `starling verify`: codes that people compare.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare codes with others, to know that nobody sits between.",
    discussion: """
      Without a person: the room code, the same for everybody who is shown the same moderators and \
      speakers; read it aloud. With one: the safety number of the two of you, and with --pictures \
      seven pictures that appear on both screens and have to be the same.

      EXAMPLE
        starling verify
        starling verify Ben --pictures
      """)

  @OptionGroup var node: NodeChoice
  @OptionGroup var room: RoomChoice
  @Argument(help: "Name, key, or beginning of the key.")
  var person: String?
  @Flag(help: "Compare seven pictures, over a link between the two.")
  var pictures = false
  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    guard !pictures || person != nil else { throw ValidationError("Pictures with whom?") }
  }

  func run() throws {
    if pictures, let person { return try compare(person) }
    let report = try node.ask(
      .stage(room.room, .verify(person: person)), for: CodesReport.self)
    if json { return Terminal.say(json: report) }
    Terminal.say("Room code      \(report.room.joined(separator: " "))")
    if let safety = report.safety {
      Terminal.say("Safety number  \(safety.prefix(6).joined(separator: " "))")
      Terminal.say("               \(safety.dropFirst(6).joined(separator: " "))")
    }
  }

  private func compare(_ person: String) throws {
    var events = try node.connect()
    _ = try events.ask(.events(room.room), for: DoneReport.self)
    try node.order(.compare(person: person), room)
    while true {
      let event = try events.receive(EventReport.self)
      guard event.event == "compared" else { continue }
      if json { return Terminal.say(json: event) }
      guard let pictures = event.pictures, let words = event.words else {
        throw Failure(
          .refused,
          event.reason == "fraud"
            ? "This is not who it says: somebody sits between you." : "The other side ended it.")
      }
      Terminal.say(zip(pictures, words).map { "\($0) \($1)" }.joined(separator: "   "))
      let numbers = event.numbers?.map(String.init).joined(separator: " ") ?? ""
      return Terminal.say("The same on both screens? Or read the numbers: \(numbers)")
    }
  }
}

/// `starling events`: everything that happens, line by line.
struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Follow what happens in rooms, line by line.",
    discussion: """
      Every change in the order in which this node learnt it, for pages and bots; without --json, \
      for people. Ends with Ctrl-C.

      EXAMPLE
        starling events --json | jq -c 'select(.event == "hand")'
      """)

  @OptionGroup var node: NodeChoice
  @OptionGroup var room: RoomChoice
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    signal(SIGPIPE, SIG_DFL)
    var connection = try node.connect()
    _ = try connection.ask(.events(room.room), for: DoneReport.self)
    while true {
      let event = try connection.receive(EventReport.self)
      json ? Terminal.say(json: event) : Terminal.say(Self.sentence(event))
    }
  }

  private static func sentence(_ event: EventReport) -> String {
    let onOff = event.on.map { $0 ? "on" : "off" }
    let parts = [
      event.event, event.person.map { String($0.prefix(8)) }, event.role, onOff, event.reason,
      event.policy?.joined(separator: ","), event.invite.map { String($0.prefix(8)) },
      event.pictures?.joined(separator: " "), event.room.map { "room \($0.prefix(8))" },
    ]
    return parts.compactMap(\.self).joined(separator: "  ")
  }
}
