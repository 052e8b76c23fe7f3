import ArgumentParser
import CLinux
import Glibc
import Logging
import Mesh
import Node
import Page
import Quantum
import Synchronization
import Wire

/// `starling up`: the node itself.
struct Up: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the node until it is told to stop.",
    discussion: """
      Settings come from flags, then STARLING_* variables, then the file, then defaults. A new \
      identity is sealed with a passphrase; with --unprotected it is not.

      EXAMPLE
        starling up --port 4000 --name Ann --uplink 2000
        starling up --print-configuration

      SIGTERM and SIGINT say goodbye to everybody and end the node with exit code 0.
      """)

  @Option(help: "Settings file.")
  var configuration: String?
  @Option(help: "UDP port; 0 takes any free one.")
  var port: Int?
  @Option(help: "Address to bind to.")
  var bind: String?
  @Option(help: "Data directory.")
  var data: String?
  @Option(help: "Path of the control socket.")
  var control: String?
  @Option(name: .customLong("peer"), help: "Peer address to link with; may be repeated.")
  var peers: [String] = []
  @Option(help: "Seed list file; may be repeated.")
  var seeds: [String] = []
  @Option(name: .customLong("seed-key"), help: "minisign key of seed lists; may be repeated.")
  var seedKeys: [String] = []
  @Option(help: "host:port under which others reach this node; may be repeated.")
  var advertise: [String] = []
  @Flag(help: "Ask the router to forward the port, in NAT-PMP and UPnP.")
  var forward = false
  @Option(help: "Where the page is served on this machine, as 127.0.0.1:PORT, or off.")
  var page: String?
  @Option(help: "Where other devices open the page after pairing, as address:port, or off.")
  var pageDevices: String?
  @Option(name: .customLong("page-name"), help: "Host under which they find it; may be repeated.")
  var pageNames: [String] = []
  @Option(help: "Certificate shown to them, a PEM file; without it the node makes one.")
  var pageCertificate: String?
  @Option(help: "Its key, a PEM file.")
  var pageCertificateKey: String?
  @Option(help: "Where tunnels come in, as address:port, or off.")
  var tunnel: String?
  @Option(help: "Certificate of the tunnel's server, a PEM file.")
  var tunnelCertificate: String?
  @Option(help: "Its key, a PEM file.")
  var tunnelKey: String?
  @Option(help: "Folder of the web site that strangers see at the tunnel's server.")
  var tunnelSite: String?
  @Option(help: "Host, or host:port, that others dial to reach the tunnel.")
  var tunnelAddress: String?
  @Option(
    name: .customLong("transport"),
    help: "Program that disguises streams, as name=/path/of/program; may be repeated.")
  var transports: [String] = []
  @Option(help: "Where one of them is served, as name@address:port.")
  var transportListen: String?
  @Option(help: "Host, or host:port, that others dial to reach it.")
  var transportAddress: String?
  @Option(help: "SOCKS5 proxy through which alone others are called, as socks5://host:port.")
  var proxy: String?
  @Option(
    help: "Interface on which members of rooms are looked for, as eth0; may be repeated.")
  var lan: [String] = []
  @Option(help: "Uplink in kbit/s; half of it is planned for relaying.")
  var uplink: Int?
  @Option(help: "Give others at most this many kbit/s; 0 is no cap.")
  var cap: Int?
  @Flag(inversion: .prefixedNo, help: "Relay for others.")
  var relay: Bool?
  @Flag(
    help: ArgumentHelp(
      "Send the same on every link all the time, so that rooms do not show.",
      discussion: "It costs on each link \(CoverSettings().price), and there are no more links "
        + "than --uplink pays for: \(CoverSettings().price(of: 5_000_000)). Peers that can "
        + "answer with as much."))
  var cover = false
  @Flag(help: "Play nothing before its speaker has proven it: a quarter of a second later.")
  var strict = false
  @Option(help: "Name others see in rooms.")
  var name: String?
  @Option(help: "Log level: trace, debug, info, notice, warning, error.")
  var log: String?
  @Option(help: "File whose first line is the passphrase.")
  var passphraseFile: String?
  @Flag(help: "Make a new identity without a passphrase.")
  var unprotected = false
  @Flag(help: "Print the settings in force and where each came from, then exit.")
  var printConfiguration = false
  @Flag(help: "Print one line of JSON on standard output when ready.")
  var json = false
  @Option(help: "Write that line to this descriptor, then close it.")
  var readyFd: Int32?
  @Flag(help: "Stop when standard input ends, for a node that must not outlive its parent.")
  var stopWithStdin = false

  func run() async throws {
    let environment = NodeChoice.environment
    let settings = try Configuration(
      flags: flags, environment: environment, file: configuration,
      places: Places(environment: environment))
    if printConfiguration {
      try StoredFile.write(Array(settings.text.utf8), to: STDOUT_FILENO)
      return
    }
    if let objection = ForwardedPort.objection(settings) { throw objection }
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "starling")
    logger.logLevel = settings.log
    let node = try Node(
      configuration: settings,
      passphrase: Passphrase(file: settings.passphraseFile, environment: environment),
      version: Starling.version, encapsulation: MLKEM(), logger: logger)
    // After the passphrase was asked for: until then Ctrl-C ends the program.
    let signals = try StopSignals()
    let stops = [signals.raw] + (stopWithStdin ? [STDIN_FILENO] : [])
    let page = try await servedPage(settings)
    let devices = try await DevicesDoor.open(settings)
    let nodePort = node.port
    let tunnel = try await TunnelDoor.open(settings, nodePort: nodePort)
    let disguise = try await Disguises.open(settings, nodePort: nodePort)
    let told = tunnel?.address ?? disguise.address
    let forwarded = Mutex<ForwardedPort?>(nil)
    try await node.run(
      stopDescriptors: stops,
      attach: { [logger] host in
        let tunnels = Tunnels(host: host, nodePort: nodePort, disguise, logger: logger)
        await host.keepTunnels { tunnels.take($0) }
        await host.reachable(through: told.flatMap { TunnelAddress(text: $0) })
        if let devices { await host.admitDevices(by: devices.devices) }
        let port = await ForwardedPort.open(settings, host: host, port: nodePort, logger: logger)
        forwarded.withLock { $0 = port }
      }
    ) { [self] addresses in
      let report = Ready(
        addresses: addresses, control: settings.control, page: page?.link,
        pageDevices: devices?.link, tunnel: told, pid: getpid())
      tell(report)
      devices?.tell()
      if let tunnel { Self.tell(tunnel) }
      if settings.cover { Self.tellPrice(of: settings.capacity.uplink) }
      hand(report)
    }
    await forwarded.withLock { $0 }?.close()
    await disguise.close()
    await tunnel?.close()
    await page?.stop(folder: settings.data)
    await devices?.close()
  }

  private func tell(_ report: Ready) {
    Terminal.complain("starling \(Starling.version) is up.")
    for address in report.addresses { Terminal.complain("Peer address:   \(address)") }
    Terminal.complain("Control socket: \(report.control)")
    // The key in the link must not come to lie in a log.
    guard let link = report.page else { return }
    Terminal.complain(
      "Page:           \(isatty(STDERR_FILENO) == 1 ? link : "printed by: starling page")")
  }

  private func hand(_ report: Ready) {
    if json { Terminal.say(json: report) }
    guard let readyFd else { return }
    try? StoredFile.write(Line.encode(report), to: readyFd)
    close(readyFd)
  }

  /// The path must not come to lie in a log either.
  private static func tell(_ tunnel: TunnelDoor) {
    guard isatty(STDERR_FILENO) == 1 else {
      return Terminal.complain("Tunnel:         open; its path is in the file tunnel-path")
    }
    Terminal.complain(
      "Tunnel:         \(tunnel.address ?? "open; say where with --tunnel-address")")
  }

  private static func tellPrice(of uplink: Int) {
    Terminal.complain("Cover:          \(CoverSettings().price(of: uplink))")
  }

  private func servedPage(_ settings: Configuration) async throws(Failure) -> PageServer? {
    guard let place = settings.page else { return nil }
    let page = try await PageServer.start(
      at: place, isMovable: settings.sources[.page] == nil,
      key: try PageKey(folder: settings.data), control: settings.control)
    try page.saveLink(folder: settings.data)
    return page
  }

  /// What is printed when the node can be reached.
  struct Ready: Codable {
    var ready = true
    var addresses: [String]
    var control: String
    /// With the key; missing when no page is served.
    var page: String?
    /// For other devices, after pairing.
    var pageDevices: String?
    /// With the secret path; missing when there is none, or nobody said where others find it.
    var tunnel: String?
    var pid: Int32
  }

  private var flags: Configuration.Layer {
    var flags: Configuration.Layer = [:]
    let texts: [(Setting, String?)] = [
      (.bind, bind), (.data, data), (.control, control), (.name, name), (.log, log),
      (.passphraseFile, passphraseFile), (.page, page), (.pageDevices, pageDevices),
      (.pageCertificate, pageCertificate), (.pageCertificateKey, pageCertificateKey),
      (.tunnel, tunnel),
      (.tunnelCertificate, tunnelCertificate), (.tunnelKey, tunnelKey), (.tunnelSite, tunnelSite),
      (.tunnelAddress, tunnelAddress), (.transportListen, transportListen),
      (.transportAddress, transportAddress), (.proxy, proxy),
    ]
    for case (let setting, let text?) in texts { flags[setting] = .text(text) }
    for case (let setting, let number?) in [(Setting.port, port), (.uplink, uplink), (.cap, cap)] {
      flags[setting] = .number(number)
    }
    let lists: [(Setting, [String])] = [
      (.peers, peers), (.seeds, seeds), (.seedKeys, seedKeys), (.advertise, advertise),
      (.transports, transports), (.lan, lan), (.pageNames, pageNames),
    ]
    for (setting, list) in lists where !list.isEmpty { flags[setting] = .list(list) }
    if forward { flags[.forward] = .flag(true) }
    if let relay { flags[.relay] = .flag(relay) }
    if cover { flags[.cover] = .flag(true) }
    if strict { flags[.strict] = .flag(true) }
    if unprotected { flags[.unprotected] = .flag(true) }
    return flags
  }
}
