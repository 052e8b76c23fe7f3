import ArgumentParser
import Node
import Wire

/// `starling mod`: what moderators and the host decide.
struct ModCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mod", abstract: "Moderate a room.",
    discussion: """
      Every order is signed and judged alike by every node of the room: a junior moderator cannot \
      act on a senior one, and what restricts somebody wins over what was granted at the same time.

      EXAMPLE
        starling mod promote Ben
        starling mod mute 4f1c --minutes 10
        starling mod remove 4f1c --now
        starling mod rules handsDown doorShut
        starling mod close
      """,
    subcommands: [
      Promote.self, Speaker.self, Admit.self, Relay.self, Demote.self, Mute.self, Unmute.self,
      Remove.self, Unban.self, Lower.self, HandOver.self, Rules.self, Close.self,
    ])

  /// What all orders about a person take.
  struct Order: ParsableArguments {
    @OptionGroup var node: NodeChoice
    @OptionGroup var room: RoomChoice
    @OptionGroup var person: PersonChoice

    func give(
      _ action: StageRequest.Action, minutes: Double? = nil, isImmediate: Bool = false
    ) throws(Failure) {
      let seconds = (minutes ?? 0) * 60
      guard seconds >= 0, seconds <= Double(Limits.roomLifetimeSeconds) else {
        throw Failure(.usage, "Minutes are 0 to a week.")
      }
      try node.moderate(
        action, person, room, seconds: UInt32(seconds), isImmediate: isImmediate)
    }
  }

  /// The command `starling mod promote`.
  struct Promote: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make somebody a moderator.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.promote) }
  }

  /// The command `starling mod speaker`.
  struct Speaker: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let somebody speak from now on.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.speaker) }
  }

  /// The command `starling mod admit`.
  struct Admit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let somebody in by key (starling id --room LINK).")
    @OptionGroup var order: Order
    func run() throws { try order.give(.admit) }
  }

  /// The command `starling mod relay`.
  struct Relay: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let somebody pass sound on without a key to hear it.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.relay) }
  }

  /// The command `starling mod demote`.
  struct Demote: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take all roles but listening.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.demote) }
  }

  /// The command `starling mod mute`.
  struct Mute: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Switch a microphone off; nobody passes on what it sends.")
    @OptionGroup var order: Order
    @Option(help: "For so long; until unmuted if left out.")
    var minutes: Double?
    func run() throws { try order.give(.mute, minutes: minutes) }
  }

  /// The command `starling mod unmute`.
  struct Unmute: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a muted person speak again.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.unmute) }
  }

  /// The command `starling mod remove`.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put somebody out; keys change within a second and a half.")
    @OptionGroup var order: Order
    @Option(help: "For so long; for good if left out.")
    var minutes: Double?
    @Flag(help: "Change keys at once: some listeners may miss half a second.")
    var now = false
    func run() throws { try order.give(.remove, minutes: minutes, isImmediate: now) }
  }

  /// The command `starling mod unban`.
  struct Unban: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a removed person in again.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.unban) }
  }

  /// The command `starling mod lower`.
  struct Lower: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lower somebody's hand.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.lower) }
  }

  /// The command `starling mod handover`.
  struct HandOver: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "handover", abstract: "Make somebody else the host; only the host can.")
    @OptionGroup var order: Order
    func run() throws { try order.give(.handover) }
  }

  /// The command `starling mod rules`.
  struct Rules: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set the room's rules: all that hold from now on.",
      discussion: """
        handsDown       nobody may raise a hand
        listenersShown  listeners are named to each other
        doorShut        nobody new comes in
        """)
    @OptionGroup var node: NodeChoice
    @OptionGroup var room: RoomChoice
    @Argument(help: "Rules; none takes all back.")
    var rules: [String] = []

    func run() throws {
      guard let policy = RoomPolicy(names: rules) else {
        throw Failure(.usage, "Rules are handsDown, listenersShown and doorShut.")
      }
      try node.order(.policy(policy), room)
    }
  }

  /// The command `starling mod close`.
  struct Close: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End the room for everybody; only the host can.")
    @OptionGroup var node: NodeChoice
    @OptionGroup var room: RoomChoice
    func run() throws { try node.order(.close, room) }
  }
}
