import Foundation
import Reach
import Testing
import Wire

/// Pluggable transports: what they say, and real ones.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct TransportTests {
  static let obfs4 = "/usr/bin/obfs4proxy"
  static let hasObfs4 = FileManager.default.isExecutableFile(atPath: obfs4)

  @Test(arguments: [
    ("VERSION 1", TransportSpeech.version("1")),
    ("VERSION-ERROR no-version", .failure),
    ("ENV-ERROR what", .failure),
    ("PROXY DONE", .proxyDone),
    ("PROXY-ERROR proxy is not supported", .failure),
    (
      "CMETHOD obfs4 socks5 127.0.0.1:37347",
      .client(name: "obfs4", host: "127.0.0.1", port: 37_347)
    ),
    ("CMETHOD obfs4 socks5 [::1]:9", .client(name: "obfs4", host: "::1", port: 9)),
    ("CMETHOD obfs4 socks4 127.0.0.1:37347", .other),
    ("CMETHOD obfs4 socks5 nowhere", .other),
    ("CMETHOD obfs4 socks5", .other),
    ("CMETHOD-ERROR obfs4 no", .missing(name: "obfs4")),
    ("CMETHODS DONE", .clientsDone),
    ("CMETHODS", .other),
    (
      "SMETHOD obfs4 0.0.0.0:8443 ARGS:cert=ab+/,iat-mode=0",
      .server(name: "obfs4", port: 8_443, arguments: "cert=ab+/;iat-mode=0")
    ),
    (
      "SMETHOD trebuchet 198.51.100.1:19999",
      .server(name: "trebuchet", port: 19_999, arguments: "")
    ),
    ("SMETHODS DONE", .serversDone),
    ("LOG SEVERITY=notice MESSAGE=\"x\"", .other),
    ("", .other), (" ", .other), ("cmethods done", .other), ("\u{0}\u{301}", .other),
  ])
  func linesAreUnderstood(line: String, speech: TransportSpeech) {
    #expect(TransportSpeech(line: line) == speech)
  }

  private func outcome(
    _ lines: [String], needsProxy: Bool = false
  ) -> TransportNegotiation.Outcome {
    var negotiation = TransportNegotiation(needsProxy: needsProxy)
    for line in lines { negotiation.hear(line) }
    return negotiation.outcome
  }

  @Test func whatIsNotSaidIsNotTakenForGranted() {
    let client = "CMETHOD obfs4 socks5 127.0.0.1:9"
    #expect(outcome(["VERSION 1", client]) == .pending)
    #expect(outcome(["VERSION 1", client, "CMETHODS DONE"]) == .ready)
    // In any order until it is done.
    #expect(outcome([client, "what is this", "VERSION 1", "CMETHODS DONE"]) == .ready)
    #expect(outcome([client, "CMETHODS DONE"]) == .failed)
    #expect(outcome(["VERSION 2", client, "CMETHODS DONE"]) == .failed)
    // Who was told of a proxy and does not say that it uses it might go past it.
    #expect(outcome(["VERSION 1", client, "CMETHODS DONE"], needsProxy: true) == .failed)
    #expect(
      outcome(["VERSION 1", "PROXY DONE", client, "CMETHODS DONE"], needsProxy: true) == .ready)
  }

  @Test func aProxyElsewhereIsNotUsed() {
    var negotiation = TransportNegotiation(needsProxy: false)
    for line in ["VERSION 1", "CMETHOD a socks5 192.0.2.1:9", "CMETHODS DONE"] {
      negotiation.hear(line)
    }
    #expect(negotiation.clients.isEmpty)
  }

  @Test(arguments: [
    "", "obfs4", "obfs4=", "=/bin/true", "obfs4=true", "4obfs=/bin/true", "a b=/bin/true",
    "a++b=/bin/true",
  ])
  func whatIsNoProgramIsRefused(text: String) {
    #expect(TransportProgram(text: text) == nil)
  }

  @Test func argumentsGoIntoTheNameAndThePassword() {
    let proxy = SocksProxy(host: "127.0.0.1", port: 9)
    #expect(proxy.telling("a=b").user == Array("a=b".utf8))
    #expect(proxy.telling("a=b").password == [0])
    #expect(proxy.telling("").user.isEmpty)
    let long = "a=" + String(repeating: "b", count: 300)
    #expect(proxy.telling(long).user.count == 255)
    #expect(proxy.telling(long).password.count == 47)
  }

  // MARK: Made-up programs

  private func folder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pt-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private func program(_ script: String, named name: String = "obfs4") throws -> TransportProgram {
    let path = try folder() + "/program"
    try ("#!/bin/sh\n" + script).write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
    return try #require(TransportProgram(text: "\(name)=\(path)"))
  }

  private func failure(_ script: String) async throws -> ReachError? {
    let transports = Transports(programs: [try program(script)], state: try folder())
    defer { Task { await transports.stop() } }
    do throws(ReachError) {
      _ = try await transports.client(for: "obfs4")
      return nil
    } catch {
      return error
    }
  }

  @Test func halfLinesAndStrangeOnesAreNoHarm() async throws {
    let said = try await failure(
      """
      printf 'CMETH'; sleep 0.1; printf 'OD obfs4 socks5 127.0.0.1:9\\nNOISE\\n\\377\\376\\n'
      printf 'VERSION 1\\nCMETHODS DONE\\n'; cat > /dev/null
      """)
    #expect(said == nil)
  }

  @Test(arguments: [
    "exit 0", "exit 1", "printf 'VERSION 1'", "printf 'VERSION-ERROR no\\n'; cat >/dev/null",
    "printf 'VERSION 1\\nCMETHODS DONE\\n'; cat >/dev/null",
    "printf 'VERSION 1\\nCMETHOD other socks5 127.0.0.1:9\\nCMETHODS DONE\\n'; cat >/dev/null",
  ])
  func aProgramThatDoesNotDoItIsNotUsed(script: String) async throws {
    #expect(try await failure(script) == .noTransport)
  }

  @Test func noProgramIsNoCall() async throws {
    let transports = Transports(programs: [], state: try folder())
    let clients = TunnelClients(nodePort: 9, transports: transports) { _ in }
    let address = try #require(TunnelAddress(text: "127.0.0.1:9,obfs4,cert=a"))
    await #expect(throws: ReachError.noTransport) { try await clients.open(address) }
    let none = TunnelClients(nodePort: 9) { _ in }
    await #expect(throws: ReachError.noTransport) { try await none.open(address) }
  }

  /// Not even one that does not want to.
  @Test func nobodyOutlivesTheNode() async throws {
    let stubborn = try program(
      """
      trap '' TERM
      printf 'VERSION 1\\nCMETHOD obfs4 socks5 127.0.0.1:9\\nCMETHODS DONE\\n'
      while true; do sleep 1; done
      """)
    let transports = Transports(programs: [stubborn], state: try folder())
    _ = try await transports.client(for: "obfs4")
    let pid = try #require(await transports.processes.first)
    #expect(FileManager.default.fileExists(atPath: "/proc/\(pid)"))
    await transports.stop()
    // A zombie would still be there.
    #expect(!FileManager.default.fileExists(atPath: "/proc/\(pid)"))
  }

  // MARK: obfs4proxy

  private func server(_ node: Party) async throws -> TransportServer {
    let program = try #require(TransportProgram(text: "obfs4=\(Self.obfs4)"))
    return try await TransportServer.start(
      TransportServer.Settings(
        program: program, name: "obfs4", host: "127.0.0.1", port: 0, state: try folder()),
      nodePort: node.port)
  }

  private func address(_ server: TransportServer) throws -> TunnelAddress {
    try #require(TunnelAddress(host: "127.0.0.1", port: server.port, transport: server.call))
  }

  @Test(.enabled(if: hasObfs4))
  func datagramsGoThroughObfs4BothWaysUnchanged() async throws {
    let (inside, outside) = (try await Party(), try await Party())
    let server = try await server(outside)
    let program = try #require(TransportProgram(text: "obfs4=\(Self.obfs4)"))
    let transports = Transports(programs: [program], state: try folder())
    let clients = TunnelClients(nodePort: inside.port, transports: transports) { _ in }
    let tunnel = try await clients.open(try address(server))
    for count in [1, 190, 700, 1_200] {
      let there = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
      let side = try await inside.say(there, to: tunnel.port, heardBy: outside)
      let back = Array(there.reversed())
      #expect(try await outside.say(back, to: side, heardBy: inside) == tunnel.port)
    }
    await clients.stop()
    await transports.stop()
    await server.stop()
    #expect(server.process.map { FileManager.default.fileExists(atPath: "/proc/\($0)") } != true)
    await inside.leave()
    await outside.leave()
  }

  @Test(.enabled(if: hasObfs4)) func theWrongCertificateGetsNoTunnel() async throws {
    let node = try await Party()
    let server = try await server(node)
    let wrong = try #require(
      TransportCall(
        name: "obfs4",
        arguments: "cert=" + String(repeating: "A", count: 70) + ";iat-mode=0"))
    let address = try #require(
      TunnelAddress(host: "127.0.0.1", port: server.port, transport: wrong))
    let program = try #require(TransportProgram(text: "obfs4=\(Self.obfs4)"))
    let transports = Transports(programs: [program], state: try folder())
    let clients = TunnelClients(nodePort: node.port, transports: transports) { _ in }
    await #expect(throws: ReachError.self) { try await clients.open(address) }
    await transports.stop()
    await server.stop()
    await node.leave()
  }

  @Test(.enabled(if: hasObfs4)) func whenTheProgramDiesItsTunnelsEndAndNothingReplacesThem()
    async throws
  {
    let (inside, outside) = (try await Party(), try await Party())
    let closings = Closings()
    let server = try await server(outside)
    let program = try #require(TransportProgram(text: "obfs4=\(Self.obfs4)"))
    let transports = Transports(programs: [program], state: try folder())
    let clients = TunnelClients(nodePort: inside.port, transports: transports) {
      closings.note($0)
    }
    let tunnel = try await clients.open(try address(server))
    let pid = try #require(await transports.processes.first)
    kill(pid, SIGKILL)
    #expect(try await closings.next() == tunnel)
    // For a moment there is none, and no call without it; then it is started again.
    var again: OpenTunnel?
    let place = try address(server)
    while again == nil {
      do throws(ReachError) {
        again = try await clients.open(place)
      } catch {
        #expect([.noTransport, .tooOften, .unreachable].contains(error))
        try await Task.sleep(for: .milliseconds(500))
      }
    }
    await clients.stop()
    await transports.stop()
    await server.stop()
    await inside.leave()
    await outside.leave()
  }

  /// B14 of the reach criteria.
  @Test(.enabled(if: hasObfs4)) func aHundredStartsOfAHundred() async throws {
    let program = try #require(TransportProgram(text: "obfs4=\(Self.obfs4)"))
    let state = try folder()
    var started = 0
    for _ in 0..<100 {
      let transports = Transports(programs: [program], state: state)
      if (try? await transports.client(for: "obfs4")) != nil { started += 1 }
      let pids = await transports.processes
      #expect(pids.count == 1)
      await transports.stop()
      for pid in pids { #expect(!FileManager.default.fileExists(atPath: "/proc/\(pid)")) }
    }
    #expect(started == 100)
  }
}
