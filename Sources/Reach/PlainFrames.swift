// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Wire

/// Messages one after the other in a stream that a pluggable transport disguises: a length of two
/// bytes and the message. Length 0 is a sign of life; who accepted the stream answers it with one.
final class PlainFrames: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let end: Tunnel.End
  private var waiting = ByteBuffer()

  private init(_ end: Tunnel.End) { self.end = end }

  static func add(
    to pipeline: ChannelPipeline.SynchronousOperations, end: Tunnel.End
  ) throws {
    try pipeline.addHandler(PlainFrames(end))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    waiting.writeBuffer(&bytes)
    while let count = waiting.getInteger(at: waiting.readerIndex, as: UInt16.self) {
      guard Int(count) <= TunnelMessage.longest else { return context.close(promise: nil) }
      guard waiting.readableBytes >= Self.lengthBytes + Int(count) else { break }
      waiting.moveReaderIndex(forwardBy: Self.lengthBytes)
      guard let message = waiting.readSlice(length: Int(count)) else { break }
      if count == 0, end == .outside { write(ByteBuffer(), nil, context) }
      context.fireChannelRead(wrapInboundOut(message))
    }
    waiting.discardReadBytes()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelReadComplete()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    write(unwrapOutboundIn(data), promise, context)
  }

  private func write(
    _ message: ByteBuffer, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
  ) {
    var bytes = context.channel.allocator.buffer(capacity: Self.lengthBytes + message.readableBytes)
    bytes.writeInteger(UInt16(clamping: message.readableBytes))
    bytes.writeImmutableBuffer(message)
    context.write(wrapOutboundOut(bytes), promise: promise)
  }

  private static let lengthBytes = 2
}
