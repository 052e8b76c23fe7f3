import ArgumentParser
import Node
import Wire

/// `starling id`: who this node is.
struct ID: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "id", abstract: "Print this node's key and peer addresses.",
    discussion: """
      A peer address is all another node needs to link with this one.

      EXAMPLE
        starling id
        starling id --room starling:EAEj…
      """)

  @OptionGroup var node: NodeChoice
  @Option(help: "Link to a room: the key this person would have there, for a moderator to admit.")
  var room: String?
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    if let room {
      guard let invite = try? Invite(text: room) else {
        throw Failure(.usage, "This is not an invite link (starling:…).")
      }
      let report = try node.ask(.persona(invite), for: PersonaReport.self)
      return json ? Terminal.say(json: report) : Terminal.say(report.person)
    }
    let report = try node.ask(.id, for: IdentityReport.self)
    if json { return Terminal.say(json: report) }
    Terminal.say("Key:     \(report.node)")
    for address in report.addresses { Terminal.say("Address: \(address)") }
  }
}

/// `starling connect`: one link by hand.
struct Connect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Link with a node by its peer address.",
    discussion: """
      EXAMPLE
        starling connect starling://KEY@example.org:4000
      """)

  @OptionGroup var node: NodeChoice
  @Argument(help: "Peer address.")
  var address: String

  func run() throws {
    guard let address = try? PeerAddress(text: address) else {
      throw Failure(.usage, "This is not a peer address (starling://key@host:port).")
    }
    _ = try node.ask(.connect(address), for: DoneReport.self)
  }
}

/// `starling stop`: the end of the node.
struct Stop: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stop the node.",
    discussion: """
      EXAMPLE
        starling stop
      """)

  @OptionGroup var node: NodeChoice

  func run() throws { _ = try node.ask(.stop, for: DoneReport.self) }
}
