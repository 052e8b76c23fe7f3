// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Node

/// One WebSocket joined to one connection of the control socket, message for message.
///
/// Text is a request, a reply or an event, binary is sound. Neither side may run ahead of the
/// other: while one does not take more, the other is not read, and the node leaves sound out for a
/// client that is behind.
final class Bridge {
  fileprivate var web: ChannelHandlerContext?
  fileprivate var node: ChannelHandlerContext?

  /// Connects to the node and then opens the WebSocket; of a paired device, `device` is its number.
  static func join(
    _ channel: any Channel, to control: String, device: Int?
  ) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(Bridge(), eventLoop: channel.eventLoop)
    return ClientBootstrap(group: channel.eventLoop)
      .channelOption(.writeBufferWaterMark, value: waterMark)
      .channelInitializer { node in
        node.eventLoop.makeCompletedFuture {
          try node.pipeline.syncOperations.addHandler(NodeSide(bound.value, device))
        }
      }
      .connect(unixDomainSocketPath: control)
      .flatMapThrowing { node in
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(MaskCheck())
        try pipeline.addHandler(
          NIOWebSocketFrameAggregator(
            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: mostFragments,
            maxAccumulatedFrameSize: longestFrame))
        try pipeline.addHandler(WebSide(bound.value))
        channel.closeFuture.whenComplete { _ in node.close(promise: nil) }
        node.closeFuture.whenComplete { _ in channel.close(promise: nil) }
      }
      .flatMapErrorThrowing { error in
        channel.close(promise: nil)
        throw error
      }
  }

  /// A request may be as long as a line of the control socket.
  static let longestFrame = ControlMessage.longest
  private static let mostFragments = 64
  /// Half a second of samples waits here at most; then the node notices.
  static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(
    low: 16 * SoundFormat.blockBytes, high: 24 * SoundFormat.blockBytes)
}

/// What a client sends is masked, or it is no WebSocket client (RFC 6455, 5.1).
private final class MaskCheck: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard unwrapInboundIn(data).maskKey != nil else { return context.close(promise: nil) }
    context.fireChannelRead(data)
  }
}

/// The browser's end.
private final class WebSide: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let bridge: Bridge
  private var wasHeard = true
  private var pulse: RepeatedTask?

  init(_ bridge: Bridge) { self.bridge = bridge }

  func handlerAdded(context: ChannelHandlerContext) {
    bridge.web = context
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    pulse = context.eventLoop.scheduleRepeatedTask(
      initialDelay: Self.pulsePause, delay: Self.pulsePause
    ) { _ in bound.value.0.beat(bound.value.1) }
  }

  func handlerRemoved(context _: ChannelHandlerContext) {
    pulse?.cancel()
    bridge.web = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    wasHeard = true
    switch frame.opcode {
    case .text: bridge.node?.pass(frame.unmaskedData, as: .text)
    case .binary: bridge.node?.pass(frame.unmaskedData, as: .sound)
    case .ping: send(.pong, frame.unmaskedData, context)
    case .connectionClose:
      send(.connectionClose, frame.unmaskedData, context)
      context.close(promise: nil)
    default: break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    bridge.node?.flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    bridge.node?.readWhile(context.channel.isWritable)
  }

  func errorCaught(context: ChannelHandlerContext, error _: any Error) {
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is Devices.Revoked {
      bridge.node?.close(promise: nil)
      bridge.node = nil
    }
    context.fireUserInboundEventTriggered(event)
  }

  /// A browser that is gone without a word is noticed.
  private func beat(_ context: ChannelHandlerContext) {
    guard wasHeard else { return context.close(promise: nil) }
    wasHeard = false
    send(.ping, ByteBuffer(), context)
  }

  private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext)
  {
    let frame = WebSocketFrame(fin: true, opcode: opcode, data: data)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }

  private static let pulsePause = TimeAmount.seconds(20)
}

/// The node's end: asks for messages first, then takes them apart.
private final class NodeSide: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let bridge: Bridge
  private var isGreeted = false
  private var held = ByteBuffer()

  private let device: Int?

  init(_ bridge: Bridge, _ device: Int?) {
    self.bridge = bridge
    self.device = device
  }

  func channelActive(context: ChannelHandlerContext) {
    bridge.node = context
    let request = ControlRequest.messages(device: device)
    let hello = context.channel.allocator.buffer(bytes: request.line)
    context.writeAndFlush(wrapOutboundOut(hello), promise: nil)
    context.fireChannelActive()
  }

  func handlerRemoved(context _: ChannelHandlerContext) { bridge.node = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    held.writeBuffer(&bytes)
    if !isGreeted {
      guard let end = held.readableBytesView.firstIndex(of: Line.lineFeed) else { return }
      held.moveReaderIndex(to: end + 1)
      isGreeted = true
    }
    while let message = nextMessage(context) {
      let opcode: WebSocketOpcode = message.kind == .text ? .text : .binary
      let frame = WebSocketFrame(fin: true, opcode: opcode, data: message.body)
      bridge.web?.write(NIOAny(frame), promise: nil)
    }
    held.discardReadBytes()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    bridge.web?.flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    bridge.web?.readWhile(context.channel.isWritable)
  }

  func errorCaught(context: ChannelHandlerContext, error _: any Error) {
    context.close(promise: nil)
  }

  private func nextMessage(
    _ context: ChannelHandlerContext
  ) -> (kind: ControlMessage.Kind, body: ByteBuffer)? {
    guard held.readableBytes >= ControlMessage.headerSize else { return nil }
    guard let header = ControlMessage.header(held.readableBytesView) else {
      context.close(promise: nil)
      return nil
    }
    guard held.readableBytes >= ControlMessage.headerSize + header.count else { return nil }
    held.moveReaderIndex(forwardBy: ControlMessage.headerSize)
    return held.readSlice(length: header.count).map { (header.kind, $0) }
  }
}

extension ChannelHandlerContext {
  /// To the node, as one message.
  fileprivate func pass(_ body: ByteBuffer, as kind: ControlMessage.Kind) {
    var message = channel.allocator.buffer(
      bytes: ControlMessage.header(kind, count: body.readableBytes))
    message.writeImmutableBuffer(body)
    write(NIOAny(message), promise: nil)
  }

  fileprivate func readWhile(_ isWritable: Bool) {
    channel.setOption(.autoRead, value: isWritable).whenFailure { _ in }
  }
}
