import NIOCore
import NIOPosix
import Reach
import Testing
import Wire

/// What strangers and hostile friends see of a server.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ProbeTests {
  @Test func strangersSeeAnOrdinaryWebSite() async throws {
    try await withPlainServer { port, _ in
      let home = try await Prober.ask(port, Self.get("/"))
      #expect(home.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(home.contains("Index of /"))
      #expect(home.contains("\r\nDate: "))
      #expect(try await Prober.ask(port, Self.get("/x")).hasPrefix("HTTP/1.1 404 Not Found\r\n"))
      #expect(
        try await Prober.ask(port, Self.get("/", method: "POST"))
          .hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
      let head = try await Prober.ask(port, Self.get("/", method: "HEAD"))
      #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
      for answer in [home, head] { #expect(!answer.lowercased().contains("starling")) }
    }
  }

  /// A kernel that closes with bytes unread says RST instead of FIN.
  @Test func aLongProbeEndsLikeAShortOne() async throws {
    try await TunnelTests().withServer { server, _ in
      for count in [23, 1_000, 17_000, 200_000] {
        let channel = try await Prober.connect(server.port)
        let wasReset = try await channel.executeThenClose { inbound, outbound in
          do {
            try await outbound.write(ByteBuffer(repeating: 0xA7, count: count))
            for try await _ in inbound {}
            return false
          } catch {
            return true
          }
        }
        #expect(!wasReset, "\(count) bytes")
      }
    }
  }

  @Test func thePathWithoutAWebSocketIsNotThere() async throws {
    try await withPlainServer { port, _ in
      let unknown = Prober.undated(try await Prober.ask(port, Self.get("/nothing")))
      #expect(unknown.hasPrefix("HTTP/1.1 404"))
      #expect(Prober.undated(try await Prober.ask(port, Self.get(TunnelTests.path))) == unknown)
      let post = Prober.undated(try await Prober.ask(port, Self.get("/nothing", method: "POST")))
      #expect(
        Prober.undated(try await Prober.ask(port, Self.get(TunnelTests.path, method: "POST")))
          == post)
    }
  }

  @Test func aWebSocketElsewhereIsAnOrdinaryRequest() async throws {
    try await withPlainServer { port, _ in
      let wrong = [
        "/", "/nothing", TunnelTests.path + "x", TunnelTests.path + "?",
        String(TunnelTests.path.dropLast()),
      ]
      for path in wrong {
        let asked = try await Prober.ask(port, Array(Self.wire(Prober.upgrade(path)))) {
          $0.hasSuffix("</html>\n") || $0.contains("101")
        }
        #expect(asked.hasPrefix(path == "/" ? "HTTP/1.1 200" : "HTTP/1.1 404"), "\(path)")
      }
      let right = try await Prober.ask(port, Array(Self.wire(Prober.upgrade(TunnelTests.path)))) {
        $0.contains("\r\n\r\n")
      }
      #expect(right.hasPrefix("HTTP/1.1 101"))
    }
  }

  /// One request would tell the door from a web server, which goes on.
  @Test func aConnectionGoesOnBehindAWebSocketThatIsRefused() async throws {
    try await withPlainServer { port, _ in
      let refused = Array(Self.wire(Prober.upgrade("/nothing")))
      let plain = Array("GET /x HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
      let tunnel = Array("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
      let last = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
      let answer = try await Prober.ask(port, refused + plain + refused + tunnel + last)
      let told = answer.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
      #expect(told == ["404", "404", "404", "405", "200"])
    }
  }

  @Test(arguments: [
    "\u{1}\u{2}\u{3}\n\n", "GET\n\n", "GET / HTTP/9.9\n\n", "GET / HTTP/1.1\n\n",
    "GET / HTTP/1.1\nHost: a\nHost: b\nConnection: close\n\n", "GET / HTTP/1.1\nHost a\n\n",
  ])
  func whatIsNoRequestGetsOneAnswerAndTheEnd(words: String) async throws {
    try await withPlainServer { port, _ in
      let answer = try await Prober.ask(port, words)
      #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
      #expect(answer.contains("<h1>400 Bad Request</h1>"))
    }
  }

  @Test func aBodyBeyondAMegabyteIsRefusedBeforeItComes() async throws {
    try await withPlainServer { port, _ in
      let answer = try await Prober.ask(
        port, "POST / HTTP/1.1\nHost: a\nContent-Length: 1048577\n\n")
      #expect(answer.hasPrefix("HTTP/1.1 413"))
    }
  }

  @Test func requestsInOneBreathAreAnsweredInOrder() async throws {
    try await withPlainServer { port, _ in
      let one = "GET /x HTTP/1.1\nHost: a\n\n"
      let last = "GET / HTTP/1.1\nHost: a\nConnection: close\n\n"
      let answer = try await Prober.ask(port, String(repeating: one, count: 200) + last)
      #expect(answer.split(separator: "HTTP/1.1 404").count == 200)
      #expect(answer.contains("Index of /"))
    }
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
  }

  /// Frames with a mask of zeros, so that what is masked stands as it is.
  static let bad = [
    Bad(testDescription: "no mask", bytes: [0x82, 2, 0, 0]),
    Bad(testDescription: "length beyond the message", bytes: [0x82, 0x83, 0, 0, 0, 0, 0, 9, 9]),
    Bad(testDescription: "padding that is none", bytes: [0x82, 0x84, 0, 0, 0, 0, 0, 0, 0, 7]),
    Bad(testDescription: "text", bytes: [0x81, 0x81, 0, 0, 0, 0, 0x41]),
    Bad(testDescription: "too long", bytes: [0x82, 0xFE, 0x10, 0x01, 0, 0, 0, 0]),
    Bad(
      testDescription: "far too long", bytes: [0x82, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    Bad(testDescription: "unknown frame", bytes: [0x83, 0x80, 0, 0, 0, 0]),
    Bad(
      testDescription: "endless pieces",
      bytes: [0x02, 0x80, 0, 0, 0, 0] + (0..<40).flatMap { _ in [0x00, 0x80, 0, 0, 0, 0] }),
    Bad(testDescription: "closing", bytes: [0x88, 0x80, 0, 0, 0, 0]),
  ]

  @Test(arguments: bad)
  func aBadFrameEndsItsConnectionOnly(_ sample: Bad) async throws {
    try await withPlainServer { port, node in
      let friend = try await Prober.connect(port)
      try await friend.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(bytes: Self.wire(Prober.upgrade(TunnelTests.path))))
        var words = inbound.makeAsyncIterator()
        #expect(try await words.next().map { String(buffer: $0) }?.contains(" 101 ") == true)
        // Ends by itself, or this would wait for ever.
        let answer = try await Prober.ask(
          port, Array(Self.wire(Prober.upgrade(TunnelTests.path))) + sample.bytes)
        #expect(answer.hasPrefix("HTTP/1.1 101"))
        try await outbound.write(ByteBuffer(bytes: [0x82, 0x83, 0, 0, 0, 0, 0, 1, 77]))
        #expect(try await node.hear().bytes == [77])
      }
    }
  }

  @Test func aThousandStrangersDoNotHurtAFriend() async throws {
    try await TunnelTests().withServer { server, _ in
      var strangers: [any Channel] = []
      for _ in 0..<1_000 { strangers.append(try await Prober.stand(server.port)) }
      let clients = TunnelClients(nodePort: 9) { _ in }
      let address = try #require(
        TunnelAddress(
          host: "127.0.0.1", port: server.port, path: TunnelTests.path,
          pin: try TestKeys.raw(TestKeys.pin)))
      #expect(try await clients.open(address).port > 0)
      #expect(server.strangers <= 512)
      for stranger in strangers { stranger.close(promise: nil) }
      await clients.stop()
    }
  }

  static func get(_ path: String, method: String = "GET") -> String {
    "\(method) \(path) HTTP/1.1\nHost: localhost\nConnection: close\n\n"
  }

  static func wire(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }

  private func withPlainServer(_ body: (UInt16, Party) async throws -> Void) async throws {
    let node = try await Party()
    let server = try await TunnelServer.start(
      TunnelServer.Settings(host: "127.0.0.1", port: 0, security: .plain, path: TunnelTests.path),
      nodePort: node.port)
    try await body(server.port, node)
    await server.stop()
    await node.leave()
  }
}
