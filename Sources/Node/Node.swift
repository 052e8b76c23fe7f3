import CLinux
import Glibc
import Keys
package import Logging
package import Mesh
import Wire

/// A running node, put together from its settings: storage, identity, socket, host, control socket.
///
/// Reading order, in the direction a datagram travels: `Loop/EventLoop` (one thread) →
/// `Net/UDPSocket` → `Host` (the participant's owner) → `Host+Events`, `Host+Sound` → `Control/`
/// (what programs on this machine may ask). `Settings/`, `Storage/` and `Seeds/` are read at start.
package struct Node: ~Copyable {
  package let host: Host
  package let configuration: Configuration
  /// The UDP port it is bound to.
  package let port: UInt16
  private let loop: EventLoop
  private let storage: Storage
  private let keeper: PeerKeeper
  private let logger: Logger

  /// Opens everything that can fail for a reason of the user's: data directory, identity, port.
  package init(
    configuration: Configuration, passphrase: Passphrase, version: String,
    encapsulation: any KeyEncapsulation, logger: Logger, clock: Clock = Clock()
  ) throws {
    Hardening.apply()
    do throws(KeysError) {
      try Sodium.start()
    } catch {
      throw Failure(.setup, "The cryptographic library does not start.")
    }
    if !Sodium.memoryIsLocked {
      logger.warning("Keys are not locked in memory and may reach swap; raise ulimit -l.")
    }
    for warning in configuration.warnings { logger.warning("\(warning)") }
    var entropy = Entropy.system
    let storage = try Storage(folder: configuration.data)
    let identity = try storage.identity(
      passphrase: passphrase, unprotected: configuration.unprotected, entropy: &entropy)
    let keeper = PeerKeeper(path: storage.peersPath, key: try identity.storageKey())
    let kept = KeptOperations(path: storage.operationsPath, key: try identity.storageKey())
    let blocks = BlockList(path: storage.blockedPath, key: try identity.storageKey())
    let token = identity.addressToken()
    let socket = try Self.bind(configuration.bind)
    let boundPort = socket.local.port
    var hellos: HelloLog?
    var answered: [UInt64] = []
    do throws(SystemError) {
      let log = try HelloLog(path: storage.hellosPath)
      answered = log.known
      hellos = consume log
    } catch {
      logger.warning("Handshakes cannot be written down: \(error.sentence).")
    }
    let settings = try Self.settings(configuration)
    let participant = try Participant(
      identity: identity, token: token, settings: settings, entropy: entropy, at: clock.now,
      answered: answered, keepsakes: kept.keepsakes, encapsulation: encapsulation)
    let loop = try EventLoop()
    port = boundPort
    host = Host(
      loop: loop, socket: socket, participant: participant,
      introduction: Host.Introduction(
        name: configuration.name, capacity: configuration.capacity, version: version),
      remembered: keeper.load(), hellos: hellos,
      kept: kept, looksUpNames: configuration.proxy == nil, blocks: blocks, clock: clock,
      logger: logger)
    self.loop = loop
    self.keeper = keeper
    self.configuration = configuration
    self.logger = logger
    self.storage = storage
  }

  /// Runs until there is something to read at one of `stopDescriptors`, or a client of the control
  /// socket asks for the end.
  ///
  /// `attach` may give the host what it does not bring itself before anybody else talks to it;
  /// `ready` is told this node's peer addresses once it can be reached.
  package consuming func run(
    stopDescriptors: [Int32] = [],
    attach: @Sendable (Host) async throws -> Void = { _ in },
    ready: @Sendable ([String]) -> Void
  ) async throws {
    let (stops, stop) = AsyncStream.makeStream(of: Void.self)
    try loop.start()
    defer { loop.stop() }
    try await host.start { stop.yield() }
    for descriptor in stopDescriptors { try await host.stop(onInputAt: descriptor) }
    await host.examine(with: configuration)
    try await attach(host)
    try await host.openControl(at: configuration.control)
    await host.reachable(at: await Self.places(configuration, port: host.local.port))
    ready(await host.peerAddresses())
    if !configuration.lan.isEmpty {
      do throws(SystemError) {
        try await host.watch(beacons: BeaconSocket(names: configuration.lan))
      } catch {
        logger.warning("Nobody is looked for on the local network: \(error.sentence).")
      }
    }
    let dialler = Dialler(configuration: configuration, logger: logger)
    let hellosPath = storage.hellosPath
    await withTaskGroup { [host, keeper, configuration] group in
      group.addTask { for await _ in stops { return } }
      group.addTask { await dialler.run(host) }
      group.addTask { await keeper.run(host) }
      if !configuration.lan.isEmpty { group.addTask { await host.callOut() } }
      group.addTask { await HelloLog.settle(hellosPath) }
      await group.next()
      group.cancelAll()
    }
    await host.stop()
    await keeper.save(host)
  }

  private static func settings(_ configuration: Configuration) throws(Failure) -> Settings {
    var settings = Settings()
    settings.frames.isStrict = configuration.strict
    guard configuration.cover else { return settings }
    let uplink = configuration.capacity.uplink
    guard settings.links.cover.links(of: uplink) > 0 else {
      throw Failure(.setup, settings.links.cover.refusal(of: uplink))
    }
    settings.cover(uplink: uplink)
    return settings
  }

  private static func bind(_ endpoint: Endpoint) throws(Failure) -> UDPSocket {
    do throws(SystemError) {
      return try UDPSocket(binding: endpoint)
    } catch {
      let sentence =
        switch error.number {
        case EADDRINUSE: "UDP port \(endpoint.port) is in use. Choose another with --port."
        case EADDRNOTAVAIL: "This machine has no address \(endpoint.host). See --bind."
        case EACCES: "UDP port \(endpoint.port) needs rights this user does not have."
        default: "The UDP socket cannot be opened: \(error.sentence)."
        }
      throw Failure(.setup, sentence)
    }
  }

  /// Where others may find this node, best first: what the settings say, else the address it is
  /// bound to, else those of the interfaces.
  private static func places(_ configuration: Configuration, port: UInt16) async -> [Endpoint] {
    var places: [Endpoint] = []
    for text in configuration.advertise {
      guard let (host, port) = try? PeerAddress.hostAndPort(Substring(text).utf8) else { continue }
      places +=
        configuration.proxy == nil
        ? await Resolver.resolve(host: host, port: port)
        : Endpoint(host: host, port: port).map { [$0] } ?? []
    }
    if !places.isEmpty { return places }
    guard configuration.bind.address == .zero else {
      return [Endpoint(address: configuration.bind.address, port: port)]
    }
    return Interfaces.endpoints(port: port)
  }
}
