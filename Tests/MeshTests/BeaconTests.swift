import Keys
import Mesh
import Testing
import Wire

/// What nodes say on a cable to find each other.
struct BeaconTests {
  private let room = RoomID(Bytes16(high: 1, low: 2))
  private let other = RoomID(Bytes16(high: 1, low: 3))
  private let source = Endpoint(ipv4: 0xC0A8_0107, port: 4_782)
  private let contact = Contact(
    node: NodeID(Bytes32(high: Bytes16(high: 7, low: 8), low: .zero)),
    token: Bytes16(high: 9, low: 10), endpoints: [])

  private func beacons(_ count: Int, seed: UInt64) -> [[UInt8]] {
    var entropy = Entropy.seeded(seed)
    return (0..<count).map { _ in
      Beacon.seal(contact, port: 4_000, room: room, isMember: true, &entropy)
    }
  }

  @Test func whoKnowsTheRoomLearnsWhereAndWho() throws {
    for beacon in beacons(50, seed: 1) {
      let (found, isMember) = try #require(Beacon.open(beacon, from: source, room: room))
      #expect(isMember)
      #expect(found.node == contact.node && found.token == contact.token)
      #expect(found.endpoints == [Endpoint(ipv4: 0xC0A8_0107, port: 4_000)])
      #expect(Beacon.open(beacon, from: source, room: other) == nil)
    }
  }

  @Test func whatWasChangedIsNoBeacon() {
    let beacon = beacons(1, seed: 2)[0]
    for index in beacon.indices {
      var changed = beacon
      changed[index] ^= 1
      #expect(Beacon.open(changed, from: source, room: room) == nil)
    }
    for count in 0..<beacon.count {
      #expect(Beacon.open(Array(beacon.prefix(count)), from: source, room: room) == nil)
    }
    #expect(Beacon.open([UInt8](repeating: 0, count: 5_000), from: source, room: room) == nil)
  }

  /// L3 of the reach criteria: two starts, 100 beacons each.
  @Test func noTwoBeaconsLookAlike() {
    var seen: Set<UInt64> = []
    var count = 0
    for beacon in beacons(100, seed: 3) + beacons(100, seed: 4) {
      #expect(Beacon.sizes.contains(beacon.count))
      for start in 0...beacon.count - 8 {
        seen.insert(beacon[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) })
        count += 1
      }
    }
    // By chance two of 30,000 strings of eight bytes meet once in 40 thousand million tests.
    #expect(seen.count == count)
    #expect(Set(beacons(100, seed: 3).map(\.count)).count > 30)
  }
}
