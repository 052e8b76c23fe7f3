import Keys
import Mesh
import Testing
import Wire

@Suite struct LinksKeyTests {
  /// What is sent from here on and let through, by node.
  private final class Count {
    var arriving: [Endpoint: UInt64] = [:]
  }

  @Test func newKeysUnderFullLoadLoseNothing() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(until: LinkNetwork.start.advanced(by: .milliseconds(119_800)))
    let count = Count()
    let before = [one, two].map { $0.statistics()?.datagramsIn ?? 0 }
    network.path = { transit, dice in
      guard dice.below(100) >= 5 else { return [] }
      count.arriving[transit.target, default: 0] += 1
      return [.microseconds(Int64(20_000 + dice.below(40_000)))]
    }
    one.keepsMedia = false
    two.keepsMedia = false
    let record = [0x40] + [UInt8](repeating: 5, count: Limits.cell - 1)
    for step in 0..<2_500 {
      for (here, there) in [(one, two), (two, one)] where here === one || step % 5 == 0 {
        network.act(here) { links, now, effects in
          guard let link = links.link(to: there.id) else { return }
          links.sendNow(record, on: link, at: now, into: &effects)
        }
      }
      network.run(for: .microseconds(400))
    }
    network.path = { _, _ in [] }
    network.run(for: .milliseconds(100))
    for (node, before) in zip([one, two], before) {
      let statistics = try #require(node.statistics())
      #expect(statistics.datagramsIn - before == count.arriving[node.endpoint])
      #expect(node.notes.count { $0 == .rekeyed } == 1)
      #expect(node.count(.replayed) + node.count(.notForUs) == 0)
    }
  }

  @Test func keysChangeEveryTwoMinutesHoweverBadThePath() throws {
    for loss in [0, 20, 33] {
      let (network, one, two) = try LinkNetwork.pair(seed: UInt64(loss + 1))
      network.path = { _, dice in
        dice.below(100) < loss ? [] : [.milliseconds(Int64(20 + dice.below(20)))]
      }
      for node in [one, two] {
        network.act(node) { links, now, _ in
          for link in links.up where loss < 33 { links.watch(link, true, at: now) }
        }
      }
      network.run(for: .seconds(1_215))
      #expect(one.ends.isEmpty && two.ends.isEmpty, "loss \(loss)")
      for node in [one, two] {
        #expect((9...10).contains(node.notes.count { $0 == .rekeyed }), "loss \(loss)")
      }
      // Both sides hold the same keys: what is said now arrives.
      network.path = { _, _ in [.milliseconds(20)] }
      for (here, there) in [(one, two), (two, one)] {
        let link = try #require(here.link(to: there))
        network.act(here) { $0.send(type: 0x20, [9], on: link, at: $1, into: &$2) }
      }
      network.run(for: .seconds(4))
      #expect(one.inbox.count == 1 && two.inbox.count == 1)
    }
  }

  @Test func aReplacedKeyOpensStragglersForFiveSeconds() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let start = LinkNetwork.start
    network.run(until: start.advanced(by: .milliseconds(119_900)))
    network.capturing = true
    network.path = { _, _ in [] }
    let record = [0x40] + [UInt8](repeating: 5, count: Limits.cell - 1)
    for _ in 0..<2 {
      let link = try #require(one.link(to: two))
      network.act(one) { $0.sendNow(record, on: link, at: $1, into: &$2) }
    }
    let late = network.captured.map(\.bytes)
    #expect(late.count == 2)
    network.path = { _, _ in [.milliseconds(20)] }
    network.run(until: start.advanced(by: .seconds(124)))
    #expect(two.notes.contains(.rekeyed))
    _ = network.inject(late[0], into: two, from: one.endpoint)
    #expect(two.mediaCount == 1)
    network.run(until: start.advanced(by: .seconds(126)))
    _ = network.inject(late[1], into: two, from: one.endpoint)
    #expect(two.mediaCount == 1)
    #expect(two.count(.notForUs) == 1)
  }

  @Test func withoutNewKeysALinkEndsAfterThreeMinutes() throws {
    var settings = LinkSettings()
    settings.rekeyAfter = .seconds(100_000)
    let (network, one, two) = try LinkNetwork.pair(settings: settings)
    network.run(until: LinkNetwork.start.advanced(by: .seconds(179)))
    #expect(one.ends.isEmpty && two.ends.isEmpty)
    network.run(for: .seconds(2))
    #expect(one.ends == [.unkeyed])
    #expect(one.links.up.isEmpty && two.links.up.isEmpty)
  }

  @Test func headerKeysChangeUnderALink() throws {
    var settings = LinkSettings()
    settings.headerKeyLife = .seconds(200)
    let (network, one, two) = try LinkNetwork.pair(settings: settings)
    network.run(for: .seconds(1_500))
    let newcomer = try network.add(seed: 77)
    network.dial(newcomer, two)
    network.run(for: .seconds(200))
    #expect(one.ends.isEmpty && two.ends.isEmpty)
    #expect(newcomer.link(to: two) != nil)
    #expect(one.count(.notForUs) + two.count(.notForUs) == 0)
  }

  @Test func wornKeysAreReplacedEarly() throws {
    var settings = LinkSettings()
    settings.rekeyAfterCount = 1_000
    settings.rekeyAfter = .seconds(60)
    let (network, one, two) = try LinkNetwork.pair(settings: settings)
    network.run(until: LinkNetwork.start.advanced(by: .seconds(20)))
    two.keepsMedia = false
    let link = try #require(one.link(to: two))
    for _ in 0..<1_100 {
      network.act(one) { $0.sendNow([0x40, 1], on: link, at: $1, into: &$2) }
    }
    network.run(for: .seconds(20))
    #expect(one.notes.contains(.rekeyed))
    #expect(two.notes.contains(.rekeyed))
    #expect(one.ends.isEmpty && two.ends.isEmpty)
  }
}
