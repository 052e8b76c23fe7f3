import ArgumentParser
import CLinux
import Glibc
import Node

/// The command line: one node, and small programs that ask it for something.
@main
struct Starling: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "starling",
    abstract: "Voice rooms that nobody can switch off.",
    discussion: """
      One node runs on this machine (starling up); every other command asks it for something \
      over a local socket.

      EXAMPLE
        starling up --unprotected &
        starling room create "Kitchen table"
        starling invite
        starling speak talk.wav

      EXIT CODES
        0  done
        1  something outside failed: a file, a device, the network
        2  wrong usage: an option, a link, a file of the wrong kind
        3  no node is running
        4  the node answered no
        5  the node cannot start: settings, identity or port
      """,
    version: version,
    subcommands: [
      Up.self, PageCommand.self, ID.self, RoomCommand.self, InviteCommand.self, Join.self,
      Connect.self, Speak.self, Listen.self, StageCommand.self, HandCommand.self,
      ReactCommand.self, ModCommand.self, VerifyCommand.self, BlockCommand.self,
      UnblockCommand.self, BlocksCommand.self, EventsCommand.self, StatusCommand.self,
      DoctorCommand.self, ForwardCommand.self, Stop.self,
      Seeds.self, Demo.self,
      Simulate.self,
      TopologyCommand.self,
    ])

  static let version = "0.1.0"

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      Terminal.complain("starling: \(failure.sentence)")
      Glibc.exit(failure.kind.rawValue)
    } catch {
      let code = exitCode(for: error)
      if code.isSuccess { exit(withError: error) }
      Terminal.complain(fullMessage(for: error))
      Glibc.exit(code == .validationFailure ? Failure.Kind.usage.rawValue : code.rawValue)
    }
  }
}
