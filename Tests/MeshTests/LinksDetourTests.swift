import Keys
import Mesh
import Testing
import Wire

/// Two ways to one node: datagrams, and a stream behind a local socket.
@Suite struct LinksDetourTests {
  private let record = [0x40] + [UInt8](repeating: 5, count: Limits.cell - 1)

  private func speak(_ network: LinkNetwork, _ here: LinkNode, _ there: LinkNode) {
    network.act(here) { links, now, effects in
      guard let link = links.link(to: there.id) else { return }
      links.sendNow(record, on: link, at: now, into: &effects)
    }
  }

  private func doubt(_ network: LinkNetwork, _ here: LinkNode, _ there: LinkNode) {
    network.act(here) { links, now, effects in
      guard let link = links.link(to: there.id) else { return }
      links.doubt(link, at: now, into: &effects)
    }
  }

  /// What a censor lets through when it drops all datagrams: streams.
  private static func cut(_ transit: Transit, _: inout Entropy) -> [Duration] {
    transit.target.isLoopback ? [.milliseconds(30)] : []
  }

  private struct Pair {
    let network: LinkNetwork
    let one: LinkNode
    let two: LinkNode
    let link: LinkID
    let here: Endpoint
    let there: Endpoint
  }

  private func pair() throws -> Pair {
    let (network, one, two) = try LinkNetwork.pair()
    let (here, there) = network.tunnel(one, two)
    network.act(one) {
      $0.learn(path: here, isTunnel: true, to: two.id, at: $1, into: &$2)
    }
    network.run(for: .seconds(3))
    return Pair(
      network: network, one: one, two: two, link: try #require(one.link(to: two)), here: here,
      there: there)
  }

  @Test func theStreamTakesOverWhenDatagramsAreCut() throws {
    let pair = try pair()
    pair.network.path = Self.cut
    doubt(pair.network, pair.one, pair.two)
    pair.network.run(for: .seconds(1))
    #expect(pair.one.links.endpoint(of: pair.link) == pair.here)
    let back = try #require(pair.two.link(to: pair.one))
    #expect(pair.two.links.endpoint(of: back) == pair.there)
    speak(pair.network, pair.one, pair.two)
    speak(pair.network, pair.two, pair.one)
    pair.network.run(for: .seconds(1))
    #expect(pair.one.mediaCount == 1 && pair.two.mediaCount == 1)
    // The same session, not a new one.
    #expect(pair.one.link(to: pair.two) == pair.link)
    pair.network.run(for: .seconds(300))
    #expect(pair.one.link(to: pair.two) == pair.link)
  }

  @Test func aWayThatWorksIsNotLeft() throws {
    let pair = try pair()
    doubt(pair.network, pair.one, pair.two)
    pair.network.run(for: .seconds(2))
    #expect(pair.one.links.endpoint(of: pair.link) == pair.two.endpoint)
    let back = try #require(pair.two.link(to: pair.one))
    #expect(pair.two.links.endpoint(of: back) == pair.one.endpoint)
  }

  @Test func whenDatagramsComeThroughAgainTheyAreUsed() throws {
    let pair = try pair()
    pair.network.path = Self.cut
    doubt(pair.network, pair.one, pair.two)
    pair.network.run(for: .seconds(100))
    #expect(pair.one.links.endpoint(of: pair.link) == pair.here)
    pair.network.path = { _, _ in [.milliseconds(20)] }
    pair.network.run(for: .seconds(40))
    #expect(pair.one.links.endpoint(of: pair.link) == pair.two.endpoint)
    let back = try #require(pair.two.link(to: pair.one))
    #expect(pair.two.links.endpoint(of: back) == pair.one.endpoint)
  }

  @Test func aStreamThatEndsIsLeftForWhatThereIs() throws {
    let pair = try pair()
    pair.network.path = Self.cut
    doubt(pair.network, pair.one, pair.two)
    pair.network.run(for: .seconds(1))
    pair.network.path = { _, _ in [.milliseconds(20)] }
    pair.network.act(pair.one) { $0.forget(path: pair.here, at: $1, into: &$2) }
    pair.network.run(for: .seconds(1))
    #expect(pair.one.links.endpoint(of: pair.link) == pair.two.endpoint)
    let hasTunnel = pair.one.links.hasTunnel(pair.link)
    #expect(!hasTunnel)
  }

  @Test func whoCannotBeReachedOtherwiseIsDialledThroughItsStream() throws {
    let network = LinkNetwork(seed: 5)
    let one = try network.add(seed: 51)
    let two = try network.add(seed: 52)
    let address = try #require(TunnelAddress(text: "example.org/secret"))
    var contact = two.contact
    contact.tunnel = address
    network.path = Self.cut
    network.act(one) { $0.dial(contact, at: $1, into: &$2) }
    #expect(one.wishes.isEmpty)
    network.run(for: .seconds(3))
    #expect(one.wishes == [TunnelWish(node: two.id, address: address)])
    let (here, there) = network.tunnel(one, two)
    network.act(one) {
      $0.learn(path: here, isTunnel: true, to: two.id, at: $1, into: &$2)
    }
    network.run(for: .seconds(2))
    let link = try #require(one.link(to: two))
    #expect(one.links.endpoint(of: link) == here)
    let back = try #require(two.link(to: one))
    #expect(two.links.endpoint(of: back) == there)
    // What a local socket is called means nothing to anybody else.
    #expect(one.links.contact(of: link)?.endpoints == [two.endpoint])
    #expect(!one.events.contains { if case .reflected = $0 { true } else { false } })
    network.act(two) { links, _, _ in links.introduced(one.contact, on: back) }
    #expect(two.links.contact(of: back)?.endpoints == [one.endpoint])
  }

  @Test func whatThePersonNamedIsWishedAsSuch() throws {
    let network = LinkNetwork(seed: 6)
    let one = try network.add(seed: 61)
    let address = try #require(TunnelAddress(text: "example.org/secret"))
    for (seed, isNamed) in [(UInt64(62), true), (63, false)] {
      let other = try network.add(seed: seed)
      let contact = Contact(node: other.id, endpoints: [], tunnel: address)
      network.act(one) {
        if isNamed { $0.forgive(contact.node) }
        $0.dial(contact, at: $1, into: &$2)
      }
      #expect(one.wishes.last?.isNamed == isNamed)
    }
  }

  @Test func whoMovedIsReachedWhereItIsHeardOf() throws {
    let network = LinkNetwork(seed: 8)
    let one = try network.add(seed: 81)
    let two = try network.add(seed: 82)
    let stale = Endpoint(ipv4: 0x0A00_0009, port: 9)
    network.act(one) {
      $0.dial(Contact(node: two.id, endpoints: [stale]), at: $1, into: &$2)
    }
    network.run(for: .milliseconds(1_500))
    #expect(one.link(to: two) == nil)
    network.act(one) {
      $0.learn(path: two.endpoint, isTunnel: false, to: two.id, at: $1, into: &$2)
    }
    network.run(for: .milliseconds(500))
    let link = try #require(one.link(to: two))
    #expect(one.links.endpoint(of: link) == two.endpoint)
  }

  private func tidy(_ pair: Pair, keepingReady kept: [LinkID] = []) -> Int {
    let before = pair.one.unneeded.count
    pair.network.act(pair.one) { $0.tidyPaths(keepingReady: kept, at: $1, into: &$2) }
    return pair.one.unneeded.count - before
  }

  @Test func aStreamThatNobodyNeedsIsGivenUpOnce() throws {
    let pair = try pair()
    #expect(tidy(pair, keepingReady: [pair.link]) == 0)
    pair.network.run(for: .seconds(100))
    // Kept ready for a parent.
    #expect(tidy(pair, keepingReady: [pair.link]) == 0)
    pair.network.run(for: .seconds(59))
    #expect(tidy(pair) == 0)
    pair.network.run(for: .seconds(2))
    #expect(tidy(pair) == 1)
    #expect(pair.one.unneeded == [pair.here])
    pair.network.run(for: .seconds(100))
    #expect(tidy(pair) == 0)
  }

  @Test func aStreamThatCarriesTheLinkIsKept() throws {
    let pair = try pair()
    pair.network.path = Self.cut
    doubt(pair.network, pair.one, pair.two)
    pair.network.run(for: .seconds(200))
    #expect(tidy(pair) == 0)
  }

  @Test func aStreamWithoutALinkIsGivenUp() throws {
    let pair = try pair()
    pair.network.act(pair.one) { $0.close(pair.link, reason: 0, at: $1, into: &$2) }
    pair.network.run(for: .seconds(61))
    #expect(tidy(pair) == 1)
  }

  /// An answer must show that it is one.
  @Test func aStrangerCannotMoveALinkByAnswering() throws {
    let pair = try pair()
    pair.network.capturing = true
    pair.network.path = Self.cut
    doubt(pair.network, pair.one, pair.two)
    let probe = try #require(pair.network.captured.first { $0.target == pair.here })
    let stranger = Endpoint(ipv4: 0x0D00_0001, port: 9)
    _ = pair.network.inject(probe.bytes, into: pair.one, from: stranger)
    pair.network.run(for: .milliseconds(20))
    #expect(pair.one.links.endpoint(of: pair.link) == pair.two.endpoint)
  }
}
