import Keys
import Mesh
import Testing
import Wire

@Suite struct LinksRecordTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let record: [UInt8]
  }

  static let malformed: [Case] = [
    Case(testDescription: "header cut short", record: fill([0x20, 0, 161], 164, with: [0x21])),
    Case(testDescription: "body beyond the end", record: [0x20, 0, 163]),
    Case(testDescription: "length above the limit", record: long([0x20, 0x04, 0x4D])),
    Case(testDescription: "padding that is not zero", record: [0, 0, 0, 1]),
    Case(testDescription: "ping too short", record: [1, 0, 3, 9, 9, 9]),
    Case(testDescription: "ping too long", record: [1, 0, 5, 9, 9, 9, 9, 9]),
    Case(testDescription: "pong without endpoint", record: [2, 0, 4, 9, 9, 9, 9]),
    Case(testDescription: "close without reason", record: [3, 0, 0]),
    Case(testDescription: "rekey of the wrong size", record: [4, 0, 1, 0]),
    Case(
      testDescription: "rekey long before its time",
      record: [4, 0, 64] + [UInt8](repeating: 9, count: 64)),
    Case(testDescription: "type kept for version 2", record: [6, 0, 0]),
    Case(testDescription: "the other type kept for version 2", record: [7, 0, 1, 1]),
    Case(testDescription: "mail without inner type", record: [8, 0, 4, 0, 0, 0, 0]),
    Case(testDescription: "mail with a link's record inside", record: [8, 0, 5, 0, 0, 0, 0, 1]),
    Case(testDescription: "mail far ahead", record: [8, 0, 5, 0, 0, 2, 0, 0x20]),
    Case(
      testDescription: "acknowledgement of what was never sent",
      record: [9, 0, 12, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 8)),
    Case(testDescription: "unknown type of the link", record: [0x0F, 0, 0]),
    Case(
      testDescription: "good record before a bad one", record: [0x20, 0, 1, 7, 0x0A, 0, 0]),
  ]

  private static func fill(_ head: [UInt8], _ count: Int, with tail: [UInt8]) -> [UInt8] {
    head + [UInt8](repeating: 0, count: count - head.count) + tail
  }

  private static func long(_ head: [UInt8]) -> [UInt8] { fill(head, 1_155, with: []) }

  @Test(arguments: malformed)
  func aMalformedRecordClosesTheLinkAndThePeerIsRefused(bad: Case) throws {
    // The dialler is the one that breaks the rules; only it may ask for new keys.
    let (network, one, two) = try LinkNetwork.pair()
    let link = try #require(one.link(to: two))
    network.act(one) { $0.sendNow(bad.record, on: link, at: $1, into: &$2) }
    network.run(for: .seconds(1))
    #expect(two.ends == [.malformed])
    #expect(one.ends == [.closedByPeer(1)])
    #expect(two.count(.malformedRecord) == 1)
    #expect(two.inbox.isEmpty)

    network.dial(one, two)
    network.run(for: .seconds(20))
    #expect(two.ups == 1 && one.links.up.isEmpty)
    network.dial(two, one)
    #expect(two.events.last == .failed(one.id))
    network.run(for: .seconds(40))
    network.dial(one, two)
    network.run(for: .seconds(1))
    #expect(two.ups == 2)
  }

  @Test func refusalsDouble() throws {
    let (network, one, two) = try LinkNetwork.pair()
    for round in 0..<3 {
      let link = try #require(one.link(to: two))
      network.act(one) { $0.sendNow([0x0F, 0, 0], on: link, at: $1, into: &$2) }
      network.run(for: .seconds(60 << round) - .seconds(1))
      network.dial(two, one)
      #expect(two.events.last == .failed(one.id))
      network.run(for: .seconds(2))
      network.dial(two, one)
      network.run(for: .seconds(1))
    }
    #expect(two.link(to: one) != nil)
  }

  @Test func theOwnerCanCondemnALinkToo() throws {
    let (network, one, two) = try LinkNetwork.pair()
    let link = try #require(one.link(to: two))
    network.act(one) { $0.condemn(link, at: $1, into: &$2) }
    network.run(for: .seconds(1))
    #expect(one.ends == [.malformed])
    #expect(two.ends == [.closedByPeer(1)])
  }

  @Test func recordsShareADatagramAndMediaEndsIt() throws {
    let plain: [UInt8] = [0x20, 0, 2, 5, 6, 0x90, 0, 0, 0x40, 1, 2, 3]
    var records: [Record] = []
    #expect(Record.parse(plain, into: &records))
    #expect(
      records == [
        Record(type: 0x20, start: 3, count: 2), Record(type: 0x90, start: 8, count: 0),
        Record(type: 0x40, start: 9, count: 3),
      ])
    #expect(Record.parse([], into: &records))
    #expect(records.isEmpty)
    #expect(Record.parse([0, 0, 0], into: &records))
    #expect(records.isEmpty)
  }

  @Test func randomBytesNeverYieldARecordOutsideThem() {
    var dice = LinkNetwork(seed: 3).dice
    var records: [Record] = []
    for _ in 0..<20_000 {
      var plain = dice.fill(dice.below(200))
      for index in plain.indices where index % 3 != 0 { plain[index] &= 0x3F }
      guard Record.parse(plain, into: &records) else { continue }
      for record in records {
        #expect(record.type != 0)
        #expect(record.start + record.count <= plain.count)
      }
    }
  }
}
