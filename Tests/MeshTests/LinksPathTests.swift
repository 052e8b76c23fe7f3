import Keys
import Mesh
import Testing
import Wire

@Suite struct LinksPathTests {
  private let record = [0x40] + [UInt8](repeating: 5, count: Limits.cell - 1)

  private func speak(_ network: LinkNetwork, _ here: LinkNode, _ there: LinkNode) {
    network.act(here) { links, now, effects in
      guard let link = links.link(to: there.id) else { return }
      links.sendNow(record, on: link, at: now, into: &effects)
    }
  }

  @Test func aPeerIsFollowedToItsNewAddress() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let home = one.endpoint
    network.run(for: .seconds(3))
    network.capturing = true
    speak(network, one, two)
    one.endpoint = Endpoint(ipv4: 0x0B00_0001, port: 4_000)
    speak(network, one, two)
    let (fromHome, fromAway) = (network.captured[0], network.captured[1])
    network.run(for: .seconds(1))
    let link = try #require(two.link(to: one))
    #expect(two.links.endpoint(of: link) == one.endpoint)
    #expect(two.events.contains(.roamed(link)))
    #expect(two.notes.contains(.roamed))
    #expect(two.mediaCount == 2)
    speak(network, two, one)
    network.run(for: .seconds(1))
    #expect(one.mediaCount == 1)
    // Neither a repetition nor a straggler from the old address moves it back.
    _ = network.inject(fromHome.bytes, into: two, from: home)
    _ = network.inject(fromAway.bytes, into: two, from: home)
    #expect(two.links.endpoint(of: link) == one.endpoint)
    network.run(for: .seconds(60))
    #expect(one.events.contains(.reflected(one.endpoint, from: two.id)))
  }

  /// A peer that sends from somebody else's address has little sent there.
  @Test func aNewAddressGetsPingsOnlyUntilItAnswersOne() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    let link = try #require(two.link(to: one))
    let victim = Endpoint(ipv4: 0x0C00_0001, port: 9)
    network.capturing = true
    network.path = { _, _ in [] }
    speak(network, one, two)
    let datagram = try #require(network.captured.last).bytes
    _ = network.inject(datagram, into: two, from: victim)
    #expect(two.links.endpoint(of: link) == victim)
    network.path = { _, _ in [.milliseconds(20)] }
    network.act(two) { links, now, effects in
      for number in 0..<30 as Range<UInt8> {
        links.send(
          type: 0x20, .init(repeating: number, count: 900), on: link, at: now, into: &effects)
      }
    }
    for _ in 0..<100 {
      speak(network, two, one)
      network.act(two) { links, _, _ in links.sendOnce(type: 0x21, [1, 2], on: link) }
      network.run(for: .milliseconds(50))
    }
    let sent = network.captured.filter { $0.target == victim }
    #expect((5...8).contains(sent.count))
    #expect(sent.allSatisfy { $0.bytes.count == Limits.datagramOverhead + Limits.cell })
    // Back where it was known to be, all goes on.
    speak(network, one, two)
    network.run(for: .seconds(3))
    #expect(one.inbox.count { $0.type == 0x20 } == 30)
    #expect(two.ends.isEmpty)
  }

  @Test func aStragglerFromTheOldAddressDoesNotMoveThePeerBack() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let home = one.endpoint
    network.run(for: .seconds(3))
    network.path = { transit, _ in
      [.milliseconds(transit.source == home ? 500 : 20)]
    }
    speak(network, one, two)
    one.endpoint = Endpoint(ipv4: 0x0B00_0001, port: 4_000)
    speak(network, one, two)
    network.run(for: .seconds(1))
    #expect(two.mediaCount == 2)
    #expect(two.link(to: one).flatMap { two.links.endpoint(of: $0) } == one.endpoint)
  }

  @Test func anIdleLinkLivesOnFewPings() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(5))
    network.capturing = true
    network.run(for: .seconds(100))
    #expect(one.ends.isEmpty && two.ends.isEmpty)
    #expect((6...24).contains(network.captured.count))
  }

  /// Round numbers that make short tests.
  private var brisk: LinkSettings {
    var settings = LinkSettings()
    settings.watchedPing = .seconds(1)
    settings.suspicion = .seconds(3)
    settings.watchedDeath = .seconds(6)
    settings.idlePing = .seconds(15)
    settings.death = .seconds(45)
    settings.measurePause = .seconds(5)
    return settings
  }

  @Test func aLinkWhoseOtherEndDiedEndsWhenItsTimeIsUp() throws {
    let (network, one, two) = try LinkNetwork.pair(settings: brisk)
    network.run(for: .seconds(5))
    two.isDead = true
    network.run(for: .seconds(20))
    #expect(one.ends.isEmpty)
    network.run(for: .seconds(25))
    #expect(one.ends == [.silent])
  }

  @Test func aSilentWatchedLinkIsSuspectFirstAndThenDead() throws {
    let (network, one, two) = try LinkNetwork.pair(settings: brisk)
    let link = try #require(one.link(to: two))
    network.run(for: .seconds(14))
    // Silence from before it was watched is no ground for suspicion.
    network.act(one) { links, now, _ in links.watch(link, true, at: now) }
    network.run(for: .seconds(30))
    #expect(!one.events.contains(.suspect(link)))
    two.isDead = true
    network.run(for: .milliseconds(3_100))
    #expect(one.events.last == .suspect(link))
    two.isDead = false
    network.run(for: .milliseconds(1_200))
    #expect(one.events.last == .recovered(link))
    two.isDead = true
    network.run(for: .milliseconds(6_100))
    #expect(one.ends == [.silent])
    #expect(one.events.count { $0 == .suspect(link) } == 2)
  }

  @Test func aLinkThatIsHeardNeedsNoPings() throws {
    let (network, one, two) = try LinkNetwork.pair(settings: brisk)
    let link = try #require(one.link(to: two))
    network.act(one) { links, now, _ in links.watch(link, true, at: now) }
    network.run(for: .seconds(1))
    network.capturing = true
    for _ in 0..<500 {
      speak(network, two, one)
      network.run(for: .milliseconds(20))
    }
    // One measurement of the round trip every five seconds.
    #expect((1...2).contains(network.captured.count { $0.source == one.endpoint }))
  }

  @Test func lossAndRoundTripAreMeasured() throws {
    let (network, one, two) = try LinkNetwork.pair(settings: brisk)
    network.run(for: .seconds(1))
    network.path = { transit, dice in
      transit.target == two.endpoint && dice.below(10) == 0 ? [] : [.milliseconds(35)]
    }
    let link = try #require(one.link(to: two))
    network.act(one) { links, now, _ in links.watch(link, true, at: now) }
    for _ in 0..<1_000 {
      speak(network, one, two)
      network.run(for: .milliseconds(20))
    }
    network.run(for: .seconds(10))
    let there = try #require(two.statistics())
    #expect((50...160).contains(there.lossPermille))
    let here = try #require(one.statistics())
    #expect((60_000...70_000).contains(here.rtt ?? 0))
    #expect(here.lossPermille == 0)
    #expect(here.datagramsOut >= 1_000)
    #expect(here.bytesOut == here.datagramsOut * 190)
    #expect(there.bytesIn == there.datagramsIn * 190)
  }

  @Test func closingEndsBothSides() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let link = try #require(one.link(to: two))
    network.act(one) { $0.close(link, reason: 7, at: $1, into: &$2) }
    #expect(one.ends == [.closedHere(7)])
    network.run(for: .seconds(10))
    #expect(two.ends == [.closedByPeer(7)])
    #expect(one.links.up.isEmpty && two.links.up.isEmpty)
    network.dial(two, one)
    network.run(for: .seconds(1))
    #expect(one.links.up.count == 1 && two.links.up.count == 1)
  }

  @Test func aPeerThatMissedTheCloseIsReminded() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let link = try #require(one.link(to: two))
    network.path = { _, _ in [] }
    network.act(one) { $0.close(link, reason: 7, at: $1, into: &$2) }
    network.path = { _, _ in [.milliseconds(20)] }
    network.run(for: .seconds(1))
    #expect(two.ends.isEmpty)
    speak(network, two, one)
    network.run(for: .seconds(1))
    #expect(one.mediaCount == 0)
    #expect(two.ends == [.closedByPeer(7)])
  }
}
