import Mesh
import Node
import Synchronization
import Testing

/// What paired devices may ask, and what is asked about them.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct DeviceTests {
  @Test func aDeviceMayNotPairAnother() async throws {
    try await withHost(Keeper()) { path in
      var device = try ControlConnection(path: path)
      _ = try device.ask(.messages(device: 2), for: DoneReport.self)
      for request in ["page.pair", "stop"] {
        #expect(try Self.ask(&device, "{\"request\":\"\(request)\"}").contains("notFromDevice"))
      }
      let list = try Self.ask(&device, "{\"request\":\"page.devices\"}")
      #expect(list.contains("\"mayPair\":false"))
      #expect(list.contains("\"here\":true"))
      #expect(try Self.ask(&device, "{\"request\":\"id\"}").contains("\"node\""))
      // Saying so again does not make it another.
      let again = try Self.ask(&device, "{\"request\":\"messages\"}")
      #expect(again.contains("unknownRequest"))
    }
  }

  @Test func thisMachinePairsListsAndRevokes() async throws {
    let keeper = Keeper()
    try await withHost(keeper) { path in
      var here = try ControlConnection(path: path)
      #expect(try here.ask(.pairDevice, for: PairingReport.self).letters == "code")
      let list = try here.ask(.devices, for: DevicesReport.self)
      #expect(list.mayPair)
      #expect(list.devices.map(\.here) == [nil])
      _ = try here.ask(.revokeDevice(2), for: DoneReport.self)
      #expect(keeper.revoked.load(ordering: .relaxed) == 2)
      #expect(try here.ask(.features, for: FeaturesReport.self).features.contains("devices"))
    }
  }

  @Test func withoutAKeeperThereAreNoDevices() async throws {
    try await withHost(nil) { path in
      var here = try ControlConnection(path: path)
      for request in [ControlRequest.pairDevice, .devices, .revokeDevice(1)] {
        #expect(throws: Failure.self) { try here.ask(request, for: DoneReport.self) }
      }
      #expect(!(try here.ask(.features, for: FeaturesReport.self).features.contains("devices")))
    }
  }

  private static func ask(_ control: inout ControlConnection, _ text: String) throws -> String {
    let bytes = Array(text.utf8)
    try control.send(ControlMessage.header(.text, count: bytes.count) + bytes)
    var held: [UInt8] = []
    while true {
      switch ControlMessage.take(from: &held) {
      case .text(let text): return String(decoding: text, as: UTF8.self)
      case .sound, .broken: return ""
      case .none: held += try control.read()
      }
    }
  }

  private func withHost(
    _ keeper: Keeper?, _ body: @escaping @Sendable (String) throws -> Void
  ) async throws {
    let folder = try Folder()
    let ann = try Neighbour(43)
    try await ann.begin(control: folder.file("ann"))
    if let keeper { await ann.host.admitDevices(by: keeper) }
    let path = folder.file("ann")
    try await elsewhere { try body(path) }
    await ann.end()
  }

  /// Has one device, number 2.
  private final class Keeper: DeviceKeeper {
    let revoked = Atomic<Int>(0)

    func offer() throws(ControlError) -> PairingReport {
      PairingReport(letters: "code", link: "link", fingerprint: "print", seconds: 300)
    }

    func list() -> DevicesReport {
      let device = DevicesReport.Device(device: 2, name: "Phone", paired: 1, seen: 2, open: 0)
      return DevicesReport(devices: [device], most: 16, pairing: nil)
    }

    func revoke(_ device: Int) throws(ControlError) { revoked.store(device, ordering: .relaxed) }
  }
}
