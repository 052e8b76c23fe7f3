import Keys
import Logging
import Mesh
import Node
import Synchronization
import Wire

/// One host on loopback with an identity made from a number.
struct Neighbour {
  let host: Host
  let contact: Contact

  /// `hellos` is the path of what it writes down of handshakes.
  init(
    _ seed: UInt64, clock: Clock = Clock(), log: LogBook? = nil, hellos: String? = nil,
    blocks: String? = nil, settings: Settings = Settings()
  ) throws {
    try Sodium.start()
    var entropy = Entropy.seeded(seed)
    let identity = try Identity.make(&entropy)
    let token = identity.addressToken()
    let node = identity.node.publicKey
    let socket = try UDPSocket(binding: Endpoint(ipv4: 0x7F00_0001, port: 0))
    contact = Contact(node: node, token: token, endpoints: [socket.local])
    let blockList = try blocks.map { BlockList(path: $0, key: try identity.storageKey()) }
    var hellosLog: HelloLog?
    var answered: [UInt64] = []
    if let hellos {
      let log = try HelloLog(path: hellos)
      answered = log.known
      hellosLog = consume log
    }
    var logger = Logger(label: "test") { _ in log ?? LogBook() }
    logger.logLevel = .trace
    host = Host(
      loop: try EventLoop(), socket: socket,
      participant: try Participant(
        identity: identity, token: token, settings: settings, entropy: .system, at: clock.now,
        answered: answered, encapsulation: AgreementStandIn()),
      introduction: Host.Introduction(
        name: "node \(seed)", capacity: Capacity(uplink: 1_000_000, relays: true), version: "test"),
      hellos: hellosLog, blocks: blockList, clock: clock, logger: logger)
  }

  func begin(control: String? = nil) async throws {
    try host.loop.start()
    try await host.start()
    await host.reachable(at: contact.endpoints)
    if let control { try await host.openControl(at: control) }
  }

  func end() async {
    await host.stop()
    host.loop.stop()
  }
}

/// Keeps log lines to be looked at.
final class LogBook: LogHandler {
  struct Line: Sendable {
    let level: Logger.Level
    let text: String
  }

  let lines = Mutex<[Line]>([])
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }

  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let extra = event.metadata.map { "\($0)" } ?? ""
    lines.withLock { $0.append(Line(level: event.level, text: "\(event.message) \(extra)")) }
  }
}
