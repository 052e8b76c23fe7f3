import Keys
import Mesh
import Testing
import Wire

/// Links that send one size on one clock, whatever there is to say.
@Suite struct LinksCoverTests {
  private static let slot: Int64 = 12_500_000
  private static let size = CoverSettings.datagram

  private static func covered() -> LinkSettings {
    var settings = LinkSettings()
    settings.cover.isOn = true
    settings.rekeyAfter = .seconds(40)
    return settings
  }

  /// Two nodes, a link between them and its first second behind them.
  private func pair(
    seed: UInt64 = 7, _ first: LinkSettings, _ second: LinkSettings, uplink: Int = 5_000_000
  ) throws -> (LinkNetwork, LinkNode, LinkNode) {
    let network = LinkNetwork(seed: seed)
    let one = try network.add(seed: seed &* 2 &+ 1, settings: first)
    let two = try network.add(seed: seed &* 2 &+ 2, settings: second)
    for node in [one, two] { network.act(node) { $0.pay(uplink: uplink, at: $1, into: &$2) } }
    network.dial(one, two)
    network.run(for: .seconds(1))
    return (network, one, two)
  }

  /// Sound of one talker, letters and records of all sizes, at random.
  private func chatter(_ network: LinkNetwork, _ one: LinkNode, _ two: LinkNode, frames: Int) {
    for frame in 0..<frames {
      for (here, there) in [(one, two), (two, one)] {
        network.act(here) { links, now, effects in
          guard let link = links.link(to: there.id) else { return }
          let sound = [0x40] + [UInt8](repeating: UInt8(truncatingIfNeeded: frame), count: 164)
          links.sendNow(sound, on: link, at: now, into: &effects)
          if frame % 10 == 0 { links.sendNow(sound, on: link, at: now, into: &effects) }
          if frame % 7 == 0 {
            let count = network.dice.below(frame % 70 == 0 ? 1_000 : 120)
            links.send(
              type: 0x20, .init(repeating: 1, count: count), on: link, at: now, into: &effects)
          }
          if frame % 13 == 0 { links.sendOnce(type: 0x21, [1, 2, 3], on: link) }
        }
      }
      network.run(for: .milliseconds(20))
    }
  }

  /// What somebody on the way sees of one direction: pauses and sizes.
  private func seen(
    _ network: LinkNetwork, from node: LinkNode, _ time: Range<Instant>
  ) -> (pauses: Set<Int64>, sizes: Set<Int>, count: Int) {
    let mine = network.captured.filter { $0.source == node.endpoint && time.contains($0.time) }
    let pauses = zip(mine, mine.dropFirst()).map { ($1.time - $0.time).nanoseconds }
    return (Set(pauses), Set(mine.map(\.bytes.count)), mine.count)
  }

  @Test(arguments: [true, false])
  func nothingSaidShowsInSizesOrTimes(bothWant: Bool) throws {
    let (network, one, two) = try pair(
      Self.covered(), bothWant ? Self.covered() : LinkSettings())
    network.capturing = true
    let idle = network.now
    network.run(for: .seconds(50))
    let busy = network.now
    chatter(network, one, two, frames: 2_500)
    let end = network.now
    network.run(for: .milliseconds(200))
    for node in [one, two] {
      let quiet = seen(network, from: node, idle..<busy)
      #expect(quiet.pauses == [Self.slot])
      #expect(quiet.sizes == [Self.size])
      let loud = seen(network, from: node, busy..<end)
      #expect(abs(loud.count - 50 * 80) <= 1)
      #expect(abs(quiet.count - loud.count) <= 1)
      // Keys were changed in both halves.
      #expect(node.notes.count { $0 == .rekeyed } >= 2)
      #expect(node.mediaCount == 2_750)
      #expect(node.statistics()?.isCovered == true)
    }
  }

  /// The control without which the test above says nothing.
  @Test func withoutCoverEverythingShows() throws {
    let (network, one, two) = try pair(LinkSettings(), LinkSettings())
    network.capturing = true
    let idle = network.now
    network.run(for: .seconds(30))
    let quiet = seen(network, from: one, idle..<network.now)
    let busy = network.now
    chatter(network, one, two, frames: 1_500)
    let loud = seen(network, from: one, busy..<network.now)
    #expect(loud.count > 20 * quiet.count)
    #expect(loud.sizes.count > 1)
    #expect(loud.pauses != quiet.pauses)
  }

  @Test(arguments: [0, 100])
  func everythingArrivesWhateverItsSize(lossPermille: Int) throws {
    let (network, one, two) = try pair(Self.covered(), Self.covered())
    network.path = { _, dice in
      dice.below(1_000) < lossPermille ? [] : [.milliseconds(Int64(20 + dice.below(15)))]
    }
    let link = try #require(one.link(to: two))
    let counts = Array(stride(from: 0, through: 1_100, by: 4))
    for count in counts {
      network.act(one) { links, now, effects in
        links.send(
          type: 0x20, .init(repeating: UInt8(count % 251), count: count), on: link, at: now,
          into: &effects)
      }
      network.run(for: .milliseconds(100))
    }
    network.run(for: .seconds(20))
    let letters = two.inbox.filter { $0.type == 0x20 }
    #expect(letters.map(\.body.count).sorted() == counts)
    #expect(
      letters.allSatisfy { $0.body.allSatisfy { [byte = $0.body.count % 251] in $0 == byte } })
    guard lossPermille == 0 else { return }
    for count in [1, 100, 165, 166, 324, 541] {
      let record = [0x40] + [UInt8](repeating: UInt8(count % 251), count: count - 1)
      network.act(one) { $0.sendNow(record, on: link, at: $1, into: &$2) }
      network.act(one) { links, _, _ in
        links.sendOnce(type: 0x21, .init(repeating: 5, count: min(1_100, count)), on: link)
      }
      network.run(for: .milliseconds(300))
    }
    // What a cell has left is zeros, as without cover; parts have exact lengths.
    #expect(
      two.inbox.filter { $0.type == 0x40 }.map(\.body.count) == [164, 164, 164, 165, 323, 540])
    #expect(
      two.inbox.filter { $0.type == 0x21 }.map(\.body.count) == [1, 100, 165, 166, 324, 541])
  }

  @Test func moreThanTheSlotsIsDroppedAndNothingElseSuffers() throws {
    let (network, one, two) = try pair(Self.covered(), Self.covered())
    let link = try #require(one.link(to: two))
    for step in 0..<1_500 {
      network.act(one) { links, now, effects in
        for _ in 0..<3 {
          links.sendNow(
            [0x40] + [UInt8](repeating: 9, count: 164), on: link, at: now, into: &effects)
        }
        if step % 5 == 0 {
          links.send(
            type: 0x20, .init(repeating: 1, count: 100), on: link, at: now, into: &effects)
        }
      }
      network.run(for: .milliseconds(20))
    }
    network.run(for: .seconds(2))
    #expect(one.link(to: two) == link)
    #expect(two.inbox.count { $0.type == 0x20 } == 300)
    // 150 a second wanted, 60 to 80 have slots.
    #expect((1_800...2_400).contains(two.mediaCount))
    #expect(one.count(.slotsFull) == 4_500 - two.mediaCount)
  }

  @Test func thereAreNoMoreLinksThanTheUplinkCovers() throws {
    let network = LinkNetwork(seed: 3)
    let settings = Self.covered()
    let hub = try network.add(seed: 1, settings: settings)
    let others = try (2..<9).map { try network.add(seed: $0) }
    // Three and a half.
    let uplink = settings.cover.bytesPerSecond * 8 * 35 / 10 * 10 / 9
    network.act(hub) { $0.pay(uplink: uplink, at: $1, into: &$2) }
    for other in others {
      network.dial(other, hub)
      network.run(for: .milliseconds(300))
    }
    network.run(for: .seconds(10))
    #expect(hub.links.up.count == 3)
    #expect(hub.links.coverStatus?.linksMost == 3)
    network.act(hub) { $0.pay(uplink: 100_000, at: $1, into: &$2) }
    #expect(hub.links.up.isEmpty)
    network.act(hub) { $0.dial(others[0].contact, at: $1, into: &$2) }
    #expect(hub.events.contains(.failed(others[0].id)))
  }

  @Test func aWishIsAnsweredAsFarAsTheUplinkAllows() throws {
    // A quarter of it is one and a half links.
    let uplink = CoverSettings().bytesPerSecond * 8 * 6
    let network = LinkNetwork(seed: 4)
    let hub = try network.add(seed: 1)
    let others = try (2..<6).map { try network.add(seed: $0, settings: Self.covered()) }
    network.act(hub) { $0.pay(uplink: uplink, at: $1, into: &$2) }
    for other in others {
      network.act(other) { $0.pay(uplink: uplink, at: $1, into: &$2) }
      network.dial(other, hub)
    }
    network.run(for: .seconds(20))
    #expect(hub.links.up.count == 4)
    #expect(hub.links.up.count { hub.links.statistics(of: $0)?.isCovered == true } == 1)
    let answered = others.filter { other in
      other.links.up.contains {
        other.links.statistics(of: $0, at: network.now)?.isPeerCovered == true
      }
    }
    #expect(answered.count == 1)
  }

  @Test func whoWishesAndDoesNotPayIsAnsweredForTenSeconds() throws {
    let (network, one, two) = try pair(Self.covered(), LinkSettings())
    #expect(two.statistics()?.isCovered == true)
    var dropped = 0
    network.path = { transit, _ in
      guard transit.source == one.endpoint else { return [.milliseconds(20)] }
      dropped += 1
      return dropped % 40 == 0 ? [.milliseconds(20)] : []
    }
    network.run(for: .seconds(25))
    #expect(two.statistics()?.isCovered == false)
    network.path = { _, _ in [.milliseconds(20)] }
    network.run(for: .seconds(5))
    #expect(two.statistics()?.isCovered == false)
    // Uncovered, it still works.
    let link = try #require(two.link(to: one))
    network.act(two) { $0.send(type: 0x20, [1], on: link, at: $1, into: &$2) }
    network.run(for: .seconds(1))
    #expect(one.inbox.contains { $0.type == 0x20 })
  }

  @Test func aStreamIsNotCoveredAndTheWayBackIs() throws {
    let network = LinkNetwork(seed: 5)
    let one = try network.add(seed: 1, settings: Self.covered())
    let two = try network.add(seed: 2, settings: Self.covered())
    for node in [one, two] { network.act(node) { $0.pay(uplink: 5_000_000, at: $1, into: &$2) } }
    let ends = network.tunnel(one, two)
    let address = try #require(TunnelAddress(text: "example.org/path"))
    let far = Contact(node: two.id, token: nil, endpoints: [], tunnel: address)
    network.act(one) { $0.dial(far, at: $1, into: &$2) }
    network.act(one) { $0.learn(path: ends.here, isTunnel: true, to: two.id, at: $1, into: &$2) }
    network.run(for: .seconds(2))
    #expect(one.links.up.count == 1)
    network.capturing = true
    network.run(for: .seconds(10))
    #expect(network.captured.count < 40)
    #expect(one.statistics()?.isCovered == false)
    network.act(one) {
      $0.learn(path: two.endpoint, isTunnel: false, to: two.id, at: $1, into: &$2)
    }
    network.run(for: .seconds(60))
    let since = network.now
    network.run(for: .seconds(10))
    for node in [one, two] {
      #expect(node.statistics()?.isCovered == true)
      #expect(seen(network, from: node, since..<network.now).pauses == [Self.slot])
    }
  }

  @Test func aStallIsMadeUpForInPartAndTheClockGoesOn() throws {
    let (network, one, _) = try pair(Self.covered(), Self.covered())
    network.capturing = true
    let link = try #require(one.links.up.first)
    let first = network.now
    network.run(for: .seconds(1))
    one.isDead = true
    network.run(for: .milliseconds(500))
    one.isDead = false
    network.run(for: .seconds(1))
    #expect(one.links.up == [link])
    let mine = network.captured.filter { $0.source == one.endpoint && $0.time >= first }
    let grid = Set(mine.map { ($0.time - first).nanoseconds % Self.slot })
    // One moment off the grid: that of waking up.
    #expect(grid.count <= 2)
    #expect((160...165).contains(mine.count))
    #expect(Set(mine.map(\.bytes.count)) == [Self.size])
  }

  @Test func theLastWordComesBeforeTheEnd() throws {
    let (network, one, two) = try pair(Self.covered(), Self.covered())
    let link = try #require(one.link(to: two))
    network.capturing = true
    network.act(one) { links, now, effects in
      for count in [10, 600] {
        links.send(
          type: 0x20, .init(repeating: 1, count: count), on: link, at: now, into: &effects)
      }
      links.close(link, reason: CloseReason.leaving, at: now, into: &effects)
    }
    network.run(for: .seconds(1))
    #expect(two.inbox.count { $0.type == 0x20 } == 2)
    #expect(two.links.up.isEmpty)
    #expect(Set(network.captured.map(\.bytes.count)) == [Self.size])
  }

  // MARK: Parts

  private func parts(of record: [UInt8], number: UInt32) -> [[UInt8]] {
    let last = (record.count - 1) / Parts.payload
    return (0...last).map { place in
      let start = place * Parts.payload
      let end = min(record.count, start + Parts.payload)
      let head = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
      return head + [UInt8(place << 4 | last)] + record[start..<end]
    }
  }

  @Test func partsComeTogetherInAnyOrder() throws {
    var dice = Entropy.seeded(9)
    var together = Parts()
    for number in 0..<2_000 as Range<UInt32> {
      let record = (0..<(166 + dice.below(989))).map { _ in UInt8(dice.below(256)) }
      var parts = parts(of: record, number: number)
      for index in parts.indices.reversed() { parts.swapAt(index, dice.below(index + 1)) }
      for part in parts.dropLast() {
        #expect(together.arrived(part[...]) == .incomplete)
        #expect(together.arrived(part[...]) == .incomplete)
      }
      let last = try #require(parts.last)
      #expect(together.arrived(last[...]) == .complete(record))
      #expect(together.count == 0)
    }
  }

  @Test func partsThatNeverComeTakeLittleMemoryAndNoiseDoesNoHarm() throws {
    var dice = Entropy.seeded(10)
    var together = Parts()
    for round in 0..<20_000 {
      let count = round % 2 == 0 ? Parts.payload + 5 : dice.below(170)
      var part = (0..<count).map { _ in UInt8(dice.below(256)) }
      if round % 2 == 0 { part[4] = UInt8(dice.below(8) << 4 | 7) }
      if case .complete(let record) = together.arrived(part[...]) {
        #expect(record.count > Parts.payload && record.count <= 8 * Parts.payload)
      }
      #expect(together.count <= Parts.most * 8 * Parts.payload)
    }
    // The newest still come through.
    let record = [UInt8](repeating: 3, count: 400)
    let parts = parts(of: record, number: 7)
    for part in parts.dropLast() { _ = together.arrived(part[...]) }
    let last = try #require(parts.last)
    #expect(together.arrived(last[...]) == .complete(record))
  }

  @Test func aPartOfARecordThatMayNotComeInPartsClosesTheLink() throws {
    for record in [
      [UInt8](repeating: 0, count: 200), [1, 0, 4] + [UInt8](repeating: 0, count: 200),
      [0x20, 0, 10] + [UInt8](repeating: 0, count: 200),
      [3, 0, 200] + [UInt8](repeating: 0, count: 200),
      [12, 0, 200] + [UInt8](repeating: 0, count: 200),
    ] {
      let (network, one, two) = try LinkNetwork.pair()
      let link = try #require(one.link(to: two))
      for part in parts(of: record, number: 1) {
        network.act(one) { links, now, effects in
          // Media goes out as it is: what it claims to be is the peer's affair.
          links.sendNow(
            [12, UInt8(part.count >> 8), UInt8(part.count & 255)] + part, on: link, at: now,
            into: &effects)
        }
      }
      network.run(for: .seconds(1))
      #expect(two.links.up.isEmpty, "\(record.prefix(3))")
    }
  }
}
