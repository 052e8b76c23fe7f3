import Keys
import Mesh
import Testing
import Wire

@Suite struct LinksMailTests {
  @Test func mailArrivesExactlyOnceOverABadPath() throws {
    for seed in 1...5 as ClosedRange<UInt64> {
      let (network, one, two) = try LinkNetwork.pair(seed: seed)
      network.path = { _, dice in
        guard dice.below(100) >= 30 else { return [] }
        let copies = dice.below(100) < 15 ? 2 : 1
        return (0..<copies).map { _ in .milliseconds(Int64(10 + dice.below(80))) }
      }
      for batch in 0..<20 {
        for (here, there) in [(one, two), (two, one)] {
          network.act(here) { links, now, effects in
            guard let link = links.link(to: there.id) else { return }
            for index in 0..<20 {
              let number = batch * 20 + index
              let body =
                [UInt8(number >> 8), UInt8(number & 255)]
                + [UInt8](repeating: 7, count: number % 11 == 0 ? 1_098 : number % 60)
              links.send(type: 0x20, body, on: link, at: now, into: &effects)
            }
          }
        }
        network.run(for: .milliseconds(50))
      }
      network.run(for: .seconds(20))
      for node in [one, two] {
        let numbers = node.inbox.map { Int($0.body[0]) << 8 | Int($0.body[1]) }
        #expect(numbers.sorted() == Array(0..<400), "seed \(seed)")
        for (number, item) in zip(numbers, node.inbox) {
          #expect(item.type == 0x20)
          #expect(item.body.count == 2 + (number % 11 == 0 ? 1_098 : number % 60))
        }
        #expect(node.ends.isEmpty)
      }
    }
  }

  @Test func aGoodPathCarriesEachLetterOnceAndFewAcknowledgements() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    network.capturing = true
    let link = try #require(one.link(to: two))
    for number in 0..<50 as Range<UInt8> {
      network.act(one) { $0.send(type: 0x20, [number], on: link, at: $1, into: &$2) }
      network.run(for: .milliseconds(10))
    }
    network.run(for: .seconds(1))
    #expect(two.inbox.count == 50)
    #expect(two.count(.duplicateMessage) == 0)
    let sent = network.captured.count { $0.source == one.endpoint }
    let acknowledged = network.captured.count { $0.source == two.endpoint }
    #expect(sent <= 52)
    #expect(acknowledged <= 28)
  }

  @Test func lettersSaidTogetherTravelTogether() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    network.capturing = true
    network.act(one) { links, now, effects in
      guard let link = links.link(to: two.id) else { return }
      for number in 0..<10 as Range<UInt8> {
        links.send(type: 0x20, [number], on: link, at: now, into: &effects)
        links.sendOnce(type: 0x30, [number, number], on: link)
      }
    }
    #expect(network.captured.map(\.bytes.count) == [Limits.datagramOverhead + Limits.cell])
    network.run(for: .seconds(1))
    #expect(two.inbox.count { $0.type == 0x20 } == 10)
    #expect(two.inbox.count { $0.type == 0x30 } == 10)
  }

  @Test func aFloodOfMailIsPacedAndArrives() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    network.capturing = true
    network.act(one) { links, now, effects in
      guard let link = links.link(to: two.id) else { return }
      for number in 0..<1_500 {
        let body = [UInt8(number >> 8), UInt8(number & 255)] + [UInt8](repeating: 1, count: 300)
        links.send(type: 0x20, body, on: link, at: now, into: &effects)
      }
    }
    #expect(network.captured.map(\.bytes.count).reduce(0, +) <= 14_000)
    network.run(for: .seconds(5))
    #expect(Set(two.inbox.map(\.body)).count == 1_500)
    #expect(two.inbox.count == 1_500)
  }

  @Test func mailNobodyAcknowledgesClosesTheLink() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    two.isDead = true
    let link = try #require(one.link(to: two))
    network.act(one) { $0.send(type: 0x20, [1], on: link, at: $1, into: &$2) }
    network.run(for: .milliseconds(14_900))
    #expect(one.ends.isEmpty)
    network.run(for: .milliseconds(200))
    #expect(one.ends == [.undelivered])
    #expect(one.links.link(to: two.id) == nil)
  }

  @Test func tooMuchMailClosesTheLink() throws {
    var settings = LinkSettings()
    settings.mailQueue = 10
    let (network, one, two) = try LinkNetwork.pair(settings: settings)
    let link = try #require(one.link(to: two))
    network.act(one) { links, now, effects in
      for _ in 0..<11 { links.send(type: 0x20, [], on: link, at: now, into: &effects) }
    }
    #expect(one.ends == [.undelivered])
    network.run(for: .seconds(1))
    #expect(two.ends == [.closedByPeer(0)])
  }

  @Test func lostMailIsRepeatedWithGrowingPauses() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    two.isDead = true
    network.capturing = true
    let link = try #require(one.link(to: two))
    network.act(one) { $0.send(type: 0x20, [1], on: link, at: $1, into: &$2) }
    network.run(for: .seconds(12))
    let times = network.captured.map { $0.time.nanoseconds }
    let pauses = zip(times, times.dropFirst()).map { ($1 - $0) / 1_000_000 }
    #expect((60...200).contains(pauses[0]))
    #expect(pauses.allSatisfy { $0 <= 2_000 })
    #expect(pauses.count >= 7 && pauses.count <= 14)
  }
}
