import NIOCore
import NIOPosix
import Synchronization

/// A SOCKS5 proxy without a name, and what it was asked for.
final class SocksServer: Sendable {
  let port: UInt16
  private let channel: any Channel
  private let asked: Asked

  private final class Asked: Sendable {
    let hosts = Mutex<[String]>([])
  }

  /// Hosts in the order in which they were asked for.
  var hosts: [String] { asked.hosts.withLock { $0 } }

  init() async throws {
    let asked = Asked()
    self.asked = asked
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            Desk { host in asked.hosts.withLock { $0.append(host) } })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = UInt16(clamping: channel.localAddress?.port ?? 0)
  }

  func stop() async { try? await channel.close() }

  private final class Desk: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let asked: (String) -> Void
    private var hasGreeted = false
    private var waiting = ByteBuffer()
    private var other: (any Channel)?

    init(asked: @escaping (String) -> Void) { self.asked = asked }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      if let other {
        other.writeAndFlush(bytes, promise: nil)
        return
      }
      waiting.writeBuffer(&bytes)
      if !hasGreeted, waiting.readableBytes >= 3 {
        hasGreeted = true
        waiting.moveReaderIndex(forwardBy: 3)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [5, 0])), promise: nil)
      }
      guard hasGreeted, let head = waiting.getBytes(at: waiting.readerIndex, length: 5) else {
        return
      }
      let isName = head[3] == 3
      let count = isName ? Int(head[4]) : 4
      let start = waiting.readerIndex + (isName ? 5 : 4)
      guard let letters = waiting.getBytes(at: start, length: count),
        let port = waiting.getInteger(at: start + count, as: UInt16.self)
      else { return }
      waiting.clear()
      let host =
        isName
        ? String(decoding: letters, as: UTF8.self)
        : letters.map(String.init).joined(separator: ".")
      asked(host)
      connect(host, port, context)
    }

    private func connect(_ host: String, _ port: UInt16, _ context: ChannelHandlerContext) {
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let client = context.channel
      ClientBootstrap(group: context.eventLoop)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Way(to: client))
          }
        }
        .connect(host: host, port: Int(port))
        .whenComplete { result in
          let (desk, context) = bound.value
          switch result {
          case .success(let channel):
            desk.other = channel
            context.channel.closeFuture.whenComplete { _ in channel.close(promise: nil) }
            let yes = ByteBuffer(bytes: [5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            context.writeAndFlush(desk.wrapOutboundOut(yes), promise: nil)
          case .failure:
            let no = ByteBuffer(bytes: [5, 5, 0, 1, 0, 0, 0, 0, 0, 0])
            context.writeAndFlush(desk.wrapOutboundOut(no), promise: nil)
            context.close(promise: nil)
          }
        }
    }
  }

  private final class Way: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let end: any Channel

    init(to end: any Channel) { self.end = end }

    func channelRead(context _: ChannelHandlerContext, data: NIOAny) {
      end.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context _: ChannelHandlerContext) { end.close(promise: nil) }
  }
}
