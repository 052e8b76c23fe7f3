import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Node
import Page
import Testing
import Wire

/// The server as another device, and whoever is in the same network, meets it.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct DeviceServerTests {
  @Test func filesComeOverTLSAlone() async throws {
    try await withServer { server in
      let answer = try await server.ask("GET / HTTP/1.1", ["Host": server.host])
      #expect(answer.hasPrefix("HTTP/1.1 200"))
      #expect(!answer.lowercased().contains("strict-transport-security"))
      let plain = try await Caller.ask(server.port, "GET / HTTP/1.1", ["Host": server.host])
      #expect(!plain.contains("HTTP/1.1"))
    }
  }

  @Test func namesThatWereNotSetGetNothing() async throws {
    try await withServer { server in
      for host in ["evil.example:\(server.port)", "localhost:\(server.port)", "127.0.0.1"] {
        let answer = try await server.ask("GET / HTTP/1.1", ["Host": host])
        #expect(answer.hasPrefix("HTTP/1.1 421"))
      }
    }
  }

  @Test func aCodeIsExchangedForAToken() async throws {
    try await withServer { server in
      let offer = try server.devices.offer()
      #expect(offer.link.hasPrefix("https://\(server.host)/#pair="))
      let wrong = try await server.pair("00000-00000")
      #expect(wrong.hasPrefix("HTTP/1.1 403"))
      #expect(wrong.contains("wrong"))
      let right = try await server.pair(offer.letters)
      #expect(right.hasPrefix("HTTP/1.1 200"))
      let again = try await server.pair(offer.letters)
      #expect(again.hasPrefix("HTTP/1.1 403"))
      #expect(server.devices.list().devices.map(\.name) == ["Phone"])
      let token = try #require(right.split(separator: "\"token\":\"").last?.prefix(43))
      let opened = try await server.ask("GET /api HTTP/1.1", server.upgrade(String(token)))
      // There is no node behind this server: it is let in, and then closed.
      #expect(!opened.hasPrefix("HTTP/1.1 403"))
    }
  }

  @Test func aForeignPageUsesUpNoTries() async throws {
    try await withServer { server in
      _ = try server.devices.offer()
      for _ in 0..<10 {
        let answer = try await server.pair("00000-00000", origin: "https://evil.example")
        #expect(answer.hasPrefix("HTTP/1.1 403"))
      }
      #expect(server.devices.list().pairing?.tries == Devices.mostTries)
    }
  }

  @Test func withoutATokenNothingOpens() async throws {
    try await withServer { server in
      let pass = try server.devices.pair(try server.devices.offer().letters, name: "")
      try server.devices.revoke(pass.device)
      for key in [PageKey().text, pass.token, "", server.key.text] {
        let answer = try await server.ask("GET /api HTTP/1.1", server.upgrade(key))
        #expect(answer.hasPrefix("HTTP/1.1 403"))
      }
    }
  }

  @Test func nothingIsPairedOnThisMachine() async throws {
    let key = PageKey()
    let server = try await PageServer.start(
      at: Endpoint(ipv4: 0x7F00_0001, port: 0), key: key, control: "/nowhere/control")
    let answer = try await Caller.ask(
      server.port, "POST /pair HTTP/1.1",
      ["Host": "127.0.0.1:\(server.port)", "Content-Length": "0"])
    #expect(answer.hasPrefix("HTTP/1.1 405"))
    await server.stop()
  }

  private struct Server {
    let port: UInt16
    let devices: Devices
    let key: PageKey
    var host: String { "127.0.0.1:\(port)" }

    func upgrade(_ key: String) -> [String: String] {
      [
        "Host": host, "Origin": "https://\(host)", "Connection": "Upgrade",
        "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "starling.1, \(key)",
      ]
    }

    func ask(_ line: String, _ headers: [String: String]) async throws -> String {
      try await Caller.ask(port, line, headers, isSecret: true)
    }

    func pair(_ code: String, origin: String? = nil) async throws -> String {
      let body = "{\"code\":\"\(code)\",\"name\":\"Phone\"}"
      return try await Caller.ask(
        port, "POST /pair HTTP/1.1",
        [
          "Host": host, "Origin": origin ?? "https://\(host)",
          "Content-Length": "\(body.utf8.count)",
        ], body: body, isSecret: true)
    }
  }

  private func withServer(_ body: (Server) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let certificate = try PageCertificate(folder: folder, hosts: ["127.0.0.1"])
    let devices = Devices(folder: folder, fingerprint: certificate.fingerprint)
    let server = try await PageServer.start(
      at: Endpoint(ipv4: 0x7F00_0001, port: 0), hosts: ["127.0.0.1"], devices: devices,
      certificate: certificate, control: "/nowhere/control")
    try await body(Server(port: server.port, devices: devices, key: try PageKey(folder: folder)))
    await server.stop()
  }
}
