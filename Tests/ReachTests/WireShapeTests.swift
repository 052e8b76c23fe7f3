import NIOCore
import NIOPosix
import Reach
import Synchronization
import Testing
import Wire

/// What the network sees of a tunnel.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct WireShapeTests {
  /// W1: real TLS is exempt from the rule against traffic that looks like nothing, by its first
  /// three bytes, every time. B10 asks the same of the first packets.
  @Test func everyFirstPayloadIsAClientHello() async throws {
    let payloads = Mutex<[[UInt8]]>([])
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            FirstWords { bytes in
              payloads.withLock { $0.append(bytes) }
            })
        }
      }
      .bind(host: "0.0.0.0", port: 0).get()
    let port = UInt16(clamping: listener.localAddress?.port ?? 0)
    let clients = TunnelClients(nodePort: 9) { _ in }
    for number in 0..<200 {
      // Eight calls a minute to each host.
      let address = try #require(
        TunnelAddress(host: "127.0.0.\(1 + number / 8)", port: port, path: "/p"))
      await #expect(throws: ReachError.self) { try await clients.open(address) }
    }
    try await listener.close()
    let seen = payloads.withLock { $0 }
    #expect(seen.count == 200)
    for payload in seen {
      #expect(payload.count > 100)
      #expect(payload.starts(with: [0x16, 0x03, 0x01]))
    }
    // One size is no size: it must not tell one of our calls from the next.
    #expect(Set(seen.map(\.count)).count == 1)
  }

  /// One TLS record for each message and only one size, while somebody talks and while not.
  @Test func everyMessageIsOneRecordOfOneSize() async throws {
    try await TunnelTests().withServer { server, _ in
      let upward = Mutex<[UInt8]>([])
      let relay = try await Relay.start(to: server.port) { bytes in
        upward.withLock { $0 += bytes }
      }
      let node = try await Party()
      let clients = TunnelClients(nodePort: node.port) { _ in }
      let address = try #require(
        TunnelAddress(
          host: "127.0.0.1", port: relay.port, path: TunnelTests.path,
          pin: try TestKeys.raw(TestKeys.pin)))
      let port = try await clients.open(address).port
      let before = Self.records(upward.withLock { $0 }).count
      try await node.send([UInt8](repeating: 1, count: 190), to: port)
      while clients.counts.messagesSent < 20 { try await Task.sleep(for: .milliseconds(5)) }
      for _ in 0..<5 { try await node.send([UInt8](repeating: 1, count: 190), to: port) }
      while clients.counts.messagesSent < 22 { try await Task.sleep(for: .milliseconds(5)) }
      let records = Self.records(upward.withLock { $0 }).dropFirst(before)
      #expect(records.count >= 20)
      // Frame header and mask 8, tag and content type of TLS 17.
      let sizes = TunnelMessage.sizes.map { $0 + 8 + 17 }
      #expect(records.allSatisfy(sizes.contains))
      #expect(records.prefix(20).allSatisfy { $0 == sizes[0] })
      await clients.stop()
      await node.leave()
      try await relay.channel.close()
    }
  }

  private static func records(_ bytes: [UInt8]) -> [Int] {
    var (sizes, start): ([Int], Int) = ([], 0)
    while start + 5 <= bytes.count {
      let size = Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
      if start + 5 + size <= bytes.count { sizes.append(size) }
      start += 5 + size
    }
    return sizes
  }
}

/// Tells the first bytes of a connection and ends it.
private final class FirstWords: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let tell: @Sendable ([UInt8]) -> Void

  init(_ tell: @escaping @Sendable ([UInt8]) -> Void) { self.tell = tell }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    tell(Array(unwrapInboundIn(data).readableBytesView))
    context.close(promise: nil)
  }
}

/// Passes bytes on to a port of this machine and tells those that go there.
private struct Relay {
  let channel: any Channel
  let port: UInt16

  static func start(
    to target: UInt16, tell: @escaping @Sendable ([UInt8]) -> Void
  ) async throws -> Relay {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
      .childChannelInitializer { near in
        ClientBootstrap(group: near.eventLoop)
          .channelInitializer { far in
            far.eventLoop.makeCompletedFuture {
              try far.pipeline.syncOperations.addHandler(PassOn(to: near) { _ in })
            }
          }
          .connect(host: "127.0.0.1", port: Int(target))
          .flatMapThrowing { far in
            try near.pipeline.syncOperations.addHandler(PassOn(to: far, tell))
            near.closeFuture.whenComplete { _ in far.close(promise: nil) }
            far.closeFuture.whenComplete { _ in near.close(promise: nil) }
          }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return Relay(channel: channel, port: UInt16(clamping: channel.localAddress?.port ?? 0))
  }

  private final class PassOn: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let tell: @Sendable ([UInt8]) -> Void

    init(to other: any Channel, _ tell: @escaping @Sendable ([UInt8]) -> Void) {
      self.other = other
      self.tell = tell
    }

    func channelRead(context _: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      tell(Array(bytes.readableBytesView))
      other.writeAndFlush(bytes, promise: nil)
    }
  }
}
