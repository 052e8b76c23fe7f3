import Foundation
import NIOCore
import NIOEmbedded
import Node
import Page
import Synchronization
import Testing

/// Codes, tokens and the list of devices.
struct DevicesTests {
  @Test func oneCodeLetsOneDeviceIn() throws {
    try withDevices { devices, _ in
      let offer = try devices.offer()
      let pass = try devices.pair(offer.letters, name: "Phone")
      #expect(devices.list().devices.map(\.name) == ["Phone"])
      #expect(shown(pass.token, to: devices) == pass.device)
      #expect(throws: Devices.Refusal.none) { try devices.pair(offer.letters, name: "Second") }
    }
  }

  @Test func codesAreReadAsPeopleTypeThem() {
    let code = PairingCode()
    let text = code.text
    #expect(text.utf8.count == 11)
    #expect(code.matches(text))
    #expect(code.matches(text.uppercased()))
    #expect(code.matches(" " + text.replacing("-", with: " ")))
    #expect(code.matches(text.replacing("0", with: "o").replacing("1", with: "l")))
    #expect(!code.matches(""))
    #expect(!code.matches(String(text.dropLast())))
    #expect(!code.matches(text + "0"))
    #expect(PairingCode().text != text)
  }

  @Test func fiveTriesEndACode() throws {
    try withDevices { devices, _ in
      let offer = try devices.offer()
      for left in (0..<Devices.mostTries).reversed() {
        #expect(throws: Devices.Refusal.wrong) { try devices.pair("00000-00000", name: "") }
        #expect(devices.list().pairing?.tries ?? 0 == left)
      }
      #expect(throws: Devices.Refusal.none) { try devices.pair(offer.letters, name: "") }
      #expect(devices.list().devices.isEmpty)
    }
  }

  @Test func fiveMinutesEndACode() throws {
    try withDevices { devices, clock in
      let offer = try devices.offer()
      clock.advance(by: 299_999)
      #expect(devices.list().pairing != nil)
      clock.advance(by: 1)
      #expect(devices.list().pairing == nil)
      #expect(throws: Devices.Refusal.none) { try devices.pair(offer.letters, name: "") }
    }
  }

  @Test func aNewCodeEndsTheOldOne() throws {
    try withDevices { devices, _ in
      let old = try devices.offer()
      let new = try devices.offer()
      #expect(throws: Devices.Refusal.wrong) { try devices.pair(old.letters, name: "") }
      _ = try devices.pair(new.letters, name: "")
    }
  }

  @Test func aRevokedDeviceIsCutOff() throws {
    try withDevices { devices, _ in
      let pass = try devices.pair(try devices.offer().letters, name: "Phone")
      let other = try devices.pair(try devices.offer().letters, name: "Tablet")
      let (lost, kept) = (EmbeddedChannel(), EmbeddedChannel())
      defer { _ = try? kept.finish() }
      for channel in [lost, kept] {
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
      }
      _ = devices.admit(pass.token, on: lost)
      _ = devices.admit(other.token, on: kept)
      #expect(devices.list().devices.map(\.open) == [1, 1])
      try devices.revoke(pass.device)
      #expect(!lost.isActive)
      #expect(kept.isActive)
      #expect(shown(pass.token, to: devices) == nil)
      #expect(!devices.isPaired(pass.device))
      #expect(throws: ControlError.self) { try devices.revoke(pass.device) }
    }
  }

  @Test func theListOutlivesTheProgramAndHoldsNoToken() throws {
    try withFolder { folder in
      let first = Devices(folder: folder, fingerprint: "")
      let pass = try first.pair(try first.offer().letters, name: "Phone")
      let path = folder + "/page-devices"
      #expect(StoredFile.mode(path) == 0o600)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(!text.contains(pass.token))
      let second = Devices(folder: folder, fingerprint: "")
      #expect(shown(pass.token, to: second) == pass.device)
      #expect(shown(pass.token + "A", to: second) == nil)
      #expect(shown("", to: second) == nil)
      // Whoever may read the list could have changed it as well.
      try StoredFile.write(Array(text.utf8), to: path, mode: 0o644)
      #expect(Devices(folder: folder, fingerprint: "").isEmpty)
    }
  }

  @Test func numbersAreNotGivenTwice() throws {
    try withFolder { folder in
      let first = Devices(folder: folder, fingerprint: "")
      let one = try first.pair(try first.offer().letters, name: "")
      try first.revoke(one.device)
      let second = Devices(folder: folder, fingerprint: "")
      #expect(try second.pair(try second.offer().letters, name: "").device != one.device)
    }
  }

  @Test func thereIsAnEndToDevices() throws {
    try withDevices { devices, _ in
      var most = 0
      while let offer = try? devices.offer() {
        _ = try devices.pair(offer.letters, name: "\(most)")
        most += 1
      }
      #expect(most == devices.list().most)
    }
  }

  @Test func namesAreOneShortLine() throws {
    try withDevices { devices, _ in
      let odd = "a\u{1B}[31m\nb\u{202E}" + String(repeating: "й", count: 100)
      _ = try devices.pair(try devices.offer().letters, name: odd)
      let name = try #require(devices.list().devices.first?.name)
      #expect(name.utf8.count <= 64)
      #expect(name.hasPrefix("a [31m b"))
      #expect(!name.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202E })
    }
  }

  private func shown(_ token: String, to devices: Devices) -> Int? {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish() }
    return devices.admit(token, on: channel)
  }

  private func withDevices(_ body: (Devices, Clock) throws -> Void) throws {
    try withFolder { folder in
      let clock = Clock()
      try body(Devices(folder: folder, fingerprint: "") { clock.now }, clock)
    }
  }

  /// Stands until it is moved.
  private final class Clock: Sendable {
    private let time = Atomic<Int64>(1_800_000_000_000)
    var now: Int64 { time.load(ordering: .relaxed) }
    func advance(by milliseconds: Int64) { time.add(milliseconds, ordering: .relaxed) }
  }
}

/// A private folder that is gone afterwards.
func withFolder(_ body: (String) throws -> Void) throws {
  let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(
    at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  defer { try? FileManager.default.removeItem(at: url) }
  try body(url.path)
}
