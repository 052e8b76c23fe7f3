import ArgumentParser
import Node
import Wire

/// `starling invite`: a link to pass on.
struct InviteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invite", abstract: "Print a link to a room.",
    discussion: """
      Without --role or --uses it is the room's first link, which anybody here may pass on. With \
      them it is a new one, of a moderator: for a listener or a speaker, once, several times or \
      (--uses 0) as often as anybody likes. Uses are counted by this node alone, so it has to be \
      there when the guest comes. Revoking a link puts its guests out.

      EXAMPLE
        starling invite --qr
        starling invite "Kitchen table" --hours 2
        starling invite --role speaker --uses 1 --expires 30
        starling invite --revoke 3fa9
      """)

  @OptionGroup var node: NodeChoice
  @Argument(help: "Title, id or beginning of the id; the only room if left out.")
  var room: String?
  @Option(help: "Hours the link is good for, up to 168.")
  var hours: Double?
  @Option(help: "Minutes the link is good for, instead of hours.")
  var expires: Double?
  @Option(help: "listener or speaker: makes a link of its own.")
  var role: String?
  @Option(help: "How many may come in by it; 0 is anybody who has it.")
  var uses: Int?
  @Option(help: "Key of a link, or its beginning (starling status): it admits nobody any more.")
  var revoke: String?
  @Flag(help: "Also as a picture for a camera.")
  var qr = false
  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    guard hours == nil || expires == nil else { throw ValidationError("Hours or minutes?") }
    guard let hours = hours ?? expires.map({ $0 / 60 }) else { return }
    guard hours >= 1 / 60, hours <= 168 else {
      throw ValidationError("A link is good for a minute to a week (168 hours).")
    }
  }

  func run() throws {
    if let revoke {
      _ = try node.ask(.stage(room, .revoke(revoke)), for: DoneReport.self)
      return
    }
    let report = try node.ask(try request, for: InviteReport.self)
    if json { return Terminal.say(json: report) }
    if qr {
      guard let lines = QRCode.lines(of: report.link) else {
        throw Failure(.failed, "The link is too long for a picture.")
      }
      for line in lines { Terminal.say(line) }
    }
    Terminal.say(report.link)
    if let key = report.invite { Terminal.complain("Revoke with: --revoke \(key.prefix(8))") }
  }

  private var request: ControlRequest {
    get throws(Failure) {
      let seconds = (hours.map { $0 * 3_600 } ?? expires.map { $0 * 60 }).map { Int($0) }
      guard role != nil || uses != nil else { return .invite(room, lifetime: seconds) }
      guard let role = Role(name: role ?? "listener"), role <= .speaker,
        let uses = UInt32(exactly: uses ?? 0)
      else { throw Failure(.usage, "A link is for a listener or a speaker, with 0 or more uses.") }
      return .stage(
        room,
        .makeInvite(InviteTerms(role: role, uses: uses), lifetime: seconds ?? Self.standard))
    }
  }

  /// A day.
  private static let standard = 86_400
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
