import NIOCore
import NIOPosix
import NIOSSL

/// Somebody who connects to a server and says what they like.
enum Caller {
  /// What comes back until the other side closes, or until a whole answer is there.
  static func ask(
    _ port: UInt16, _ line: String, _ headers: [String: String], body: String = "",
    isSecret: Bool = false
  ) async throws -> String {
    let lines = headers.map { "\($0.key): \($0.value)\r\n" }.sorted().joined()
    let isUpgrade = headers["Upgrade"] != nil
    let request = "\(line)\r\n\(lines)\(isUpgrade ? "" : "Connection: close\r\n")\r\n\(body)"
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: Int(port)) { channel in
        channel.eventLoop.makeCompletedFuture {
          () throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> in
          if isSecret { try channel.pipeline.syncOperations.addHandler(trusting()) }
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try? await outbound.write(ByteBuffer(string: request))
      var answer = ""
      do {
        for try await bytes in inbound {
          answer += String(buffer: bytes)
          if isUpgrade, answer.contains("\r\n\r\n"), !answer.hasPrefix("HTTP/1.1 101") { break }
        }
      } catch {
        // Reset by the other side: what was said until then counts.
      }
      return answer
    }
  }

  /// TLS with whoever answers.
  private static func trusting() throws -> NIOSSLClientHandler {
    var settings = TLSConfiguration.makeClientConfiguration()
    settings.certificateVerification = .none
    return try NIOSSLClientHandler(
      context: NIOSSLContext(configuration: settings), serverHostname: nil)
  }

  /// Connections that say nothing.
  static func crowd(_ port: UInt16, _ count: Int) async throws -> [any Channel] {
    var crowd: [any Channel] = []
    for _ in 0..<count {
      let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: Int(port)).get()
      if let channel { crowd.append(channel) }
    }
    return crowd
  }
}
