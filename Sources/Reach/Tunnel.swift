// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import NIOWebSocket
import Wire

/// One WebSocket joined to one UDP socket on this machine, datagram for datagram.
///
/// Both live on one event loop. The WebSocket is written by ``SendSchedule``, not when datagrams
/// come. The UDP socket is connected to the node and hears nobody else.
final class Tunnel {
  /// Which end this is: who calls masks what it sends (RFC 6455 §5.1) and keeps idle lines open.
  enum End: Sendable { case inside, outside }

  fileprivate let end: End
  fileprivate let tally: Tally
  fileprivate let node: SocketAddress
  fileprivate var local: ChannelHandlerContext?
  /// Takes what the node sends; nil before the WebSocket is there and after it is gone.
  fileprivate var take: ((ByteBuffer) -> Void)?

  private init(_ end: End, _ node: SocketAddress, _ tally: Tally) {
    self.end = end
    self.node = node
    self.tally = tally
  }

  /// Opens the UDP socket and takes over the WebSocket; returns the UDP socket's port.
  static func join(
    _ channel: any Channel, end: End, nodePort: UInt16, tally: Tally
  ) -> EventLoopFuture<UInt16> {
    let loop = channel.eventLoop
    return loop.makeCompletedFuture {
      let node = try SocketAddress(ipAddress: loopback, port: Int(nodePort))
      return NIOLoopBound(Tunnel(end, node, tally), eventLoop: loop)
    }.flatMap { (tunnel: NIOLoopBound<Tunnel>) in
      DatagramBootstrap(group: loop)
        .channelInitializer { local in
          local.eventLoop.makeCompletedFuture {
            try local.pipeline.syncOperations.addHandler(LocalSide(tunnel.value))
          }
        }
        .bind(host: loopback, port: 0)
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
          try pipeline.addHandler(MaskCheck(isMasked: end == .outside))
          try pipeline.addHandler(
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: mostFragments,
              maxAccumulatedFrameSize: TunnelMessage.longest))
          try pipeline.addHandler(WebSide(tunnel.value))
          return port
        }
    }.flatMapErrorThrowing { error in
      channel.close(promise: nil)
      throw error
    }
  }

  fileprivate func note(_ change: (inout TunnelCounts) -> Void) { tally.note(change) }

  private static let loopback = "127.0.0.1"
  /// A server on the way may cut messages, though none is known to.
  private static let mostFragments = 16
}

/// What a client sends is masked and what a server sends is not, or it is no WebSocket.
private final class MaskCheck: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame

  private let isMasked: Bool

  init(isMasked: Bool) { self.isMasked = isMasked }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard (unwrapInboundIn(data).maskKey != nil) == isMasked else {
      return context.close(promise: nil)
    }
    context.fireChannelRead(data)
  }
}

/// The end towards the other node.
private final class WebSide: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let tunnel: Tunnel
  private var schedule = SendSchedule()
  private var tick: Scheduled<Void>?
  private var pulse: Scheduled<Void>?
  /// Pulses since anything was heard.
  private var unheard = 0

  init(_ tunnel: Tunnel) { self.tunnel = tunnel }

  func handlerAdded(context: ChannelHandlerContext) {
    tunnel.take = { [weak self] datagram in self?.take(datagram, context) }
    tunnel.note { $0.tunnels += 1 }
    planPulse(context)
  }

  func handlerRemoved(context _: ChannelHandlerContext) {
    tick?.cancel()
    pulse?.cancel()
    tunnel.take = nil
    tunnel.note { $0.tunnels -= 1 }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    unheard = 0
    switch frame.opcode {
    case .binary: receive(frame.unmaskedData, context)
    case .ping: send(.pong, frame.unmaskedData, context)
    case .pong: break
    case .connectionClose:
      send(.connectionClose, frame.unmaskedData, context)
      context.close(promise: nil)
    default: context.close(promise: nil)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    tunnel.local?.flush()
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error _: any Error) {
    context.close(promise: nil)
  }

  /// From the node, to be sent when its time has come.
  private func take(_ datagram: ByteBuffer, _ context: ChannelHandlerContext) {
    let left = schedule.offer(datagram)
    if left > 0 { tunnel.note { $0.datagramsDropped += left } }
    if tick == nil, schedule.isRunning { planTick(.now(), context) }
  }

  private func receive(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
    let bytes = Array(message.readableBytesView)
    guard let parts = try? TunnelMessage.datagrams(in: bytes.span) else {
      return context.close(promise: nil)
    }
    guard let local = tunnel.local, !parts.isEmpty else { return }
    // The kernel takes datagrams for this machine at once, or is short of memory.
    guard local.channel.isWritable else {
      return tunnel.note { $0.datagramsDropped += parts.count }
    }
    for part in parts {
      guard
        let datagram = message.getSlice(
          at: message.readerIndex + part.lowerBound, length: part.count)
      else { continue }
      local.write(NIOAny(datagram), promise: nil)
    }
    tunnel.note { $0.datagramsReceived += parts.count }
  }

  /// At a fixed rate, or a queue would grow by what every tick is late; after a stall the lost
  /// ones are not made up for.
  private func planTick(_ time: NIODeadline, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    tick = context.eventLoop.scheduleTask(deadline: time) {
      let (side, context) = bound.value
      side.tick = nil
      if side.sendDue(context) {
        let next = time + SendSchedule.tick
        side.planTick(next < .now() ? .now() + SendSchedule.tick : next, context)
      }
    }
  }

  /// False when the schedule ends.
  private func sendDue(_ context: ChannelHandlerContext) -> Bool {
    guard context.channel.isActive else { return false }
    guard context.channel.isWritable else {
      tunnel.note { $0.ticksHeld += 1 }
      return true
    }
    guard let (message, datagrams) = schedule.next() else { return false }
    send(.binary, message, context)
    tunnel.note {
      $0.messagesSent += 1
      $0.bytesSent += message.readableBytes
      $0.datagramsSent += datagrams
    }
    return true
  }

  private func planPulse(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let pause = TimeAmount.milliseconds(Int64.random(in: Self.pulsePause))
    pulse = context.eventLoop.scheduleTask(in: pause) { bound.value.0.beat(bound.value.1) }
  }

  /// Keeps translators and servers on the way from forgetting an idle line, and ends one that is
  /// dead.
  private func beat(_ context: ChannelHandlerContext) {
    unheard += 1
    guard unheard <= Self.mostUnheard else { return context.close(promise: nil) }
    if tunnel.end == .inside, !schedule.isRunning { send(.ping, ByteBuffer(), context) }
    planPulse(context)
  }

  private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext)
  {
    let mask = tunnel.end == .inside ? WebSocketMaskingKey.random() : nil
    let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: mask, data: data)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }

  /// Milliseconds. Below a minute, after which common web servers and translators give up.
  private static let pulsePause: ClosedRange<Int64> = 15_000...45_000
  /// Pulses without a word: a minute at least, and the other end sends one every 45 s.
  private static let mostUnheard = 4
}

/// The end towards the own node.
private final class LocalSide: ChannelInboundHandler {
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
