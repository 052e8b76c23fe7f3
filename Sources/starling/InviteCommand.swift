import ArgumentParser
import Node
import Wire

/// `starling invite`: a link to pass on.
struct InviteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invite", abstract: "Print a link to a room.",
    discussion: """
      Whoever has the link can come in and listen. It names up to four nodes of the room to ask.

      EXAMPLE
        starling invite
        starling invite "Kitchen table" --hours 2
      """)

  @OptionGroup var node: NodeChoice
  @Argument(help: "Title, id or beginning of the id; the only room if left out.")
  var room: String?
  @Option(help: "Hours the link is good for, up to 168.")
  var hours: Double?
  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    guard let hours else { return }
    guard hours >= 0.02, hours <= 168 else {
      throw ValidationError("A link is good for a minute (0.02) to a week (168).")
    }
  }

  func run() throws {
    let lifetime = hours.map { Int($0 * 3_600) }
    let report = try node.ask(.invite(room, lifetime: lifetime), for: InviteReport.self)
    json ? Terminal.say(json: report) : Terminal.say(report.link)
  }
}

/// `starling join`: into a room by link.
struct Join: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Join a room by link, or an open room by title or id.",
    discussion: """
      EXAMPLE
        starling join starling:EAEj… --name Ben
        starling join Newsroom
      """)

  @OptionGroup var node: NodeChoice
  @Argument(help: "Link (starling:… or https://…#…), or title or id of a listed room.")
  var link: String
  @Option(help: "Name others see.")
  var name: String?
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let report = try node.ask(try request, for: RoomReport.self)
    json ? Terminal.say(json: report) : Terminal.say("\(report.room)  \(report.title)")
  }

  private var request: ControlRequest {
    get throws(Failure) {
      guard link.contains(":") else { return .joinListed(room: link, name: name) }
      do throws(WireError) {
        return .join(try Invite(text: link), name: name)
      } catch {
        throw Failure(.usage, ControlError(link: error).error)
      }
    }
  }
}
