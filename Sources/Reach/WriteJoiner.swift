// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Makes one write of all up to a flush, so that TLS makes one record of it: a record for the four
/// bytes of a frame's header would mark every message.
final class WriteJoiner: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var joined = ByteBuffer()
  private var promise: EventLoopPromise<Void>?

  func write(context _: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var bytes = unwrapOutboundIn(data)
    if joined.readableBytes == 0 { joined = bytes } else { joined.writeBuffer(&bytes) }
    self.promise.setOrCascade(to: promise)
  }

  func flush(context: ChannelHandlerContext) {
    pass(context)
    context.flush()
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    pass(context)
    context.close(mode: mode, promise: promise)
  }

  func handlerRemoved(context _: ChannelHandlerContext) {
    promise?.fail(ChannelError.ioOnClosedChannel)
    promise = nil
  }

  private func pass(_ context: ChannelHandlerContext) {
    guard joined.readableBytes > 0 || promise != nil else { return }
    context.write(wrapOutboundOut(joined), promise: promise)
    joined = ByteBuffer()
    promise = nil
  }
}
