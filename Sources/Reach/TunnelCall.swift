// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket
import Wire

/// One call: what is said to a proxy, to a web server or through a transport, one inside the other.
struct TunnelCall: Sendable {
  let address: TunnelAddress
  let proxy: SocksProxy?
  let context: NIOSSLContext
  let nodePort: UInt16
  let isNamed: Bool
  let tally: Tally

  /// Prepares a connection; the future is the port of the tunnel.
  func furnish(_ channel: any Channel) throws -> EventLoopFuture<UInt16> {
    guard let proxy else {
      if !isNamed { try channel.pipeline.syncOperations.addHandler(HomeGuard()) }
      return try begin(channel)
    }
    let asked = channel.eventLoop.makePromise(of: Void.self)
    try channel.pipeline.syncOperations.addHandler(
      SocksCall(proxy, host: address.host, port: address.port, done: asked))
    return asked.futureResult.flatMap {
      do { return try begin(channel) } catch { return channel.eventLoop.makeFailedFuture(error) }
    }
  }

  private func begin(_ channel: any Channel) throws -> EventLoopFuture<UInt16> {
    switch address.kind {
    case .web(let path, let pin): return try openWeb(channel, path: path, pin: pin)
    case .pluggable:
      return StreamOptions.live(channel).flatMap { [nodePort, tally] in
        Tunnel.join(channel, carrier: .plain, end: .inside, nodePort: nodePort, tally: tally)
      }
    }
  }

  /// TLS and the request.
  private func openWeb(
    _ channel: any Channel, path: String, pin: Bytes32?
  ) throws -> EventLoopFuture<UInt16> {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(secured(pin))
    try pipeline.addHandler(WriteJoiner())
    let upgrader = NIOTypedWebSocketClientUpgrader<UInt16>(
      maxFrameSize: TunnelMessage.longest,
      upgradePipelineHandler: { [nodePort, tally] channel, _ in
        StreamOptions.live(channel).flatMap {
          Tunnel.join(
            channel, carrier: .webSocket, end: .inside, nodePort: nodePort, tally: tally)
        }
      })
    let upgrade = NIOTypedHTTPClientUpgradeConfiguration<UInt16>(
      upgradeRequestHead: head(path), upgraders: [upgrader],
      notUpgradingCompletionHandler: { channel in
        channel.eventLoop.makeFailedFuture(ReachError.refused)
      })
    return try pipeline.configureUpgradableHTTPClientPipeline(
      configuration: NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade))
  }

  private func secured(_ pin: Bytes32?) throws -> NIOSSLClientHandler {
    let name = address.isName ? address.host : nil
    guard let pin else {
      return try NIOSSLClientHandler(context: context, serverHostname: name)
    }
    return try NIOSSLClientHandler(
      context: context, serverHostname: name,
      customVerificationCallback: { chain, promise in
        let leaf = chain.first.flatMap { try? $0.toDERBytes() }
        let isRight = leaf.flatMap(CertificateKey.hash(ofDER:)) == pin
        promise.succeed(isRight ? .certificateVerified : .failed)
      })
  }

  /// The web server in front may note it; nobody on the way sees it.
  private func head(_ path: String) -> HTTPRequestHead {
    let place = address.host.contains(":") ? "[\(address.host)]" : address.host
    let host =
      address.port == TunnelAddress.standardPort ? place : "\(place):\(address.port)"
    return HTTPRequestHead(
      version: .http1_1, method: .GET, uri: path,
      headers: ["Host": host, "User-Agent": "Mozilla/5.0", "Cache-Control": "no-cache"])
  }
}
