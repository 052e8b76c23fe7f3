import Keys
import Mesh
import Testing
import Wire

@Suite struct LinksHandshakeTests {
  @Test func aDialLeadsToOneLinkThatBothSidesNameAlike() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let here = try #require(one.link(to: two))
    let there = try #require(two.link(to: one))
    #expect(one.links.transcript(of: here) == two.links.transcript(of: there))
    #expect(one.links.isInitiator(of: here) == true)
    #expect(two.links.isInitiator(of: there) == false)
    #expect(one.links.node(of: here) == two.id)
    #expect(one.links.endpoint(of: here) == two.endpoint)
    #expect(one.ups == 1)
    #expect(two.ups == 1)
    #expect(one.events.contains(.reflected(one.endpoint, from: two.id)))
    #expect(two.events.contains(.reflected(two.endpoint, from: one.id)))
    #expect(one.links.statistics(of: here)?.rtt == 40_000)
    network.run(for: .seconds(100))
    #expect(one.link(to: two) == here)
  }

  @Test func aTokenIsNeededWhereThereIsOne() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2, token: Bytes16(high: 3, low: 4))
    let bare = Contact(node: two.id, endpoints: [two.endpoint])
    network.act(one) { $0.dial(bare, at: $1, into: &$2) }
    network.run(for: .seconds(9))
    #expect(one.events == [.failed(two.id)])
    network.dial(one, two)
    network.run(for: .seconds(1))
    #expect(one.link(to: two) != nil)
  }

  @Test func nobodyAnswersAndTheDialFailsAfterFourAttempts() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    two.isDead = true
    network.capturing = true
    network.dial(one, two)
    network.dial(one, two)
    network.run(for: .milliseconds(7_999))
    #expect(one.events.isEmpty)
    #expect(
      network.captured.map { ($0.time - LinkNetwork.start).milliseconds } == [
        0, 1_000, 2_000, 4_000,
      ])
    #expect(Set(network.captured.map { $0.bytes.prefix(64) }).count == 4)
    network.run(for: .milliseconds(1))
    #expect(one.events == [.failed(two.id)])
    #expect(one.links.nextDeadline.map { $0.reason } == .rekey)
  }

  @Test func dialsThatCannotWorkFailAtOnce() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    let nowhere = Contact(node: two.id, endpoints: [Endpoint(ipv4: 0, port: 9)])
    network.act(one) { $0.dial(nowhere, at: $1, into: &$2) }
    network.dial(one, one)
    #expect(one.events == [.failed(two.id), .failed(one.id)])
  }

  /// The first `lost` copies of each handshake message vanish.
  @Test(arguments: [1, 2, 3, 4])
  func aLinkComesUpThoughMessagesAreLost(lost: Int) throws {
    for kind in [1, 2, 3] where kind == 3 || lost < 4 {
      let network = LinkNetwork()
      let one = try network.add(seed: 1)
      let two = try network.add(seed: 2)
      var left = lost
      network.path = { transit, _ in
        let isLate = one.link(to: two) != nil
        let its = transit.source == two.endpoint ? 2 : isLate ? 3 : 1
        if its == kind, left > 0, its != 3 || !isCell(transit.bytes.count) {
          left -= 1
          return []
        }
        return [.milliseconds(20)]
      }
      network.dial(one, two)
      network.run(for: .seconds(8))
      #expect(left == 0)
      #expect(one.link(to: two) != nil)
      #expect(two.link(to: one) != nil)
    }
  }

  @Test func aDiallerWhoseLastMessageNeverArrivesGivesUp() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    network.path = { _, _ in one.link(to: two) == nil ? [.milliseconds(20)] : [] }
    network.dial(one, two)
    network.run(for: .seconds(9))
    #expect(one.link(to: two) == nil)
    #expect(one.ends == [.unanswered])
    #expect(two.ups == 0)
  }

  @Test func handshakesHaveTheirSizesAndNoAnswerIsLongerThanItsQuestion() throws {
    for seed in 0..<UInt64(60) {
      let network = LinkNetwork()
      let one = try network.add(seed: 2 * seed + 1, token: seed % 2 == 0 ? nil : .zero)
      let two = try network.add(seed: 2 * seed + 2, token: seed % 3 == 0 ? nil : .zero)
      network.capturing = true
      network.dial(one, two)
      network.run(for: .milliseconds(50))
      let sizes = network.captured.map(\.bytes.count)
      #expect((189...380).contains(sizes[0]))
      #expect((147...sizes[0]).contains(sizes[1]))
      #expect((189...380).contains(sizes[2]))
      #expect(sizes.dropFirst(3).allSatisfy(isCell))
    }
  }

  @Test func aDialAsksEveryEndpointOfAContactAtOnce() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    network.capturing = true
    let others = (7...8).map { Endpoint(ipv4: 0x0A00_0000 | $0, port: 9) }
    let contact = Contact(node: two.id, endpoints: others + [two.endpoint])
    network.act(one) { $0.dial(contact, at: $1, into: &$2) }
    #expect(network.captured.map(\.target) == contact.endpoints)
    network.run(for: .seconds(1))
    #expect(one.links.link(to: two.id).flatMap { one.links.endpoint(of: $0) } == two.endpoint)
  }

  @Test func twoWhoDialEachOtherEndWithOneLinkBothAgreeOn() throws {
    for round in 0..<UInt64(1_000) {
      let network = LinkNetwork(seed: round)
      let one = try network.add(seed: 2 * round + 1)
      let two = try network.add(seed: 2 * round + 2)
      let loss = [0, 0, 10, 30][Int(round % 4)]
      network.path = { _, dice in
        dice.below(100) < loss ? [] : [.milliseconds(Int64(5 + dice.below(60)))]
      }
      network.dial(one, two)
      network.run(for: .milliseconds(Int64(network.dice.below(250))))
      network.dial(two, one)
      network.run(for: .seconds(15))
      if one.links.up.isEmpty, loss == 30 {
        // Both may run out of attempts; whoever wants the link tries again.
        network.path = { _, _ in [.milliseconds(20)] }
        network.dial(one, two)
        network.dial(two, one)
        network.run(for: .seconds(15))
      }
      let here = one.link(to: two).flatMap { one.links.transcript(of: $0) }
      let there = two.link(to: one).flatMap { two.links.transcript(of: $0) }
      #expect(here != nil && here == there, "round \(round)")
      #expect(one.links.up.count == 1 && two.links.up.count == 1, "round \(round)")
      #expect(one.ups - one.ends.count == 1 && two.ups - two.ends.count == 1, "round \(round)")
    }
  }

  @Test func aNodeThatLostItsStateGetsANewLink() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(30))
    let reborn = try network.add(seed: 15)
    #expect(reborn.id == one.id)
    one.isDead = true
    network.dial(reborn, two)
    network.run(for: .seconds(2))
    #expect(reborn.link(to: two) != nil)
    #expect(two.ends == [.replaced])
    #expect(two.link(to: one).flatMap { two.links.endpoint(of: $0) } == reborn.endpoint)
  }
}

func isCell(_ count: Int) -> Bool {
  count > Limits.datagramOverhead && (count - Limits.datagramOverhead) % Limits.cell == 0
}

extension LinkNode {
  var ups: Int {
    events.count {
      if case .up = $0 { true } else { false }
    }
  }

  var ends: [LinkEnd] {
    events.compactMap {
      if case .down(_, _, let end) = $0 { end } else { nil }
    }
  }
}
