import Mesh
import Node
import Testing
import Wire

@Suite(.serialized)
struct UDPSocketTests {
  static let loopback4 = Endpoint(ipv4: 0x7F00_0001, port: 0)
  static let loopback6 = Endpoint(address: Bytes16(high: 0, low: 1), port: 0)
  static let everywhere = Endpoint(address: .zero, port: 0)

  static let hasIPv6: Bool = (try? UDPSocket(binding: loopback6)) != nil

  /// Sends in rounds the kernel's buffer holds, and returns what arrived, in order.
  private func exchange(
    _ count: Int, from source: inout UDPSocket, to target: inout UDPSocket, at address: Endpoint
  ) -> [(UInt32, Endpoint)] {
    var arrived: [(UInt32, Endpoint)] = []
    for first in stride(from: 0, to: count, by: 100) {
      var outbox = Outbox()
      for number in first..<min(first + 100, count) {
        let start = outbox.bytes.count
        var writer = Writer(appendingTo: outbox.bytes)
        writer.u32(UInt32(number))
        writer.zeros(number % 1_100)
        outbox.bytes = writer.bytes
        outbox.finish(from: start, to: address)
      }
      source.send(outbox)
      while target.receive({ bytes, from in
        var reader = Reader(bytes)
        let number = (try? reader.u32()) ?? .max
        if reader.remaining == number % 1_100 { arrived.append((number, from)) }
      }) > 0 {}
    }
    return arrived
  }

  @Test func aThousandDatagramsArriveOverIPv4() throws {
    var source = try UDPSocket(binding: Self.loopback4)
    var target = try UDPSocket(binding: Self.everywhere)
    let address = Endpoint(ipv4: 0x7F00_0001, port: target.local.port)
    let arrived = exchange(1_000, from: &source, to: &target, at: address)
    #expect(arrived.map(\.0) == Array(0..<1_000))
    let local = source.local
    #expect(arrived.allSatisfy { $0.1 == local })
    #expect(source.tally.sent == 1_000)
    #expect(target.tally.received == 1_000)
    #expect(target.tally.bytesReceived == source.tally.bytesSent)
  }

  @Test(.enabled(if: hasIPv6, "There is no IPv6 here."))
  func aThousandDatagramsArriveOverIPv6() throws {
    var source = try UDPSocket(binding: Self.loopback6)
    var target = try UDPSocket(binding: Self.everywhere)
    let address = Endpoint(address: Self.loopback6.address, port: target.local.port)
    let arrived = exchange(1_000, from: &source, to: &target, at: address)
    #expect(arrived.map(\.0) == Array(0..<1_000))
    let local = source.local
    #expect(arrived.allSatisfy { $0.1 == local })
  }

  @Test func aDatagramLongerThanOursIsCountedAndLeftOut() throws {
    var source = try UDPSocket(binding: Self.loopback4)
    var target = try UDPSocket(binding: Self.loopback4)
    var outbox = Outbox()
    outbox.bytes = [UInt8](repeating: 7, count: Limits.datagram + 1)
    outbox.finish(from: 0, to: target.local)
    source.send(outbox)
    var lent = 0
    #expect(target.receive { _, _ in lent += 1 } == 1)
    #expect(lent == 0)
    #expect(target.tally.oversized == 1)
  }

  @Test func targetsThatCannotBeReachedStopNobodyElse() throws {
    var source = try UDPSocket(binding: Self.everywhere)
    var target = try UDPSocket(binding: Self.loopback4)
    var outbox = Outbox()
    let addresses = [
      Endpoint(ipv4: 0xFFFF_FFFF, port: 9), target.local, Endpoint(ipv4: 0x7F00_0001, port: 0),
      target.local,
    ]
    for address in addresses {
      let start = outbox.bytes.count
      outbox.bytes.append(UInt8(start))
      outbox.finish(from: start, to: address)
    }
    source.send(outbox)
    var lent: [UInt8] = []
    while target.receive({ bytes, _ in lent.append(bytes[0]) }) > 0 {}
    #expect(lent == [1, 3])
    #expect(source.tally.unreachable == 2)
  }

  @Test func aPortInUseIsSaid() throws {
    let first = try UDPSocket(binding: Self.loopback4)
    let taken = first.local
    let error = #expect(throws: SystemError.self) { _ = try UDPSocket(binding: taken) }
    #expect(error?.sentence.contains("in use") == true)
    _ = first
  }

  @Test(arguments: [
    ("192.0.2.7", "192.0.2.7:4000"), ("2001:db8::7", "[2001:db8::7]:4000"),
    ("::ffff:192.0.2.7", "192.0.2.7:4000"),
  ])
  func addressesAreReadAndWritten(host: String, text: String) {
    #expect(Endpoint(host: host, port: 4000)?.text == text)
  }

  @Test func namesAreNotAddresses() async {
    #expect(Endpoint(host: "localhost", port: 1) == nil)
    let found = await Resolver.resolve(host: "localhost", port: 7)
    #expect(found.allSatisfy { $0.isLoopback && $0.port == 7 })
    #expect(!found.isEmpty)
    #expect(await Resolver.resolve(host: "no.such.host.invalid", port: 7).isEmpty)
  }
}
