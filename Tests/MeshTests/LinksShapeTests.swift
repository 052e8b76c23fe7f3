import Keys
import Mesh
import Testing
import Wire

/// What an observer of the wire sees.
@Suite struct LinksShapeTests {
  @Test func everythingOfALinkFillsWholeCells() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.capturing = true
    let link = try #require(one.link(to: two))
    for count in 0...1_100 {
      network.act(one) { links, now, effects in
        links.send(type: 0x20, .init(repeating: 1, count: count), on: link, at: now, into: &effects)
        links.sendOnce(type: 0x21, .init(repeating: 2, count: count % 97), on: link)
      }
      network.run(for: .milliseconds(30))
    }
    for count in [1, 164, 165, 166, 1_000, 1_155] {
      let record = [0x40] + [UInt8](repeating: 1, count: count - 1)
      network.act(one) { $0.sendNow(record, on: link, at: $1, into: &$2) }
    }
    network.run(for: .seconds(5))
    #expect(two.inbox.count { $0.type == 0x20 } == 1_101)
    // Media longer than a cell keeps its own size; all else comes in whole cells.
    let media = [166, 1_000].map { $0 + Limits.datagramOverhead }
    #expect(
      network.captured.allSatisfy {
        (isCell($0.bytes.count) || media.contains($0.bytes.count)) && $0.bytes.count <= 1_180
      })
    #expect(Set(network.captured.map(\.bytes.count)).count == 7 + media.count)
  }

  @Test func noByteOfADatagramIsMoreLikelyThanAnother() throws {
    let positions = 147
    var counts = [[Int64]](repeating: .init(repeating: 0, count: 256), count: positions)
    var total: Int64 = 0
    var sizes: Set<Int> = []
    for seed in 0..<UInt64(1_000) {
      let network = LinkNetwork(seed: seed)
      let one = try network.add(seed: 2 * seed + 1)
      let two = try network.add(seed: 2 * seed + 2)
      network.capturing = true
      network.dial(one, two)
      network.run(for: .milliseconds(200))
      for (here, there) in [(one, two), (two, one)] {
        network.act(here) { links, now, effects in
          guard let link = links.link(to: there.id) else { return }
          for _ in 0..<3 { links.sendNow([0x40], on: link, at: now, into: &effects) }
        }
      }
      #expect(network.captured.count >= 10)
      for transit in network.captured.prefix(10) {
        sizes.insert(transit.bytes.count)
        total += 1
        for position in 0..<positions { counts[position][Int(transit.bytes[position])] += 1 }
      }
    }
    #expect(total == 10_000)
    #expect(sizes.count > 100)
    for position in 0..<positions {
      let squares = counts[position].reduce(0) { $0 + $1 * $1 }
      // 255 degrees of freedom: mean 255, five standard deviations of 22.6 above it.
      let statistic = squares * 256 / total - total
      #expect((142...368).contains(statistic), "position \(position): \(statistic)")
      #expect(counts[position].allSatisfy { $0 > 0 && $0 < 100 })
    }
  }

  @Test func theSameSeedGivesTheSameTrace() throws {
    func trace(_ seed: UInt64) throws -> UInt64 {
      let network = LinkNetwork(seed: seed)
      for index in 0..<4 { _ = try network.add(seed: seed &* 10 &+ UInt64(index)) }
      network.path = { _, dice in
        dice.below(10) == 0 ? [] : [.milliseconds(Int64(10 + dice.below(50)))]
      }
      for (here, there) in [(0, 1), (1, 2), (2, 0), (0, 2), (3, 0), (3, 1)] {
        network.dial(network.nodes[here], network.nodes[there])
        network.run(for: .milliseconds(30))
      }
      for round in 0..<40 as Range<UInt8> {
        for node in network.nodes {
          network.act(node) { links, now, effects in
            for link in links.up {
              links.send(type: 0x20, [round], on: link, at: now, into: &effects)
            }
          }
        }
        network.run(for: .seconds(5))
      }
      return network.trace
    }
    let first = try trace(4)
    #expect(try trace(4) == first)
    #expect(try trace(5) != first)
  }
}
