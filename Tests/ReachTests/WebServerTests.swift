import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Reach
import Testing
import Wire

/// The shipped configurations in the real programs; each is left out where it is not installed.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct WebServerTests {
  @Test(
    .enabled("nginx is not installed") { WebServer.Kind.nginx.program != nil })
  func throughNginx() async throws { try await datagramsPassAndStrangersSeeTheSite(.nginx) }

  @Test(
    .enabled("Caddy is not installed") { WebServer.Kind.caddy.program != nil })
  func throughCaddy() async throws { try await datagramsPassAndStrangersSeeTheSite(.caddy) }

  private func datagramsPassAndStrangersSeeTheSite(_ kind: WebServer.Kind) async throws {
    let program = try #require(kind.program)
    let files = try TestKeys.files()
    let (inside, outside) = (try await Party(), try await Party())
    let server = try await TunnelServer.start(
      TunnelServer.Settings(host: "127.0.0.1", port: 0, security: .plain, path: TunnelTests.path),
      nodePort: outside.port)
    let web = try await WebServer(
      kind, program: program, path: TunnelTests.path, tunnel: server.port, files: files)
    let clients = TunnelClients(nodePort: inside.port) { _ in }
    let address = try #require(
      TunnelAddress(
        host: "127.0.0.1", port: web.port, path: TunnelTests.path,
        pin: try TestKeys.raw(TestKeys.pin)))
    let port = try await clients.open(address).port
    for number in 0..<20 {
      let there = [UInt8](repeating: UInt8(number), count: 190)
      let side = try await inside.say(there, to: port, heardBy: outside)
      #expect(try await outside.say([UInt8(number)], to: side, heardBy: inside) == port)
    }

    #expect(try await ask(web.port, "GET / HTTP/1.1").contains("<p>Hello"))
    // With a node and without, with the path and without: one answer.
    let probes = ["GET /PATH HTTP/1.1", "POST /PATH HTTP/1.1", "HEAD /PATH HTTP/1.1"]
    var known: [String] = []
    for probe in probes { known.append(try await ask(web.port, probe, at: TunnelTests.path)) }
    await clients.stop()
    await server.stop()
    for (probe, answer) in zip(probes, known) {
      let unknown = try await ask(web.port, probe, at: "/k3v9QeVb0n2mXyZ41aPr7h")
      #expect(unknown.contains(" 404 ") || unknown.contains(" 405 "), "\(probe)")
      #expect(answer == unknown, "\(probe)")
    }
    let down = try await ask(web.port, "GET /PATH HTTP/1.1", at: TunnelTests.path, upgrades: true)
    #expect(down.hasPrefix("HTTP/1.1 404"))
    web.stop()
    await inside.leave()
    await outside.leave()
  }

  /// Over TLS, without the date.
  private func ask(
    _ port: UInt16, _ line: String, at path: String = "/", upgrades: Bool = false
  ) async throws -> String {
    var settings = TLSConfiguration.makeClientConfiguration()
    settings.certificateVerification = .none
    let context = try NIOSSLContext(configuration: settings)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: Int(port)) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: context, serverHostname: "localhost"))
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    let more =
      upgrades
      ? "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n" : "Connection: close\n"
    let words =
      line.replacing("/PATH", with: path) + "\nHost: localhost:\(port)\n\(more)\n"
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(bytes: ProbeTests.wire(words)))
      var answer = ""
      do {
        for try await bytes in inbound {
          answer += String(buffer: bytes)
          if upgrades, answer.contains("\r\n\r\n") { break }
        }
      } catch {
        // Ended without a farewell: what was said until then counts.
      }
      return Prober.undated(answer)
    }
  }
}
