import Node
import Testing

/// Messages are taken apart as they were put together, however they arrive.
struct ControlMessageTests {
  @Test(arguments: [ControlMessage.Kind.text, .sound])
  func aHeaderSaysKindAndLength(_ kind: ControlMessage.Kind) {
    let bytes = ControlMessage.header(kind, count: 65_000)
    #expect(bytes.count == ControlMessage.headerSize)
    let read = ControlMessage.header(bytes)
    #expect(read?.kind == kind)
    #expect(read?.count == 65_000)
  }

  @Test func messagesComeOutWholeHoweverTheyArrive() {
    let all =
      ControlMessage.header(.text, count: 2) + Array("{}".utf8)
      + ControlMessage.header(.sound, count: 3) + [1, 2, 3]
      + ControlMessage.header(.sound, count: 0)
    var bytes: [UInt8] = []
    var taken: [ControlMessage.Taken] = []
    for byte in all {
      bytes.append(byte)
      let next = ControlMessage.take(from: &bytes)
      if next != .none { taken.append(next) }
    }
    #expect(taken == [.text(Array("{}".utf8)), .sound([1, 2, 3]), .sound([])])
    #expect(bytes.isEmpty)
  }

  @Test func whatIsNoMessageIsBroken() {
    var unknown: [UInt8] = [2, 0, 0, 0, 1, 0]
    #expect(ControlMessage.take(from: &unknown) == .broken)
    var endless = ControlMessage.header(.text, count: ControlMessage.longest + 1)
    #expect(ControlMessage.take(from: &endless) == .broken)
    var huge: [UInt8] = [1, 0xFF, 0xFF, 0xFF, 0xFF]
    #expect(ControlMessage.take(from: &huge) == .broken)
  }
}
