import Keys
import Mesh
import Testing
import Wire

/// What strangers get: nothing.
@Suite struct LinksSilenceTests {
  private let elsewhere = Endpoint(ipv4: 0xC000_0201, port: 999)

  private func listener(
    token: Bytes16? = nil, settings: LinkSettings = LinkSettings()
  ) throws -> (LinkNetwork, LinkNode) {
    let network = LinkNetwork()
    return (network, try network.add(seed: 5, token: token, settings: settings))
  }

  @Test func aWellFormedStrangerIsAnsweredOnce() throws {
    let (network, node) = try listener(token: Bytes16(high: 1, low: 2))
    var stranger = try Stranger(seed: 1)
    let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
    let answer = network.inject(hello, into: node, from: elsewhere)
    #expect((147...hello.count).contains(answer))
    #expect(network.inject(hello, into: node, from: elsewhere) == 0)
    #expect(network.inject(hello, into: node, from: Endpoint(ipv4: 9, port: 9)) == 0)
    #expect(node.count(.staleHandshake) == 2)
    #expect(node.events.isEmpty)
  }

  @Test func everySingleFlippedBitSilences() throws {
    let (network, node) = try listener()
    var stranger = try Stranger(seed: 1)
    stranger.padding = 64
    let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
    for bit in 0..<hello.count * 8 {
      var flipped = hello
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(network.inject(flipped, into: node, from: elsewhere) == 0, "bit \(bit)")
    }
    for count in 0..<hello.count {
      #expect(network.inject(Array(hello.prefix(count)), into: node, from: elsewhere) == 0)
    }
    #expect(network.inject(hello + [0], into: node, from: elsewhere) == 0)
    #expect(network.inject(hello, into: node, from: elsewhere) > 0)
  }

  @Test func randomDatagramsGetNothing() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let third = try network.add(seed: 99)
    third.isDead = true
    // One of its own dials under way, so that answers are looked for too.
    network.dial(one, third)
    var dice = Entropy.seeded(77)
    var returned = 0
    for _ in 0..<100_000 {
      let count = dice.below(8) == 0 ? dice.below(1_300) : 20 + dice.below(380)
      returned += network.inject(dice.fill(count), into: one, from: elsewhere)
    }
    #expect(returned == 0)
    #expect(one.link(to: two) != nil)
    #expect(one.inbox.isEmpty)
  }

  @Test func wrongTimesVersionsAndReservedBytesGetNothing() throws {
    let (network, node) = try listener()
    let now = network.now.milliseconds
    var stranger = try Stranger(seed: 1)
    for time in [0, now - 7_210_000, now + 7_210_000, .max] {
      let hello = try stranger.hello(to: node.contact, time: time)
      #expect(network.inject(hello, into: node, from: elsewhere) == 0)
      network.run(for: .seconds(1))
    }
    stranger.version = 2
    let newer = try stranger.hello(to: node.contact, time: now)
    #expect(network.inject(newer, into: node, from: elsewhere) == 0)
    stranger.version = 1
    stranger.flags = 1
    let flagged = try stranger.hello(to: node.contact, time: now)
    #expect(network.inject(flagged, into: node, from: elsewhere) == 0)
    stranger.flags = 0
    stranger.reserved = 1
    let reserved = try stranger.hello(to: node.contact, time: now)
    #expect(network.inject(reserved, into: node, from: elsewhere) == 0)
    network.run(for: .seconds(1))
    stranger.reserved = 0
    for padding in [0, 63, 256] {
      stranger.padding = padding
      let odd = try stranger.hello(to: node.contact, time: now)
      #expect(network.inject(odd, into: node, from: elsewhere) == 0)
    }
    stranger.padding = 255
    let good = try stranger.hello(to: node.contact, time: network.now.milliseconds)
    #expect(network.inject(good, into: node, from: elsewhere) > 0)
  }

  /// Points of low order, and others that are not canonical (RFC 7748 §6.1, §5).
  @Test func weakPointsAreRefused() throws {
    let (network, node) = try listener()
    let weak: [[UInt8]] = [
      [UInt8](repeating: 0, count: 32),
      [1] + [UInt8](repeating: 0, count: 31),
      [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
      [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
      [0xEE] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    ]
    var stranger = try Stranger(seed: 1)
    for point in weak {
      stranger.ephemeral = Bytes32(point)
      let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
      #expect(network.inject(hello, into: node, from: elsewhere) == 0)
      network.run(for: .seconds(1))
    }
  }

  @Test func diallingAWeakPointFailsQuietly() throws {
    let (network, node) = try listener()
    let contact = Contact(node: NodeID(.zero), endpoints: [elsewhere])
    network.capturing = true
    network.act(node) { $0.dial(contact, at: $1, into: &$2) }
    network.run(for: .seconds(9))
    #expect(node.events == [.failed(NodeID(.zero))])
    #expect(network.captured.isEmpty)
  }

  @Test func nothingThatWasSentOnceWorksTwice() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    network.capturing = true
    network.dial(one, two)
    network.run(for: .seconds(2))
    network.act(one) { links, now, effects in
      for link in links.up { links.send(type: 0x20, [1, 2, 3], on: link, at: now, into: &effects) }
    }
    network.run(for: .seconds(2))
    let recorded = network.captured
    #expect(two.inbox.count == 1)
    network.path = { _, _ in [] }
    for _ in 0..<3 {
      for transit in recorded {
        let isToOne = transit.target == one.endpoint
        let returned = network.inject(
          transit.bytes, into: isToOne ? one : two, from: isToOne ? two.endpoint : one.endpoint)
        #expect(returned == 0)
        #expect(network.inject(transit.bytes, into: two, from: elsewhere) == 0)
      }
    }
    #expect(one.ups == 1 && two.ups == 1)
    #expect(two.inbox.count == 1)
    #expect(one.links.endpoint(of: one.links.up[0]) == two.endpoint)
    #expect(two.links.endpoint(of: two.links.up[0]) == one.endpoint)
  }

  /// However a node's life ended: what it answered was written down before the answer left.
  @Test func recordingsPlayedToARestartedNodeGetNothing() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    network.capturing = true
    // Each attempt has a first message of its own, and only the last comes through whole.
    network.path = { transit, _ in
      let age = transit.time - LinkNetwork.start
      return transit.source == two.endpoint && age < .seconds(3) ? [] : [.milliseconds(20)]
    }
    network.dial(one, two)
    network.run(for: .seconds(6))
    #expect(one.link(to: two) != nil)
    #expect(two.answered.count == 4)
    let recorded = network.captured.filter { $0.target == two.endpoint }
    let reborn = try network.add(seed: 2, answered: two.answered)
    for _ in 0..<2 {
      for transit in recorded {
        #expect(network.inject(transit.bytes, into: reborn, from: elsewhere) == 0)
        network.run(for: .seconds(1))
      }
    }
    #expect(reborn.count(.staleHandshake) == 8)
    // An honest dialler is answered, also one whose clock is an hour behind.
    var stranger = try Stranger(seed: 3)
    let late = network.now.milliseconds - 3_600_000
    let hello = try stranger.hello(to: reborn.contact, time: late)
    #expect(network.inject(hello, into: reborn, from: elsewhere) > 0)
  }

  /// Even a node that lost its notes holds no session for a recording.
  @Test func recordingsPlayedToARestartedNodeOpenNoSession() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    network.capturing = true
    network.dial(one, two)
    network.run(for: .seconds(2))
    let recorded = network.captured.filter { $0.target == two.endpoint }
    let reborn = try network.add(seed: 2)
    for _ in 0..<2 {
      for transit in recorded {
        _ = network.inject(transit.bytes, into: reborn, from: elsewhere)
      }
    }
    network.run(for: .seconds(20))
    #expect(reborn.events.isEmpty)
    #expect(reborn.links.up.isEmpty)
  }

  @Test func aHandshakeNoLaterThanTheLastIsRefused() throws {
    let (network, node) = try listener()
    var stranger = try Stranger(seed: 1)
    network.capturing = true
    var links: [LinkID?] = []
    for offset in [0, -1, 0, 1] {
      let time = UInt64(Int64(network.now.milliseconds) + 5_000 * Int64(offset))
      let hello = try stranger.hello(to: node.contact, time: time)
      #expect(network.inject(hello, into: node, from: elsewhere) > 0)
      let answer = try #require(network.captured.last?.bytes)
      let last = try stranger.confirm(answer, to: node.contact)
      _ = network.inject(try #require(last), into: node, from: elsewhere)
      links.append(node.links.link(to: stranger.id))
    }
    #expect(links[0] != nil)
    #expect(links[1] == links[0] && links[2] == links[0])
    #expect(links[3] != nil && links[3] != links[0])
    #expect(node.count(.staleHandshake) == 2)
    #expect(node.ends == [.replaced])
  }

  /// Behind each port of this machine stands another node's stream.
  @Test func streamsDoNotShareOneAllowance() throws {
    let (network, node) = try listener()
    var stranger = try Stranger(seed: 1)
    var answers = 0
    for stream in 0..<4 {
      let source = Endpoint(ipv4: 0x7F00_0001, port: UInt16(5_000 + stream))
      for _ in 0..<7 {
        let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
        if network.inject(hello, into: node, from: source) > 0 { answers += 1 }
      }
    }
    #expect(answers == 4 * 5)
    #expect(node.count(.rateLimited) == 4 * 2)
  }

  @Test func oneSourceGetsFiveAnswersAndThenTwentyASecond() throws {
    let (network, node) = try listener()
    var stranger = try Stranger(seed: 1)
    var answers = 0
    for _ in 0..<12 {
      let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
      if network.inject(hello, into: node, from: elsewhere) > 0 { answers += 1 }
    }
    #expect(answers == 5)
    #expect(node.count(.rateLimited) == 7)
    network.run(for: .milliseconds(50))
    let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
    #expect(network.inject(hello, into: node, from: elsewhere) > 0)
  }

  @Test func underLoadCookiesAreAskedForAndHonestDiallersStillComeThrough() throws {
    let (network, node) = try listener()
    let honest = try network.add(seed: 50)
    var stranger = try Stranger(seed: 1)
    var sizes: [(hello: Int, answer: Int)] = []
    for second in 0..<4 {
      for index in 0..<200 {
        let source = Endpoint(ipv4: UInt32(0xC0A8_0000 + index), port: UInt16(1_000 + second))
        let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
        sizes.append((hello.count, network.inject(hello, into: node, from: source)))
        network.run(for: .milliseconds(5))
      }
      if second == 1 { network.dial(honest, node) }
    }
    #expect(sizes.allSatisfy { $0.answer <= $0.hello })
    #expect(sizes.count { $0.answer == 85 } > 700)
    #expect(node.count(.cookieWanted) > 700)
    #expect(honest.link(to: node) != nil)
    #expect(honest.ups == 1)
  }

  @Test func loadPassesWithinTwoSeconds() throws {
    let (network, node) = try listener()
    var stranger = try Stranger(seed: 1)
    for index in 0..<60 as Range<UInt32> {
      let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
      _ = network.inject(hello, into: node, from: Endpoint(ipv4: 0xC0A8_0000 + index, port: 9))
    }
    #expect(node.count(.cookieWanted) == 28)
    // 32 half-open handshakes are load of their own; they go after eight seconds.
    network.run(for: .seconds(9))
    for _ in 0..<3 {
      let hello = try stranger.hello(to: node.contact, time: network.now.milliseconds)
      #expect(network.inject(hello, into: node, from: elsewhere) != 85)
      network.run(for: .seconds(1))
    }
  }

  @Test func aForgedCookieChangesNothing() throws {
    let network = LinkNetwork()
    let one = try network.add(seed: 1)
    let two = try network.add(seed: 2)
    network.capturing = true
    network.path = { _, _ in [] }
    network.dial(one, two)
    let hello = try #require(network.captured.first)
    let unmasked = HandshakeMask.unmask(hello.bytes.span, key: Stranger.maskKey(two.contact))
    let body = try #require(unmasked)
    var stranger = try Stranger(seed: 9)
    for isRight in [false, true] {
      let mac1 =
        isRight
        ? Array(body[(body.count - 32)..<(body.count - 16)]) : .init(repeating: 7, count: 16)
      let nonce = Nonce24(random: &stranger.entropy)
      let sealed = Box.seal(
        key: Digest.hash32("VR1-cookie", two.id.raw.array), nonce: nonce, associated: mac1,
        [UInt8](repeating: 1, count: 16))
      let cookie = [4] + body[1..<5] + nonce.array + sealed
      let datagram = stranger.mask(cookie, for: two.contact)
      #expect(datagram.count == 85)
      // From where we did not dial, nothing is sent even when all else is right.
      #expect(network.inject(datagram, into: one, from: elsewhere) == 0)
      let sent = network.inject(datagram, into: one, from: two.endpoint)
      #expect(sent == (isRight ? hello.bytes.count : 0))
      #expect(network.inject(datagram, into: one, from: two.endpoint) == 0)
    }
  }

  @Test func aFullNodeIsSilent() throws {
    var settings = LinkSettings()
    settings.sessions = 1
    let (network, node) = try listener(settings: settings)
    let first = try network.add(seed: 51)
    let second = try network.add(seed: 52)
    network.dial(first, node)
    network.run(for: .seconds(1))
    network.dial(second, node)
    network.run(for: .seconds(9))
    #expect(second.events == [.failed(node.id)])
    #expect(node.count(.tooManySessions) == 4)
    // Nor does it dial.
    network.dial(node, second)
    #expect(node.events.last == .failed(second.id))
    network.act(first) { links, now, effects in
      for link in links.up { links.close(link, reason: 0, at: now, into: &effects) }
    }
    network.run(for: .seconds(1))
    network.dial(second, node)
    network.run(for: .seconds(1))
    #expect(second.link(to: node) != nil)
  }
}
