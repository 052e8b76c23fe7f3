// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Wire

/// One stream joined to one UDP socket on this machine, datagram for datagram.
///
/// Both live on one event loop. The stream is written by ``SendSchedule``, not when datagrams
/// come; how messages stand in it is the ``Carrier``'s. The UDP socket is connected to the node and
/// hears nobody else.
final class Tunnel {
  /// Which end this is: who calls keeps idle lines open.
  enum End: Sendable { case inside, outside }

  /// How messages stand in the stream.
  enum Carrier: Sendable { case webSocket, plain }

  let end: End
  let tally: Tally
  let node: SocketAddress
  /// Any port of this machine.
  let here: SocketAddress
  var local: ChannelHandlerContext?
  /// Takes what the node sends; nil before the stream is there and after it is gone.
  var take: ((ByteBuffer) -> Void)?

  private init(_ end: End, _ nodePort: UInt16, _ tally: Tally) throws {
    self.end = end
    node = try SocketAddress(ipAddress: Self.loopback, port: Int(nodePort))
    here = try SocketAddress(ipAddress: Self.loopback, port: 0)
    self.tally = tally
  }

  /// Opens the UDP socket and takes over the stream; returns the UDP socket's port.
  static func join(
    _ channel: any Channel, carrier: Carrier, end: End, nodePort: UInt16, tally: Tally
  ) -> EventLoopFuture<UInt16> {
    let loop = channel.eventLoop
    return loop.makeCompletedFuture {
      NIOLoopBound(try Tunnel(end, nodePort, tally), eventLoop: loop)
    }.flatMap { (tunnel: NIOLoopBound<Tunnel>) in
      DatagramBootstrap(group: loop)
        .channelInitializer { local in
          local.eventLoop.makeCompletedFuture {
            try local.pipeline.syncOperations.addHandler(LocalSide(tunnel.value))
          }
        }
        // As a number: without IPv4 outside, the resolver makes an IPv6 address of it.
        .bind(to: tunnel.value.here)
        .flatMap { local in
          channel.closeFuture.whenComplete { _ in local.close(promise: nil) }
          local.closeFuture.whenComplete { _ in channel.close(promise: nil) }
          return local.connect(to: tunnel.value.node).map { local }
        }
        .flatMapThrowing { local in
          guard let port = local.localAddress?.port.flatMap(UInt16.init(exactly:)) else {
            throw ChannelError.ioOnClosedChannel
          }
          let pipeline = channel.pipeline.syncOperations
          switch carrier {
          case .webSocket: try WebFrames.add(to: pipeline, end: end)
          case .plain: try PlainFrames.add(to: pipeline, end: end)
          }
          try pipeline.addHandler(MessageSide(tunnel.value))
          return port
        }
    }.flatMapErrorThrowing { error in
      channel.close(promise: nil)
      throw error
    }
  }

  func note(_ change: (inout TunnelCounts) -> Void) { tally.note(change) }

  private static let loopback = "127.0.0.1"
}
