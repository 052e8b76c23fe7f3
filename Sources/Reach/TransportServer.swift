// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization
package import Wire

/// A pluggable transport by which others reach this node: a program listens outside and hands what
/// it took out of its disguise to a port of this machine, behind which is the node.
///
/// When the program dies it is started again, from the same folder and so under the same keys.
package final class TransportServer: Sendable {
  /// Which program, for which transport, and where it listens.
  package struct Settings: Sendable {
    package var program: TransportProgram
    package var name: String
    /// An IP address.
    package var host: String
    package var port: UInt16
    /// The program's own folder, which exists and nobody else reads.
    package var state: String
    /// `key=value`, for the program.
    package var options: [String]

    package init(
      program: TransportProgram, name: String, host: String, port: UInt16, state: String,
      options: [String] = []
    ) {
      self.program = program
      self.name = name
      self.host = host
      self.port = port
      self.state = state
      self.options = options
    }
  }

  /// Why there is no server.
  package enum Problem: Error, Hashable, Sendable {
    /// The program does not start, or does not listen.
    case program
    /// What it says callers must be told has no place in an address.
    case arguments
    /// No port on this machine.
    case local
  }

  /// What callers must be told.
  package let call: TransportCall
  package let port: UInt16
  private let local: any Channel
  private let guests: Guests
  private let tally: Tally
  private let supervisor: Task<Void, Never>
  private let child: Child

  package var counts: TunnelCounts { tally.counts }
  /// Of the program as it runs now; nil between two lives.
  package var process: Int32? { child.pid }

  private init(
    _ call: TransportCall, port: UInt16, local: any Channel, guests: Guests, tally: Tally,
    child: Child, supervisor: Task<Void, Never>
  ) {
    self.call = call
    self.port = port
    self.local = local
    self.guests = guests
    self.tally = tally
    self.child = child
    self.supervisor = supervisor
  }

  /// Starts the program, and serves until ``stop()``.
  ///
  /// Datagrams go to `nodePort` on 127.0.0.1.
  package static func start(
    _ settings: Settings, nodePort: UInt16
  ) async throws(Problem) -> TransportServer {
    let (tally, guests) = (Tally(), Guests())
    let local: any Channel
    do {
      local = try await listen(nodePort: nodePort, tally, guests)
    } catch {
      throw .local
    }
    let child = Child(settings, localPort: UInt16(clamping: local.localAddress?.port ?? 0))
    guard let (port, arguments) = await child.start() else {
      try? await local.close()
      throw .program
    }
    guard let call = TransportCall(name: settings.name, arguments: arguments) else {
      await child.stop()
      try? await local.close()
      throw .arguments
    }
    return TransportServer(
      call, port: port, local: local, guests: guests, tally: tally, child: child,
      supervisor: Task { await child.supervise() })
  }

  /// Ends the program and everything that came through it.
  package func stop() async {
    supervisor.cancel()
    await child.stop()
    try? await local.close()
    await guests.close()
  }

  /// Each connection here is one that passed the transport's own handshake.
  private static func listen(
    nodePort: UInt16, _ tally: Tally, _ guests: Guests
  ) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: StreamOptions.waterMark)
      // Nothing is read before there is somebody to hear it.
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        guard tally.counts.tunnels < Doorway.mostFriends else {
          return channel.close()
        }
        guests.add(channel)
        return Tunnel.join(
          channel, carrier: .plain, end: .outside, nodePort: nodePort, tally: tally
        ).flatMap { _ in channel.setOption(.autoRead, value: true) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }
}

/// The program of a server, through all its lives.
private final class Child: Sendable {
  private struct State {
    var process: LeashedProcess?
    var isStopped = false
  }

  private let settings: TransportServer.Settings
  private let localPort: UInt16
  private let state = Mutex(State())

  init(_ settings: TransportServer.Settings, localPort: UInt16) {
    self.settings = settings
    self.localPort = localPort
  }

  var pid: Int32? { state.withLock { $0.process?.pid } }

  /// Where it listens and what callers must be told.
  func start() async -> (port: UInt16, arguments: String)? {
    var environment = Transports.environment(state: settings.state)
    environment["TOR_PT_SERVER_TRANSPORTS"] = settings.name
    let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
    environment["TOR_PT_SERVER_BINDADDR"] = "\(settings.name)-\(host):\(settings.port)"
    environment["TOR_PT_ORPORT"] = "127.0.0.1:\(localPort)"
    environment["TOR_PT_EXTENDED_SERVER_PORT"] = ""
    if !settings.options.isEmpty {
      environment["TOR_PT_SERVER_TRANSPORT_OPTIONS"] =
        settings.options.map { "\(settings.name):\($0)" }.joined(separator: ";")
    }
    guard
      let (process, negotiation, _) = await Transports.start(
        settings.program.command, environment, TransportNegotiation(needsProxy: false))
    else { return nil }
    let isWanted = state.withLock { state in
      if !state.isStopped { state.process = process }
      return !state.isStopped
    }
    guard isWanted, let server = negotiation.servers[settings.name] else {
      state.withLock { $0.process = nil }
      await process.stop()
      return nil
    }
    return server
  }

  /// Starts it again whenever it ends, until cancelled.
  func supervise() async {
    var pause = Duration.seconds(1)
    while !Task.isCancelled {
      if let process = state.withLock({ $0.process }) {
        for await _ in process.lines {}
        state.withLock { if $0.process === process { $0.process = nil } }
        await process.stop()
      }
      guard (try? await Task.sleep(for: pause)) != nil else { return }
      pause = await start() == nil ? min(pause * 2, .seconds(60)) : .seconds(1)
    }
  }

  func stop() async {
    let process = state.withLock { state in
      state.isStopped = true
      return state.process
    }
    await process?.stop()
  }
}
