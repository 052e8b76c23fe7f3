/// What an invite link says: which room, the secret that admits, and whom to ask.
///
/// Text form `starling:<base64url>`, or any `https://…#<base64url>`: behind `#` nothing is sent to
/// the web server whose page opens it. The payload is `version<<4 | flags | room 16 | [secret 16] |
/// [expiry u48] | count 1 | count × contact | check 4`. Flag 1: a secret is present (social rooms).
/// Flag 2: an expiry in milliseconds is present. The check is CRC-32 over all before it: a link is
/// typed or pasted by people, and a mistake must be told apart from a room that is gone.
package struct Invite: Hashable, Sendable {
  package var room: RoomID
  /// Seed of the invite key.
  ///
  /// Open rooms have none.
  package var secret: Bytes16?
  /// Milliseconds since 1970 after which the link is refused.
  package var expiry: UInt64?
  package var contacts: [Contact]

  package init(room: RoomID, secret: Bytes16?, expiry: UInt64?, contacts: [Contact]) {
    self.room = room
    self.secret = secret
    self.expiry = expiry
    self.contacts = Array(contacts.prefix(Limits.contactsPerInvite))
  }

  package var text: String { Self.scheme + Base64.url.encode(payload) }

  package init(text: String) throws(WireError) {
    let payload = try Base64.url.decode(letters: try Self.payloadText(text))
    guard payload.count >= Self.shortest else { throw .short }
    let body = payload.dropLast(Self.checkCount)
    let check = payload.suffix(Self.checkCount).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard Checksum.crc32(body) == check else { throw .checksum }
    let bytes = Array(body)
    var reader = Reader(bytes.span)
    try self.init(from: &reader)
    try reader.finish()
  }

  private init(from reader: inout Reader) throws(WireError) {
    let head = try reader.u8()
    guard head >> 4 == Self.version, head & 0x0F & ~(Self.secretFlag | Self.expiryFlag) == 0 else {
      throw .unknown
    }
    let room = RoomID(try reader.bytes16())
    let secret = head & Self.secretFlag == 0 ? nil : try reader.bytes16()
    let expiry = head & Self.expiryFlag == 0 ? nil : try reader.u48()
    let count = Int(try reader.u8())
    guard count <= Limits.contactsPerInvite else { throw .range }
    var contacts: [Contact] = []
    for _ in 0..<count { contacts.append(try Contact(from: &reader)) }
    self.init(room: room, secret: secret, expiry: expiry, contacts: contacts)
  }

  private var payload: [UInt8] {
    var writer = Writer(capacity: 256)
    let flags = (secret == nil ? 0 : Self.secretFlag) | (expiry == nil ? 0 : Self.expiryFlag)
    writer.u8(Self.version << 4 | flags)
    writer.bytes16(room.raw)
    if let secret { writer.bytes16(secret) }
    if let expiry { writer.u48(min(expiry, Self.latest)) }
    writer.u8(UInt8(contacts.count))
    for contact in contacts { contact.encode(into: &writer) }
    writer.u32(Checksum.crc32(writer.bytes))
    return writer.bytes
  }

  /// What stands behind `starling:` or, in a web link, behind `#`.
  private static func payloadText(_ text: String) throws(WireError) -> Substring.UTF8View {
    guard text.utf8.count <= longest else { throw .range }
    if text.hasPrefix(PeerAddress.scheme) { throw .text }
    if text.hasPrefix(scheme) { return Substring(text).utf8.dropFirst(scheme.utf8.count) }
    guard text.hasPrefix(webScheme), let mark = text.utf8.firstIndex(of: UInt8(ascii: "#")) else {
      throw .text
    }
    return Substring(text).utf8[mark...].dropFirst()
  }

  private static let scheme = "starling:"
  private static let webScheme = "https://"
  private static let version: UInt8 = 1
  private static let secretFlag: UInt8 = 1
  private static let expiryFlag: UInt8 = 2
  private static let checkCount = 4
  /// Head 1, room 16, count 1, check 4.
  private static let shortest = 22
  /// The last moment that fits six bytes.
  private static let latest: UInt64 = 0xFFFF_FFFF_FFFF
  /// Four contacts of 121 bytes make 707 characters; the rest is room for a web address.
  private static let longest = 2_048
}
