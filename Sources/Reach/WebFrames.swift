// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOWebSocket
import Wire

/// Messages as binary messages of a WebSocket (RFC 6455): a client masks what it sends, an empty
/// message is a ping.
final class WebFrames: ChannelDuplexHandler {
  typealias InboundIn = WebSocketFrame
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = WebSocketFrame

  private let end: Tunnel.End

  private init(_ end: Tunnel.End) { self.end = end }

  static func add(
    to pipeline: ChannelPipeline.SynchronousOperations, end: Tunnel.End
  ) throws {
    try pipeline.addHandler(MaskCheck(isMasked: end == .outside))
    try pipeline.addHandler(
      NIOWebSocketFrameAggregator(
        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: mostFragments,
        maxAccumulatedFrameSize: TunnelMessage.longest))
    try pipeline.addHandler(WebFrames(end))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .binary: context.fireChannelRead(wrapInboundOut(frame.unmaskedData))
    case .ping:
      send(.pong, frame.unmaskedData, nil, context)
      context.flush()
      context.fireChannelRead(wrapInboundOut(ByteBuffer()))
    case .pong: context.fireChannelRead(wrapInboundOut(ByteBuffer()))
    case .connectionClose:
      send(.connectionClose, frame.unmaskedData, nil, context)
      context.flush()
      context.close(promise: nil)
    default: context.close(promise: nil)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let message = unwrapOutboundIn(data)
    send(message.readableBytes == 0 ? .ping : .binary, message, promise, context)
  }

  private func send(
    _ opcode: WebSocketOpcode, _ data: ByteBuffer, _ promise: EventLoopPromise<Void>?,
    _ context: ChannelHandlerContext
  ) {
    let mask = end == .inside ? WebSocketMaskingKey.random() : nil
    let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: mask, data: data)
    context.write(wrapOutboundOut(frame), promise: promise)
  }

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
