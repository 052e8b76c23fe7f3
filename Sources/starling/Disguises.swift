import Node
import Reach
import Wire

/// Pluggable transports and the proxy, as the settings want them.
struct Disguises {
  /// How others reach this node through a transport; nil when nobody said where.
  let address: String?
  let proxy: SocksProxy?
  let transports: Transports
  private let server: TransportServer?

  static func open(_ settings: Configuration, nodePort: UInt16) async throws(Failure) -> Disguises {
    let proxy = try proxy(settings)
    var programs: [TransportProgram] = []
    for text in settings.transports {
      guard let program = TransportProgram(text: text) else {
        throw Failure(.setup, "\"\(text)\" is not name=/path/of/program.")
      }
      programs.append(program)
    }
    let folder = settings.data + "/transports"
    if !programs.isEmpty { try makeFolder(folder) }
    let transports = Transports(programs: programs, state: folder, proxy: proxy)
    let server = try await server(settings, programs, nodePort: nodePort)
    return Disguises(
      address: try told(settings, server)?.text, proxy: proxy, transports: transports,
      server: server)
  }

  /// Programs end with the node.
  func close() async {
    await transports.stop()
    await server?.stop()
  }

  /// What goes past a proxy gives away what it is there to hide: no datagram may leave.
  private static func proxy(_ settings: Configuration) throws(Failure) -> SocksProxy? {
    guard let text = settings.proxy else { return nil }
    guard let proxy = SocksProxy(text: text) else {
      throw Failure(.setup, "\"\(text)\" is not socks5://[user:password@]host:port.")
    }
    guard settings.bind.isLoopback else {
      throw Failure(
        .setup, "With a proxy set bind to 127.0.0.1, or datagrams would leave past it.")
    }
    return proxy
  }

  private static func server(
    _ settings: Configuration, _ programs: [TransportProgram], nodePort: UInt16
  ) async throws(Failure) -> TransportServer? {
    guard let text = settings.transportListen else { return nil }
    let parts = text.split(separator: ",").map(String.init)
    let place = (parts.first ?? "").split(separator: "@", maxSplits: 1).map(String.init)
    guard place.count == 2,
      let (host, port) = try? PeerAddress.hostAndPort(Substring(place[1]).utf8),
      let endpoint = Endpoint(host: host, port: port)
    else { throw Failure(.setup, "transport-listen is not name@address:port.") }
    guard settings.bind.address == .zero || settings.bind.isLoopback else {
      throw Failure(
        .setup, "A transport reaches the node at 127.0.0.1: leave bind at 0.0.0.0 to have one.")
    }
    guard let program = programs.first(where: { $0.names.contains(place[0]) }) else {
      throw Failure(.setup, "No program in transports offers \(place[0]).")
    }
    let folder = settings.data + "/transports/" + place[0]
    try makeFolder(folder)
    do throws(TransportServer.Problem) {
      return try await TransportServer.start(
        TransportServer.Settings(
          program: program, name: place[0], host: endpoint.host, port: endpoint.port,
          state: folder, options: Array(parts.dropFirst())), nodePort: nodePort)
    } catch {
      throw Failure(.setup, sentence(error, place[0]))
    }
  }

  private static func told(
    _ settings: Configuration, _ server: TransportServer?
  ) throws(Failure) -> TunnelAddress? {
    guard let server, let text = settings.transportListen else { return nil }
    if let told = settings.transportAddress {
      return TunnelAddress(text: told + "," + server.call.text)
    }
    let place = text.split(separator: ",")[0].split(separator: "@", maxSplits: 1)
    guard let (host, port) = try? PeerAddress.hostAndPort(Substring(place[1]).utf8),
      let endpoint = Endpoint(host: host, port: port), endpoint.address != .zero,
      endpoint.ipv4 != 0
    else { return nil }
    return TunnelAddress(host: endpoint.host, port: server.port, transport: server.call)
  }

  private static func makeFolder(_ path: String) throws(Failure) {
    do throws(SystemError) {
      try StoredFile.makeFolder(path)
    } catch {
      throw Failure(.setup, "The folder \(path) cannot be made: \(error.sentence).")
    }
  }

  private static func sentence(_ problem: TransportServer.Problem, _ name: String) -> String {
    switch problem {
    case .program: "The program of \(name) does not start, or does not listen where it was told."
    case .arguments: "What \(name) wants callers to be told does not fit into an address."
    case .local: "No port on this machine is free for \(name)."
    }
  }
}
