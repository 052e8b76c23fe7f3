/// An open room that wants to be found: flooded to every connected node.
///
/// `version 4 | expiry 6 | members 2 | genesis | certificate 219 | count 1 | contacts |
/// signature 64`
package struct Listing: Hashable, Sendable {
  package var version: UInt32
  /// Milliseconds since 1970, 48 bits.
  package var expiry: UInt64
  package var members: UInt16
  package var genesis: Genesis
  package var certificate: SessionCertificate
  package var contacts: [Contact]
  package var signature: Signature

  package static let contactsMaximum = 3

  package init(
    version: UInt32, expiry: UInt64, members: UInt16, genesis: Genesis,
    certificate: SessionCertificate, contacts: [Contact], signature: Signature = Signature(.zero)
  ) {
    self.version = version
    self.expiry = expiry
    self.members = members
    self.genesis = genesis
    self.certificate = certificate
    self.contacts = contacts.prefix(Self.contactsMaximum).map(\.withoutTunnel)
    self.signature = signature
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 700)
    writer.u32(version)
    writer.u48(expiry)
    writer.u16(members)
    genesis.encode(into: &writer)
    certificate.encode(into: &writer)
    writer.u8(UInt8(contacts.count))
    for contact in contacts { contact.encode(into: &writer) }
    return writer.bytes
  }

  package var encoded: [UInt8] { unsigned + signature.raw.array }

  package init(from reader: inout Reader) throws(WireError) {
    let version = try reader.u32()
    let expiry = try reader.u48()
    let members = try reader.u16()
    let genesis = try Genesis(from: &reader)
    let certificate = try SessionCertificate(from: &reader)
    let count = Int(try reader.u8())
    guard count <= Self.contactsMaximum else { throw .range }
    var contacts: [Contact] = []
    for _ in 0..<count { contacts.append(try Contact(from: &reader)) }
    self.init(
      version: version, expiry: expiry, members: members, genesis: genesis,
      certificate: certificate, contacts: contacts,
      signature: Signature(try reader.bytes64()))
    try reader.finish()
  }
}
