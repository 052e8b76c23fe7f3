/// Who a member is and where its node is: told once, asked for again when unknown.
///
/// `version 4 | certificate 219 | flags 1 | [admission 150] | name | contact | signature
/// 64`; the signature covers all before it.
package struct Introduction: Hashable, Sendable {
  /// Raised when the contact changes.
  package var version: UInt32
  package var certificate: SessionCertificate
  package var admission: Admission?
  package var name: String
  package var contact: Contact
  package var signature: Signature

  package init(
    version: UInt32, certificate: SessionCertificate, admission: Admission?, name: String,
    contact: Contact, signature: Signature = Signature(.zero)
  ) {
    self.version = version
    self.certificate = certificate
    self.admission = admission
    self.name = name.cut(toBytes: Limits.nameBytes)
    self.contact = contact
    self.signature = signature
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 560)
    writer.u32(version)
    certificate.encode(into: &writer)
    writer.u8(admission == nil ? 0 : 1)
    admission?.encode(into: &writer)
    writer.text(name, limit: Limits.nameBytes)
    contact.encode(into: &writer)
    return writer.bytes
  }

  /// Reads to the end.
  package init(from reader: inout Reader) throws(WireError) {
    let version = try reader.u32()
    let certificate = try SessionCertificate(from: &reader)
    let flags = try reader.u8()
    guard flags < 2 else { throw .unknown }
    let admission = flags == 0 ? nil : try Admission(from: &reader)
    let name = try reader.text(limit: Limits.nameBytes)
    let contact = try Contact(from: &reader)
    self.init(
      version: version, certificate: certificate, admission: admission, name: name,
      contact: contact, signature: Signature(try reader.bytes64()))
    try reader.finish()
  }
}
