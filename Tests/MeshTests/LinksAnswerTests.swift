import Mesh
import Testing
import Wire

/// A peer cannot make a node send more than it sends itself.
@Suite struct LinksAnswerTests {
  /// Bytes that leave at once when `plain` arrives as one datagram, and that datagram's own.
  private func answer(
    _ plain: [UInt8], _ network: LinkNetwork, _ one: LinkNode, _ two: LinkNode
  ) throws -> (out: Int, came: Int) {
    let link = try #require(one.link(to: two))
    network.capturing = true
    network.path = { _, _ in [] }
    network.act(one) { $0.sendNow(plain, on: link, at: $1, into: &$2) }
    let datagram = try #require(network.captured.last).bytes
    let out = network.inject(datagram, into: two, from: one.endpoint)
    return (out, datagram.count)
  }

  @Test func theManyPingsOfADatagramGetOneAnswer() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    let pings = (0..<160 as Range<UInt8>).flatMap { [1, 0, 4, 0, 0, 0, $0] as [UInt8] }
    let (out, _) = try answer(pings, network, one, two)
    #expect(out == Limits.datagramOverhead + Limits.cell)
    let single = try answer([1, 0, 4, 0, 0, 0, 1], network, one, two)
    #expect(single.out == single.came)
  }

  @Test func acknowledgementsAreNeverMoreThanWhatTheyAnswer() throws {
    let (network, one, two) = try LinkNetwork.pair()
    network.run(for: .seconds(2))
    func letters(_ numbers: [UInt32]) -> [UInt8] {
      var writer = Writer()
      for number in numbers {
        writer.raw([8, 0, 5])
        writer.u32(number)
        writer.u8(0x20)
      }
      return writer.bytes + [1, 0, 4, 1, 2, 3, 4]
    }
    let start = UInt32(truncatingIfNeeded: 0)
    let spreads: [[UInt32]] = [
      (0..<140).map { start &+ $0 * 511 / 140 },
      (0..<20).map { start &+ $0 * 511 / 20 },
      (0..<140).map { 600 &+ $0 * 3 },
      // Far behind whatever arrived.
      (0..<140).map { 0xF000_0000 &+ $0 * 1_000 },
    ]
    for numbers in spreads {
      let (out, came) = try answer(letters(numbers), network, one, two)
      #expect(out <= Limits.datagramOverhead + Limits.cell && out <= came)
    }
    #expect(two.ends.isEmpty)
  }
}
