import Testing
import Wire

struct InviteTests {
  static let room = RoomID(Bytes16(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210))
  static let secret = Bytes16(high: 1, low: 2)
  static let contact = Contact(
    node: NodeID(Bytes32(0..<32) ?? .zero), token: Bytes16(high: 3, low: 4),
    endpoints: [Endpoint(ipv4: 0xC000_0207, port: 4000)])

  static let invites: [Invite] = [
    Invite(room: room, secret: nil, expiry: nil, contacts: []),
    Invite(room: room, secret: secret, expiry: nil, contacts: [contact]),
    Invite(room: room, secret: nil, expiry: 1_800_000_000_000, contacts: [contact, contact]),
    Invite(
      room: room, secret: secret, expiry: 0,
      contacts: Array(repeating: contact, count: Limits.contactsPerInvite)),
  ]

  @Test(arguments: invites)
  func aLinkIsReadAsItWasWritten(_ invite: Invite) throws {
    #expect(try Invite(text: invite.text) == invite)
  }

  @Test func aWebLinkCarriesTheSamePayloadBehindTheHash() throws {
    let invite = Self.invites[1]
    let payload = invite.text.dropFirst("starling:".count)
    #expect(try Invite(text: "https://example.org/j?x=1#\(payload)") == invite)
  }

  @Test func everySingleMistypedCharacterIsNoticed() throws {
    let text = Array(Self.invites[1].text.utf8)
    for index in 9..<text.count {
      var typo = text
      typo[index] = typo[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      let text = String(decoding: typo, as: UTF8.self)
      #expect(throws: WireError.self) { try Invite(text: text) }
    }
  }

  struct Malformed: Sendable, CustomTestStringConvertible {
    let text: String
    let error: WireError
    var testDescription: String { "\(error): \(text.prefix(40))" }
  }

  static let malformed: [Malformed] = [
    Malformed(text: "", error: .text),
    Malformed(text: "starling", error: .text),
    Malformed(text: "starling:", error: .short),
    Malformed(text: "starling:AAAA", error: .short),
    Malformed(text: "starling:not base64", error: .text),
    Malformed(text: "starling://key@host:1", error: .text),
    Malformed(text: "http://example.org/#AAAA", error: .text),
    Malformed(text: "https://example.org/", error: .text),
    Malformed(text: "starling:" + String(repeating: "A", count: 4_000), error: .range),
    Malformed(
      text: "starling:" + String(invites[1].text.dropFirst(9).dropLast(4)), error: .checksum),
    Malformed(text: sealed([0x20] + room.raw.array + [0]), error: .unknown),
    Malformed(text: sealed([0x14] + room.raw.array + [0]), error: .unknown),
    Malformed(text: sealed([0x10] + room.raw.array + [5]), error: .range),
    Malformed(text: sealed([0x10] + room.raw.array + [1]), error: .short),
    Malformed(text: sealed([0x10] + room.raw.array + [0, 0]), error: .trailing),
  ]

  @Test(arguments: malformed)
  func malformedTextIsRefused(_ sample: Malformed) {
    #expect(throws: sample.error) { try Invite(text: sample.text) }
  }

  @Test func theChecksumIsTheOneOfIEEE8023() {
    #expect(Checksum.crc32("123456789".utf8) == 0xCBF4_3926)
  }

  /// A link with a right check around any payload.
  private static func sealed(_ body: [UInt8]) -> String {
    var writer = Writer(appendingTo: body)
    writer.u32(Checksum.crc32(body))
    return "starling:" + Base64.url.encode(writer.bytes)
  }
}
