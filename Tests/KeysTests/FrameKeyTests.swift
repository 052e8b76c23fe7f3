import Testing
import Wire

@testable import Keys

@Suite struct FrameKeyTests {
  private let room = RoomID(Bytes16(high: 1, low: 2))

  @Test func everyFlippedByteAndEveryCutIsRefused() throws {
    var entropy = Entropy.seeded(1)
    let key = try FrameKey(base: try Secret(random: &entropy), keyID: 0xF9_EE93_30)
    var (sealed, plain): ([UInt8], [UInt8]) = ([], [])
    key.seal([UInt8](0..<81).span, counter: 70_000, room: room, into: &sealed)
    for index in sealed.indices {
      var forged = sealed
      forged[index] ^= 0x10
      let opened = key.open(forged.span, room: room, into: &plain)
      #expect(!opened && plain.isEmpty, "byte \(index)")
      let openedCut = key.open(
        sealed.span.extracting(0..<index), room: room, into: &plain)
      #expect(!openedCut && plain.isEmpty, "cut to \(index)")
    }
    let otherRoom = RoomID(.zero)
    let openedElsewhere = key.open(sealed.span, room: otherRoom, into: &plain)
    #expect(!openedElsewhere)
    let opened = key.open(sealed.span, room: room, into: &plain)
    #expect(opened)
    #expect(plain == [UInt8](0..<81))
  }

  @Test func aFrameOfAnotherStepIsNotTried() throws {
    var entropy = Entropy.seeded(2)
    let base = try Secret(random: &entropy)
    let first = try FrameKey(base: base, keyID: 1)
    let second = try FrameKey(base: base, keyID: 2)
    var (sealed, plain): ([UInt8], [UInt8]) = ([], [])
    first.seal([1].span, counter: 0, room: room, into: &sealed)
    let opened = second.open(sealed.span, room: room, into: &plain)
    #expect(!opened)
  }

  @Test func sealingContinuesBehindWhatIsThere() throws {
    var entropy = Entropy.seeded(3)
    let key = try FrameKey(base: try Secret(random: &entropy), keyID: 7)
    var (out, plain): ([UInt8], [UInt8]) = ([1, 2, 3], [])
    key.seal([5].span, counter: 3, room: room, into: &out)
    #expect(Array(out.prefix(3)) == [1, 2, 3])
    let opened = key.open(out.span.extracting(3..<out.count), room: room, into: &plain)
    #expect(opened)
    #expect(plain == [5])
  }

  @Test func onlyTheShortestHeaderIsRead() {
    // Key id 5 in a byte of its own; counter 255 in two.
    for bytes in [[0x80, 5], [0x09, 0, 255]] as [[UInt8]] {
      #expect(throws: WireError.range) { try SFrameHeader(reading: bytes.span) }
    }
    for bytes in [[], [0x80], [0x0F, 1, 2, 3, 4, 5, 6, 7]] as [[UInt8]] {
      #expect(throws: WireError.short) { try SFrameHeader(reading: bytes.span) }
    }
  }

  @Test func headersOfEverySizeComeBack() throws {
    var entropy = Entropy.seeded(4)
    for _ in 0..<2_000 {
      let header = SFrameHeader(
        keyID: entropy.next() >> entropy.below(64 as UInt64),
        counter: entropy.next() >> entropy.below(64 as UInt64))
      #expect(header.count <= SFrameHeader.countLimit)
      #expect(try SFrameHeader(reading: header.encoded.span) == header)
    }
  }
}
