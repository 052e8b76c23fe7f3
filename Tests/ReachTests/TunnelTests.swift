import NIOCore
import Reach
import Testing
import Wire

/// Both ends on loopback, with nodes played by plain sockets.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct TunnelTests {
  static let path = "/k3v9QeVb0n2mXyZ41aPr7g"

  @Test func datagramsGoBothWaysUnchanged() async throws {
    try await withTunnel { inside, outside, port, _ in
      for count in [1, 2, 190, 254, 255, 700, 1_200] {
        let there = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
        try await inside.send(there, to: port)
        let came = try await outside.hear()
        #expect(came.bytes == there)
        let back = there.map { ~$0 }
        try await outside.send(back, to: came.port)
        let returned = try await inside.hear()
        #expect(returned.bytes == back)
        // The node answers to where it heard the other.
        #expect(returned.port == port)
      }
    }
  }

  @Test func manyAtOnceComeInOrder() async throws {
    try await withTunnel { inside, outside, port, clients in
      for number in 0..<50 { try await inside.send([UInt8(number), 1, 2, 3], to: port) }
      var numbers: [UInt8] = []
      while numbers.last != 49 {
        let came = try await outside.hear(orElse: [49, 1, 2, 3], from: inside, to: port)
        #expect(came.dropFirst() == [1, 2, 3])
        numbers.append(came[0])
      }
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy(<))
      #expect(clients.counts.tunnels == 1)
      // A tunnel drops what waited too long on a busy machine, and counts it.
      if clients.counts.datagramsDropped == 0 { #expect(numbers == Array(0..<50)) }
    }
  }

  @Test func onlyTheNodeIsHeard() async throws {
    try await withTunnel { inside, outside, port, _ in
      let stranger = try await Party()
      try? await stranger.send([6, 6, 6], to: port)
      try await inside.send([1], to: port)
      #expect(try await outside.hear().bytes == [1])
      await stranger.leave()
    }
  }

  @Test func theWrongPathIsAnOrdinaryAnswer() async throws {
    try await withServer { server, _ in
      let address = try address(server, path: "/wrong", pin: TestKeys.pin)
      #expect(await failure(address) == .refused)
    }
  }

  @Test func theWrongKeyIsRefused() async throws {
    try await withServer { server, _ in
      let pin = try TestKeys.raw(TestKeys.pin)
      #expect(server.pin == pin)
      #expect(server.isSelfSigned)
      let wrong = try address(server, pin: TestKeys.otherPin)
      #expect(await failure(wrong) == .untrusted)
      // Nobody vouches for a certificate that signs itself.
      let unpinned = try address(server, pin: nil)
      #expect(await failure(unpinned) == .untrusted)
    }
  }

  @Test(arguments: ["localhost", "127.0.0.1"])
  func aCertificateThatIsTrustedNeedsNoPin(host: String) async throws {
    try await withServer { server, files in
      let node = try await Party()
      let clients = TunnelClients(nodePort: node.port, trust: .file(files.certificate)) { _ in }
      let address = try #require(TunnelAddress(host: host, port: server.port, path: Self.path))
      #expect(try await clients.open(address).port > 0)
      // The same certificate under a name that does not stand in it.
      let other = try #require(
        TunnelAddress(host: "127.0.0.2", port: server.port, path: Self.path))
      await #expect(throws: ReachError.self) { try await clients.open(other) }
      await clients.stop()
      await node.leave()
    }
  }

  @Test func nobodyThereIsUnreachable() async throws {
    let gone = try await Party()
    await gone.leave()
    let address = try #require(TunnelAddress(host: "127.0.0.1", port: gone.port, path: "/p"))
    #expect(await failure(address) == .unreachable)
  }

  @Test func theEndOfATunnelIsTold() async throws {
    let closings = Closings()
    try await withServer { server, _ in
      let node = try await Party()
      let clients = TunnelClients(nodePort: node.port) { closings.note($0) }
      let tunnel = try await clients.open(try address(server, pin: TestKeys.pin))
      await server.stop()
      #expect(try await closings.next() == tunnel)
      #expect(clients.counts.tunnels == 0)
      await clients.stop()
      await #expect(throws: ReachError.stopped) {
        try await clients.open(try address(server, pin: TestKeys.pin))
      }
      await node.leave()
    }
  }

  @Test func aClosedPortIsToldToo() async throws {
    let closings = Closings()
    try await withServer { server, _ in
      let node = try await Party()
      let clients = TunnelClients(nodePort: node.port) { closings.note($0) }
      let tunnel = try await clients.open(try address(server, pin: TestKeys.pin))
      clients.close(tunnel)
      #expect(try await closings.next() == tunnel)
      await clients.stop()
      await node.leave()
    }
  }

  @Test func theNinthCallOfAMinuteIsNotMade() async throws {
    let gone = try await Party()
    await gone.leave()
    let node = try await Party()
    let clients = TunnelClients(nodePort: node.port) { _ in }
    let address = try #require(TunnelAddress(host: "127.0.0.1", port: gone.port, path: "/p"))
    for call in 0..<9 {
      await #expect(throws: call < 8 ? ReachError.unreachable : .tooOften) {
        try await clients.open(address)
      }
    }
    await node.leave()
  }

  /// What others say must not make this node talk to what listens on its own machine.
  @Test(arguments: ["localhost", "127.0.0.1"])
  func othersCannotSendUsToOurOwnMachine(host: String) async throws {
    try await withServer { server, files in
      let node = try await Party()
      let clients = TunnelClients(nodePort: node.port, trust: .file(files.certificate)) { _ in }
      let address = try #require(TunnelAddress(host: host, port: server.port, path: Self.path))
      await #expect(throws: ReachError.self) { try await clients.open(address, isNamed: false) }
      // And after a call in vain it is left alone, unless the person asks.
      await #expect(throws: ReachError.leftAlone) {
        try await clients.open(address, isNamed: false)
      }
      #expect(try await clients.open(address).port > 0)
      await clients.stop()
      await node.leave()
    }
  }

  /// Tor and others: the name is looked up there, and nobody is called past it.
  @Test func everythingGoesThroughAProxy() async throws {
    let proxy = try await SocksServer()
    try await withServer { server, files in
      let node = try await Party()
      let clients = TunnelClients(
        nodePort: node.port, trust: .file(files.certificate),
        proxy: SocksProxy(host: "127.0.0.1", port: proxy.port)
      ) { _ in }
      let named = try #require(
        TunnelAddress(host: "localhost", port: server.port, path: Self.path))
      let numbered = try #require(
        TunnelAddress(host: "127.0.0.1", port: server.port, path: Self.path))
      #expect(try await clients.open(named).port > 0)
      #expect(try await clients.open(numbered).port > 0)
      #expect(proxy.hosts == ["localhost", "127.0.0.1"])
      await proxy.stop()
      await #expect(throws: ReachError.unreachable) { try await clients.open(numbered) }
      await clients.stop()
      await node.leave()
    }
  }

  @Test func aProxyThatSaysNoIsNotGoneAround() async throws {
    let proxy = try await SocksServer()
    let gone = try await Party()
    await gone.leave()
    let clients = TunnelClients(
      nodePort: 9, proxy: SocksProxy(host: "127.0.0.1", port: proxy.port)
    ) { _ in }
    let address = try #require(TunnelAddress(host: "127.0.0.1", port: gone.port, path: "/p"))
    await #expect(throws: ReachError.refused) { try await clients.open(address) }
    await proxy.stop()
  }
}

extension TunnelTests {
  func withServer(
    _ body: (TunnelServer, (certificate: String, key: String)) async throws -> Void
  ) async throws {
    let node = try await Party()
    let files = try TestKeys.files()
    let server = try await TunnelServer.start(
      TunnelServer.Settings(
        host: "127.0.0.1", port: 0,
        security: .tls(certificate: files.certificate, key: files.key), path: Self.path),
      nodePort: node.port)
    try await body(server, files)
    await server.stop()
    await node.leave()
  }

  private func withTunnel(
    _ body: (_ inside: Party, _ outside: Party, UInt16, TunnelClients) async throws -> Void
  ) async throws {
    let (inside, outside) = (try await Party(), try await Party())
    let files = try TestKeys.files()
    let server = try await TunnelServer.start(
      TunnelServer.Settings(
        host: "127.0.0.1", port: 0,
        security: .tls(certificate: files.certificate, key: files.key), path: Self.path),
      nodePort: outside.port)
    let clients = TunnelClients(nodePort: inside.port) { _ in }
    let port = try await clients.open(try address(server, pin: TestKeys.pin)).port
    try await body(inside, outside, port, clients)
    await clients.stop()
    await server.stop()
    await inside.leave()
    await outside.leave()
  }

  private func address(
    _ server: TunnelServer, path: String = Self.path, pin: String?
  ) throws -> TunnelAddress {
    try #require(
      TunnelAddress(
        host: "127.0.0.1", port: server.port, path: path, pin: try pin.map(TestKeys.raw)))
  }

  private func failure(_ address: TunnelAddress) async -> ReachError? {
    let clients = TunnelClients(nodePort: 9) { _ in }
    do throws(ReachError) {
      _ = try await clients.open(address)
      return nil
    } catch {
      return error
    }
  }
}
