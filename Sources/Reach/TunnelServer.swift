// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
package import Wire

/// An ordinary web site with a path that nobody guesses, behind which is the node.
///
/// Reading order, in the direction a caller travels: ``Doorway`` (how many) → TLS → ``FrontDesk``
/// (the web site) or, for who names the path, ``Tunnel`` (datagrams). `docs/protocol/11-tunnel.md`.
package final class TunnelServer: Sendable {
  /// Who does TLS.
  package enum Security: Hashable, Sendable {
    /// PEM files.
    case tls(certificate: String, key: String)
    /// A web server on this machine that stands in front.
    case plain
  }

  /// Where it listens, who does TLS, and what is there to be seen.
  package struct Settings: Sendable {
    /// An IP address.
    package var host: String
    package var port: UInt16
    package var security: Security
    /// As in a ``TunnelAddress``.
    package var path: String
    package var site: Site

    package init(
      host: String, port: UInt16, security: Security, path: String, site: Site = Site()
    ) {
      self.host = host
      self.port = port
      self.security = security
      self.path = path
      self.site = site
    }
  }

  /// Why there is no server.
  package enum Problem: Error, Hashable, Sendable {
    /// It cannot be bound.
    case address
    /// The files are no certificate with its key.
    case certificate
    /// Without TLS it may be reached from this machine only.
    case exposed
  }

  /// Where it is bound.
  package let port: UInt16
  private let keys: ServerKeys?
  private let channel: any Channel
  private let tally: Tally
  private let guests: Guests
  private let doorway: Doorway
  private let refresher: Task<Void, Never>?

  /// What a client may know the key by; nil when somebody else does TLS.
  package var pin: Bytes32? { keys?.pin }
  /// Whether a client needs the pin, for no authority vouches for the certificate.
  package var isSelfSigned: Bool { keys?.isSelfSigned ?? false }
  package var counts: TunnelCounts { tally.counts }
  /// Connections that have not shown the path.
  package var strangers: Int { doorway.strangers }

  fileprivate init(
    _ channel: any Channel, _ entrance: Entrance
  ) {
    let keys = entrance.keys
    self.channel = channel
    self.keys = keys
    tally = entrance.tally
    guests = entrance.guests
    doorway = entrance.doorway
    port = UInt16(clamping: channel.localAddress?.port ?? 0)
    refresher = keys.map { keys in
      Task {
        while (try? await Task.sleep(for: Self.refreshPause)) != nil { keys.refresh() }
      }
    }
  }

  deinit { refresher?.cancel() }

  /// Binds, and serves until ``stop()``.
  ///
  /// Datagrams go to `nodePort` on 127.0.0.1.
  package static func start(
    _ settings: Settings, nodePort: UInt16
  ) async throws(Problem) -> TunnelServer {
    var keys: ServerKeys?
    switch settings.security {
    case .tls(let certificate, let key): keys = try ServerKeys(certificate: certificate, key: key)
    case .plain:
      guard let address = try? SocketAddress(ipAddress: settings.host, port: 0),
        Doorway.neighbourhood(address) == nil
      else { throw .exposed }
    }
    let entrance = Entrance(
      keys: keys, path: Array(settings.path.utf8), site: settings.site, nodePort: nodePort)
    do {
      let channel = try await entrance.bootstrap()
        .bind(host: settings.host, port: Int(settings.port)).get()
      return TunnelServer(channel, entrance)
    } catch {
      throw .address
    }
  }

  /// Closes the door and everything behind it.
  package func stop() async {
    refresher?.cancel()
    try? await channel.close()
    await guests.close()
  }

  /// Certificates are renewed days before they end. A guess.
  private static let refreshPause = Duration.seconds(60)
}

/// What every new connection passes.
fileprivate struct Entrance: Sendable {
  let keys: ServerKeys?
  let path: [UInt8]
  let site: Site
  let nodePort: UInt16
  let doorway = Doorway()
  let tally = Tally()
  let guests = Guests()
  let endings = LastWord.Room()

  func bootstrap() -> ServerBootstrap {
    ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: Self.backlog)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.writeBufferWaterMark, value: StreamOptions.waterMark)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try furnish(channel) }
      }
  }

  private func furnish(_ channel: any Channel) throws {
    let ticket = doorway.enter(channel, from: channel.remoteAddress)
    let standing = NIOLoopBoundBox(false, eventLoop: channel.eventLoop)
    guests.add(channel)
    channel.closeFuture.whenComplete { [doorway] _ in
      doorway.leave(ticket, isFriend: standing.value)
    }
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(LastWord(endings))
    if let keys { try pipeline.addHandler(NIOSSLServerHandler(context: keys.context)) }
    try pipeline.addHandler(WriteJoiner())
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: TunnelMessage.longest,
      shouldUpgrade: { [doorway, path] channel, head in
        let isFriend = Self.equal(Array(head.uri.utf8), path) && doorway.befriend(ticket)
        if isFriend { standing.value = true }
        return channel.eventLoop.makeSucceededFuture(isFriend ? [:] : nil)
      },
      upgradePipelineHandler: { [nodePort, tally] channel, _ in
        StreamOptions.live(channel).flatMap {
          Tunnel.join(
            channel, carrier: .webSocket, end: .outside, nodePort: nodePort, tally: tally)
        }.map { _ in }
      })
    try addHTTP(pipeline, upgrader, FrontDesk(site))
  }

  private func addHTTP(
    _ pipeline: ChannelPipeline.SynchronousOperations, _ upgrader: NIOWebSocketServerUpgrader,
    _ desk: FrontDesk
  ) throws {
    let encoder = HTTPResponseEncoder()
    let extra: [any RemovableChannelHandler & ChannelHandler] = [
      FrontDesk.decoder(), Dresser(), HTTPServerPipelineHandler(), HTTPServerProtocolErrorHandler(),
    ]
    try pipeline.addHandler(encoder)
    for handler in extra { try pipeline.addHandler(handler) }
    let loopBound = NIOLoopBound(desk, eventLoop: pipeline.eventLoop)
    try pipeline.addHandler(
      HTTPServerUpgradeHandler(
        upgraders: [upgrader], httpEncoder: encoder, extraHTTPHandlers: extra,
        upgradeCompletionHandler: { context in
          context.pipeline.syncOperations.removeHandler(loopBound.value, promise: nil)
        }))
    try pipeline.addHandler(desk)
  }

  /// In a time that does not depend on where they differ.
  private static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// What common servers ask for.
  private static let backlog: Int32 = 511
}
