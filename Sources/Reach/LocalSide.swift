// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The end towards the own node.
final class LocalSide: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let tunnel: Tunnel

  init(_ tunnel: Tunnel) { self.tunnel = tunnel }

  func handlerAdded(context: ChannelHandlerContext) { tunnel.local = context }

  func handlerRemoved(context _: ChannelHandlerContext) { tunnel.local = nil }

  func channelRead(context _: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    // Before it is connected the socket hears everybody on this machine.
    guard envelope.remoteAddress == tunnel.node else { return }
    tunnel.take?(envelope.data)
  }

  func errorCaught(context _: ChannelHandlerContext, error _: any Error) {
    // A node that restarts refuses datagrams for a while. What is fatal closes the socket.
  }
}
