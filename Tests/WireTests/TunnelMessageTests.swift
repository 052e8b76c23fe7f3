import Testing
import Wire

struct TunnelMessageTests {
  @Test func datagramsAreFoundInFrontOfThePadding() throws {
    var writer = Writer()
    writer.u16(3)
    writer.raw([1, 2, 3])
    writer.u16(1)
    writer.raw([0])
    writer.zeros(248)
    #expect(writer.bytes.count == 256)
    #expect(try TunnelMessage.datagrams(in: writer.bytes.span) == [2..<5, 7..<8])
  }

  @Test(arguments: [0, 1, 2, 255, 256, 4_096])
  func zerosHoldNothing(count: Int) throws {
    let zeros = [UInt8](repeating: 0, count: count)
    #expect(try TunnelMessage.datagrams(in: zeros.span).isEmpty)
  }

  @Test func aDatagramMayEndTheMessage() throws {
    #expect(try TunnelMessage.datagrams(in: [0, 1, 9].span) == [2..<3])
    #expect(try TunnelMessage.datagrams(in: [0, 1, 9, 0].span) == [2..<3])
  }

  @Test func theLongestDatagramFits() throws {
    let fits = [4, 0xB0] + [UInt8](repeating: 7, count: 1_200)
    #expect(try TunnelMessage.datagrams(in: fits.span) == [2..<1_202])
    let longer = [4, 0xB1] + [UInt8](repeating: 7, count: 1_201)
    #expect(throws: WireError.range) { try TunnelMessage.datagrams(in: longer.span) }
  }

  @Test func garbledMessagesAreRefused() {
    #expect(throws: WireError.short) { try TunnelMessage.datagrams(in: [0, 2, 9].span) }
    #expect(throws: WireError.trailing) { try TunnelMessage.datagrams(in: [0, 0, 0, 1].span) }
    #expect(throws: WireError.trailing) { try TunnelMessage.datagrams(in: [5].span) }
    let long = [UInt8](repeating: 0, count: 4_097)
    #expect(throws: WireError.range) { try TunnelMessage.datagrams(in: long.span) }
  }

  @Test func everySizeIsTwiceTheOneBefore() {
    #expect(
      TunnelMessage.sizes.first.map { $0 >= Limits.cell + Limits.datagramOverhead + 2 } == true)
    #expect(zip(TunnelMessage.sizes, TunnelMessage.sizes.dropFirst()).allSatisfy { 2 * $0 == $1 })
    #expect(TunnelMessage.sizes.last == TunnelMessage.longest)
  }
}
