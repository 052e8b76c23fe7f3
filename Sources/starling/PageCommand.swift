import ArgumentParser
import Glibc
import Node
import Page

/// `starling page`: what to open in a browser, and which other devices may.
struct PageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "page",
    abstract: "Print the link that opens the node's page; pair other devices with it.",
    subcommands: [Show.self, Pair.self, List.self, Revoke.self], defaultSubcommand: Show.self)

  /// The command `starling page` without more.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "link", abstract: "Print the link that opens the page on this machine.",
      discussion: """
        Whoever has the link can use the node from this machine. It stays the same until the file \
        page-key in the data directory is removed and the node started again.

        EXAMPLE
          starling page
        """)

    @OptionGroup var node: NodeChoice

    func run() throws {
      let settings = try node.settings()
      guard let link = try PageServer.savedLink(folder: settings.data) else {
        throw Failure(.noNode, "No page is being served. Start the node with: starling up")
      }
      Terminal.say(link)
    }
  }

  /// The command `starling page pair`.
  struct Pair: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pair", abstract: "Let one more device use the page.",
      discussion: """
        Prints a code that is good for one device, five minutes and five tries, and waits until it \
        is used. The node must be told where other devices reach it:

        EXAMPLE
          starling up --page-devices 192.168.1.5:8443
          starling page pair

        The device's browser will say that it does not know the certificate. Compare the \
        fingerprint it shows with the one printed here before you go on.
        """)

    @OptionGroup var node: NodeChoice
    @Flag(help: "Do not wait until the code is used.")
    var noWait = false
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let report = try node.ask(.pairDevice, for: PairingReport.self)
      if json { return Terminal.say(json: report) }
      for line in Self.lines(report) { Terminal.say(line) }
      if !noWait { try wait(try node.ask(.devices, for: DevicesReport.self)) }
    }

    /// What a person needs to see.
    static func lines(_ report: PairingReport) -> [String] {
      (QRCode.lines(of: report.link) ?? []) + [
        "Open:        \(report.link)",
        "Code:        \(report.letters)",
        "Certificate: \(report.fingerprint)",
        "The code is good for \(report.seconds / 60) minutes and one device.",
      ]
    }

    private func wait(_ before: DevicesReport) throws {
      let known = Set(before.devices.map(\.device))
      while true {
        sleep(1)
        let now = try node.ask(.devices, for: DevicesReport.self)
        if let new = now.devices.first(where: { !known.contains($0.device) }) {
          return Terminal.say("Paired: device \(new.device), \(new.name)")
        }
        guard now.pairing != nil else {
          throw Failure(.refused, "The code is void: its time, or its tries, are over.")
        }
      }
    }
  }

  /// The command `starling page devices`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "devices", abstract: "List the devices that may use the page.",
      discussion: """
        EXAMPLE
          starling page devices
        """)

    @OptionGroup var node: NodeChoice
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let report = try node.ask(.devices, for: DevicesReport.self)
      if json { return Terminal.say(json: report) }
      guard !report.devices.isEmpty else { return Terminal.say("No device is paired.") }
      let rows = report.devices.map { device in
        [
          "\(device.device)", device.name, "paired \(Self.day(device.paired))",
          "seen \(Self.day(device.seen))", device.open > 0 ? "here now" : "",
        ]
      }
      Terminal.say(Terminal.table(rows))
    }

    private static func day(_ milliseconds: Int64) -> String {
      String(UTC.text(UInt64(clamping: milliseconds)).prefix { $0 != "T" })
    }
  }

  /// The command `starling page revoke`.
  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke", abstract: "Take the page away from a device, at once.",
      discussion: """
        EXAMPLE
          starling page revoke 3
        """)

    @OptionGroup var node: NodeChoice
    @Argument(help: "The device's number (starling page devices).")
    var device: Int

    func run() throws { _ = try node.ask(.revokeDevice(device), for: DoneReport.self) }
  }
}
