import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Node
import Page
import Testing
import Wire

/// The server as a browser, a program and a hostile page meet it, on loopback.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ServerTests {
  @Test func thePageIsHandedOutUnderAStrictPolicy() async throws {
    try await withServer { server in
      let answer = try await Caller.ask(server.port, "GET / HTTP/1.1", ["Host": server.host])
      #expect(answer.hasPrefix("HTTP/1.1 200"))
      #expect(answer.contains("default-src 'none'"))
      #expect(!answer.contains("unsafe"))
      #expect(answer.contains("X-Content-Type-Options: nosniff"))
      #expect(answer.contains("<div id=\"app\">"))
      let head = try await Caller.ask(server.port, "HEAD / HTTP/1.1", ["Host": server.host])
      #expect(head.hasPrefix("HTTP/1.1 200"))
      #expect(!head.contains("<div"))
    }
  }

  @Test func whatIsNotThereIsNotThere() async throws {
    try await withServer { server in
      for path in ["/../page-key", "/page-key", "//", "/index.html/..", "/%2e%2e/"] {
        let answer = try await Caller.ask(
          server.port, "GET \(path) HTTP/1.1", ["Host": server.host])
        #expect(answer.hasPrefix("HTTP/1.1 404"), "\(path)")
      }
      let post = try await Caller.ask(server.port, "POST / HTTP/1.1", ["Host": server.host])
      #expect(post.hasPrefix("HTTP/1.1 405"))
    }
  }

  @Test func aNameMadeToPointHereGetsNothing() async throws {
    try await withServer { server in
      let answer = try await Caller.ask(
        server.port, "GET / HTTP/1.1", ["Host": "evil.example:\(server.port)"])
      #expect(answer.hasPrefix("HTTP/1.1 421"))
      #expect(!answer.contains("<div"))
    }
  }

  @Test func aWebSocketNeedsTheKeyAndOurOrigin() async throws {
    try await withServer { server in
      let good = server.upgrade
      var foreign = good
      foreign["Origin"] = "http://evil.example"
      var keyless = good
      keyless["Sec-WebSocket-Protocol"] = "starling.1, \(PageKey().text)"
      for wrong in [foreign, keyless] {
        let answer = try await Caller.ask(server.port, "GET /api HTTP/1.1", wrong)
        #expect(answer.hasPrefix("HTTP/1.1 403"))
      }
    }
  }

  @Test func withoutItsNodeAWebSocketIsClosed() async throws {
    try await withServer { server in
      let answer = try await Caller.ask(server.port, "GET /api HTTP/1.1", server.upgrade)
      #expect(!answer.contains("starling says"))
    }
  }

  @Test func aThousandConnectionsDoNotKeepThePageAway() async throws {
    try await withServer { server in
      let crowd = try await Caller.crowd(server.port, 1_000)
      for channel in crowd { channel.close(promise: nil) }
      for channel in crowd { try? await channel.closeFuture.get() }
      // Those let in need a moment to be seen closed.
      var answer = ""
      while !answer.hasPrefix("HTTP/1.1 200") {
        answer = try await Caller.ask(server.port, "GET / HTTP/1.1", ["Host": server.host])
      }
    }
  }

  @Test func aPortThatIsTakenIsLeftAlone() async throws {
    try await withServer { server in
      let place = try #require(Endpoint(host: "127.0.0.1", port: server.port))
      await #expect(throws: Failure.self) {
        _ = try await PageServer.start(at: place, key: PageKey(), control: "/nowhere")
      }
      let moved = try await PageServer.start(
        at: place, isMovable: true, key: PageKey(), control: "/nowhere")
      #expect(moved.port != server.port)
      await moved.stop(folder: "/nowhere")
    }
  }

  private struct Server {
    let port: UInt16
    let key: PageKey
    var host: String { "127.0.0.1:\(port)" }
    var upgrade: [String: String] {
      [
        "Host": host, "Origin": "http://\(host)", "Connection": "Upgrade",
        "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "starling.1, \(key.text)",
      ]
    }
  }

  private func withServer(_ body: (Server) async throws -> Void) async throws {
    let key = PageKey()
    let place = Endpoint(ipv4: 0x7F00_0001, port: 0)
    let server = try await PageServer.start(at: place, key: key, control: "/nowhere/control")
    #expect(server.link == "http://127.0.0.1:\(server.port)/#key=\(key.text)")
    try await body(Server(port: server.port, key: key))
    await server.stop(folder: "/nowhere")
  }
}
