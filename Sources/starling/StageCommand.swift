import ArgumentParser
import Node
import Wire

/// `starling stage`: coming on and going off.
struct StageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stage", abstract: "Offer, take and leave a seat on the stage.",
    subcommands: [Offer.self, Take.self, Leave.self])

  /// The command `starling stage invite`.
  struct Offer: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "invite", abstract: "Offer somebody a seat, for a minute.",
      discussion: """
        EXAMPLE
          starling stage invite Ben
        """)

    @OptionGroup var node: NodeChoice
    @OptionGroup var room: RoomChoice
    @OptionGroup var person: PersonChoice

    func run() throws { try node.moderate(.invite, person, room) }
  }

  /// The command `starling stage accept`.
  struct Take: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "accept", abstract: "Take the seat that was offered.",
      discussion: """
        EXAMPLE
          starling stage accept && starling speak talk.wav
        """)

    @OptionGroup var node: NodeChoice
    @OptionGroup var room: RoomChoice

    func run() throws { try node.order(.takeSeat, room) }
  }

  /// The command `starling stage leave`.
  struct Leave: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "leave", abstract: "Step down into the audience.",
      discussion: """
        EXAMPLE
          starling stage leave
        """)

    @OptionGroup var node: NodeChoice
    @OptionGroup var room: RoomChoice

    func run() throws { try node.order(.stepDown, room) }
  }
}

/// `starling hand`: up or down.
struct HandCommand: ParsableCommand {
  /// Where the hand goes.
  enum Way: String, ExpressibleByArgument, CaseIterable { case up, down }

  static let configuration = CommandConfiguration(
    commandName: "hand", abstract: "Raise a hand, or lower it.",
    discussion: """
      Hands stand in a queue, longest raised first, and go down by themselves after ten minutes.

      EXAMPLE
        starling hand up
      """)

  @OptionGroup var node: NodeChoice
  @OptionGroup var room: RoomChoice
  @Argument(help: "up or down.")
  var way: Way

  func run() throws { try node.order(.hand(isUp: way == .up), room) }
}

/// `starling react`: a sign without words.
struct ReactCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "react", abstract: "Clap, laugh, wave: a sign that all in the room see.",
    discussion: """
      It is shown for a moment and kept by nobody. Whoever does it faster than about once a second \
      is not shown.

      EXAMPLE
        starling react clap
      """)

  @OptionGroup var node: NodeChoice
  @OptionGroup var room: RoomChoice
  @Argument(help: "clap, laugh, heart, wave, wow or agree.")
  var sign: String

  func run() throws {
    guard let sign = Reaction.Sign(name: sign) else {
      throw Failure(.usage, "A sign is clap, laugh, heart, wave, wow or agree.")
    }
    try node.order(.react(sign), room)
  }
}

/// Which room, where there are several.
struct RoomChoice: ParsableArguments {
  @Option(help: "Title, id or beginning of the id; the only room if left out.")
  var room: String?
}

/// Somebody in a room.
struct PersonChoice: ParsableArguments {
  @Argument(help: "Name, key, or beginning of the key (starling status).")
  var person: String
}

extension NodeChoice {
  func order(_ request: StageRequest, _ choice: RoomChoice) throws(Failure) {
    _ = try ask(.stage(choice.room, request), for: DoneReport.self)
  }

  func moderate(
    _ action: StageRequest.Action, _ person: PersonChoice, _ room: RoomChoice,
    seconds: UInt32 = 0, isImmediate: Bool = false
  ) throws(Failure) {
    try order(
      .moderate(action, person: person.person, seconds: seconds, isImmediate: isImmediate), room)
  }
}
