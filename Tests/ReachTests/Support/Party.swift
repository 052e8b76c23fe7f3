import NIOCore
import NIOPosix
import Reach

/// A UDP socket on this machine that plays the node.
final class Party: Sendable {
  let port: UInt16
  private let channel: any Channel
  private let heard: AsyncStream<AddressedEnvelope<ByteBuffer>>

  init() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: AddressedEnvelope<ByteBuffer>.self)
    heard = stream
    channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Ear(continuation))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = UInt16(clamping: channel.localAddress?.port ?? 0)
  }

  func send(_ bytes: [UInt8], to port: UInt16) async throws {
    let place = try SocketAddress(ipAddress: "127.0.0.1", port: Int(port))
    try await channel.writeAndFlush(
      AddressedEnvelope(remoteAddress: place, data: ByteBuffer(bytes: bytes)))
  }

  /// Said until `other` hears it, for a tunnel drops what waited too long on a busy machine; the
  /// port it came from.
  func say(_ bytes: [UInt8], to port: UInt16, heardBy other: Party) async throws -> UInt16 {
    let again = Task {
      while !Task.isCancelled {
        try await send(bytes, to: port)
        try await Task.sleep(for: .seconds(1))
      }
    }
    defer { again.cancel() }
    while true {
      let came = try await other.hear()
      if came.bytes == bytes { return came.port }
    }
  }

  /// The next datagram and the port it came from; waits a minute, for a datagram may be lost.
  func hear() async throws -> (bytes: [UInt8], port: UInt16) {
    let end = channel.eventLoop.scheduleTask(in: .minutes(1)) { [channel] in
      channel.close(promise: nil)
    }
    defer { end.cancel() }
    for await envelope in heard {
      return (Array(envelope.data.readableBytesView), UInt16(envelope.remoteAddress.port ?? 0))
    }
    throw ChannelError.ioOnClosedChannel
  }

  /// The next datagram; from the second second on `bytes` are said again, for a tunnel drops what
  /// waited too long on a busy machine.
  func hear(orElse bytes: [UInt8], from other: Party, to port: UInt16) async throws -> [UInt8] {
    let again = Task {
      while true {
        try await Task.sleep(for: .seconds(2))
        try await other.send(bytes, to: port)
      }
    }
    defer { again.cancel() }
    return try await hear().bytes
  }

  func leave() async { try? await channel.close() }

  private final class Ear: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let heard: AsyncStream<AddressedEnvelope<ByteBuffer>>.Continuation

    init(_ heard: AsyncStream<AddressedEnvelope<ByteBuffer>>.Continuation) { self.heard = heard }

    func channelRead(context _: ChannelHandlerContext, data: NIOAny) {
      heard.yield(unwrapInboundIn(data))
    }

    func channelInactive(context _: ChannelHandlerContext) { heard.finish() }
  }
}

/// Tunnels that were said to be closed, to be waited for.
final class Closings: Sendable {
  private let stream: AsyncStream<OpenTunnel>
  private let continuation: AsyncStream<OpenTunnel>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream(of: OpenTunnel.self) }

  func note(_ tunnel: OpenTunnel) { continuation.yield(tunnel) }

  func next() async throws -> OpenTunnel {
    for await tunnel in stream { return tunnel }
    throw ChannelError.ioOnClosedChannel
  }
}

/// Somebody who connects and says what they like, without TLS.
enum Prober {
  /// What comes back until the other side closes, or until `isEnough`.
  static func ask(
    _ port: UInt16, _ words: [UInt8], until isEnough: (String) -> Bool = { _ in false }
  ) async throws -> String {
    let channel = try await connect(port)
    return try await channel.executeThenClose { inbound, outbound in
      try? await outbound.write(ByteBuffer(bytes: words))
      var answer = ""
      do {
        for try await bytes in inbound {
          answer += String(decoding: bytes.readableBytesView, as: UTF8.self)
          if isEnough(answer) { break }
        }
      } catch {
        // Reset by the other side: what was said until then counts.
      }
      return answer
    }
  }

  static func ask(_ port: UInt16, _ text: String) async throws -> String {
    try await ask(port, Array(text.replacing("\n", with: "\r\n").utf8))
  }

  /// The same at every time.
  static func undated(_ answer: String) -> String {
    answer.split(separator: "\r\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("Date: ") }.joined(separator: "\n")
  }

  static func connect(_ port: UInt16) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: Int(port)) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
  }

  /// A connection that says nothing.
  static func stand(_ port: UInt16) async throws -> any Channel {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: Int(port)).get()
  }

  static func upgrade(_ path: String) -> String {
    """
    GET \(path) HTTP/1.1
    Host: localhost
    Connection: Upgrade
    Upgrade: websocket
    Sec-WebSocket-Version: 13
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==


    """
  }
}
