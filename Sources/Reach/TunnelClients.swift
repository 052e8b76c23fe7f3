// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization
package import Wire

/// Tunnels to others: each is a UDP port on 127.0.0.1 which the node dials as if the other were
/// there.
package final class TunnelClients: Sendable {
  /// Who vouches for a server without a pin.
  package enum Trust: Hashable, Sendable {
    case system
    /// A PEM file.
    case file(String)
  }

  private struct State {
    var budget = DialBudget()
    var open: [UInt64: any Channel] = [:]
    var latest: UInt64 = 0
    /// On the way.
    var opening = 0
    var isStopped = false
  }

  private let nodePort: UInt16
  private let proxy: SocksProxy?
  private let transports: Transports?
  private let closed: @Sendable (OpenTunnel) -> Void
  private let context: NIOSSLContext?
  /// For servers known by their key, whatever name their certificate carries.
  private let pinned: NIOSSLContext?
  private let state = Mutex(State())
  private let tally = Tally()

  package var counts: TunnelCounts { tally.counts }

  /// With a `proxy` nothing is called but through it, and no name is looked up here; `transports`
  /// are the disguises there are.
  ///
  /// `closed` is told once of every tunnel that ``open(_:isNamed:)`` returned, when it is over. It
  /// is called on a thread of the network's: it must not wait.
  package init(
    nodePort: UInt16, trust: Trust = .system, proxy: SocksProxy? = nil,
    transports: Transports? = nil, closed: @escaping @Sendable (OpenTunnel) -> Void
  ) {
    self.nodePort = nodePort
    self.proxy = proxy
    self.transports = transports
    self.closed = closed
    var settings = TLSConfiguration.makeClientConfiguration()
    settings.minimumTLSVersion = .tlsv12
    // What browsers offer for a WebSocket.
    settings.applicationProtocols = ["http/1.1"]
    if case .file(let path) = trust { settings.trustRoots = .file(path) }
    context = try? NIOSSLContext(configuration: settings)
    settings.certificateVerification = .noHostnameVerification
    pinned = try? NIOSSLContext(configuration: settings)
  }

  /// Opens a tunnel.
  ///
  /// `isNamed`: the person named the node. Where only others say that there is a tunnel, neither
  /// this machine nor what is linked to it is called, and nobody often.
  package func open(
    _ address: TunnelAddress, isNamed: Bool = true
  ) async throws(ReachError) -> OpenTunnel {
    try begin(address, isNamed: isNamed)
    let result: Result<(any Channel, UInt16), ReachError>
    do throws(ReachError) { result = .success(try await call(address, isNamed: isNamed)) } catch {
      result = .failure(error)
    }
    let number = settle(address, result)
    let (channel, port) = try result.get()
    guard let number else {
      channel.close(promise: nil)
      throw .stopped
    }
    let tunnel = OpenTunnel(number: number, port: port)
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { $0.open[number] = nil }
      self.closed(tunnel)
    }
    return tunnel
  }

  /// Ends a tunnel; one that ended is ignored.
  package func close(_ tunnel: OpenTunnel) {
    state.withLock { $0.open[tunnel.number] }?.close(promise: nil)
  }

  /// Ends all tunnels, for good.
  package func stop() async {
    let channels = state.withLock { state in
      state.isStopped = true
      return Array(state.open.values)
    }
    for channel in channels { try? await channel.close() }
  }

  /// The number of the new tunnel, if there is one and may be.
  private func settle(
    _ address: TunnelAddress, _ result: Result<(any Channel, UInt16), ReachError>
  ) -> UInt64? {
    state.withLock { state in
      state.opening -= 1
      guard case .success(let (channel, _)) = result else {
        state.budget.failed(address.host, now: Self.now)
        return nil
      }
      state.budget.succeeded(address.host)
      guard !state.isStopped else { return nil }
      state.latest += 1
      state.open[state.latest] = channel
      return state.latest
    }
  }

  private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

  private func begin(_ address: TunnelAddress, isNamed: Bool) throws(ReachError) {
    let refusal = state.withLock { state -> ReachError? in
      if state.isStopped { return .stopped }
      if state.open.count + state.opening >= Self.most { return .full }
      switch state.budget.take(address.host, isNamed: isNamed, now: Self.now) {
      case .tooOften: return .tooOften
      case .leftAlone: return .leftAlone
      case nil: break
      }
      state.opening += 1
      return nil
    }
    if let refusal { throw refusal }
  }

  /// Happy eyeballs (RFC 8305) over the families, or a proxy, or a transport's program; then
  /// whatever the address says.
  private func call(
    _ address: TunnelAddress, isNamed: Bool
  ) async throws(ReachError) -> (any Channel, UInt16) {
    guard isNamed || !HomeGuard.isHome(host: address.host) else { throw .unreachable }
    guard let context = address.pin == nil ? context : pinned else { throw .untrusted }
    let through = try await proxy(for: address)
    let call = TunnelCall(
      address: address, proxy: through, context: context, nodePort: nodePort, isNamed: isNamed,
      tally: tally)
    let patience = through == nil ? Self.patience : Self.patienceWithProxies
    let channel: any Channel
    let joined: EventLoopFuture<UInt16>
    do {
      (channel, joined) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(Self.patience)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelOption(.writeBufferWaterMark, value: StreamOptions.waterMark)
        .connect(host: through?.host ?? address.host, port: Int(through?.port ?? address.port)) {
          channel in
          channel.eventLoop.makeCompletedFuture { (channel, try call.furnish(channel)) }
        }
    } catch {
      throw .unreachable
    }
    let isLate = Mutex(false)
    let end = channel.eventLoop.scheduleTask(in: patience) {
      isLate.withLock { $0 = true }
      channel.close(promise: nil)
    }
    defer { end.cancel() }
    do {
      return (channel, try await joined.get())
    } catch {
      channel.close(promise: nil)
      throw isLate.withLock { $0 } ? .late : Self.reason(error)
    }
  }

  /// Whom to ask for the connection; nil for nobody.
  ///
  /// A transport's program has been told of the proxy itself.
  private func proxy(for address: TunnelAddress) async throws(ReachError) -> SocksProxy? {
    guard case .pluggable(let call) = address.kind else { return proxy }
    guard let transports else { throw .noTransport }
    return try await transports.client(for: call.name).telling(call.arguments)
  }

  private static func reason(_ error: any Error) -> ReachError {
    switch error {
    case let error as ReachError: error
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .untrusted
    case is NIOHTTPClientUpgradeError, is HTTPParserError: .refused
    default: .unreachable
    }
  }

  /// Tunnels at once: a node has fewer neighbours. A guess.
  package static let most = 64
  /// For the connection, and again for TLS and the WebSocket.
  private static let patience = TimeAmount.seconds(10)
  /// A circuit of three relays is built first, or a program shakes hands. A guess.
  private static let patienceWithProxies = TimeAmount.seconds(30)
}
