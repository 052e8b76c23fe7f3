// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Closes a connection that asks for nothing: one that never finishes its request would hold a
/// place for ever.
final class Patience: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  static let name = "patience"

  private var end: Scheduled<Void>?

  func handlerAdded(context: ChannelHandlerContext) { wait(context) }

  func handlerRemoved(context _: ChannelHandlerContext) { end?.cancel() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.fireChannelRead(data)
    bytes += unwrapInboundIn(data).readableBytes
    // Byte by byte is no request either.
    guard bytes >= Self.step else { return }
    bytes = 0
    wait(context)
  }

  private var bytes = 0

  private func wait(_ context: ChannelHandlerContext) {
    end?.cancel()
    let channel = context.channel
    end = context.eventLoop.scheduleTask(in: Self.limit) { channel.close(promise: nil) }
  }

  /// A browser keeps a connection for the next file about this long.
  ///
  /// A guess.
  private static let limit = TimeAmount.seconds(15)
  /// Shorter than any browser's request.
  private static let step = 64
}
