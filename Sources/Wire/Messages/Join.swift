/// What both ends of a link say to be in a room together. Travels sealed under a key of the room
/// (Spec 4 §4), so a neighbour that does not know the room reads nothing.
///
/// `tag 1 | flags 1 | [genesis] | [operation] | certificate 219 | [admission 150] | [stamp 12]
/// | signature 64`
package struct Join: Hashable, Sendable {
  /// The sender's number for this room on this link.
  package var tag: RoomTag
  /// The sender has no parents yet and asks to be fed at once.
  package var hungry: Bool
  package var genesis: Genesis?
  package var operation: RoomOperation?
  package var certificate: SessionCertificate
  package var admission: Admission?
  /// What a stranger paid.
  package var stamp: Stamp?
  /// By the session key over link transcript, role and room: binds the persona to this link.
  package var signature: Signature

  package init(
    tag: RoomTag, hungry: Bool, genesis: Genesis?, operation: RoomOperation?,
    certificate: SessionCertificate, admission: Admission?, stamp: Stamp? = nil,
    signature: Signature
  ) {
    self.tag = tag
    self.hungry = hungry
    self.genesis = genesis
    self.operation = operation
    self.certificate = certificate
    self.admission = admission
    self.stamp = stamp
    self.signature = signature
  }

  package var encoded: [UInt8] {
    var writer = Writer(capacity: 800)
    writer.u8(tag)
    var flags: UInt8 = 0
    if genesis != nil { flags |= 1 }
    if operation != nil { flags |= 2 }
    if admission != nil { flags |= 4 }
    if hungry { flags |= 8 }
    if stamp != nil { flags |= 16 }
    writer.u8(flags)
    genesis?.encode(into: &writer)
    operation?.encode(into: &writer)
    certificate.encode(into: &writer)
    admission?.encode(into: &writer)
    stamp?.encode(into: &writer)
    writer.bytes64(signature.raw)
    return writer.bytes
  }

  package init(_ bytes: Span<UInt8>) throws(WireError) {
    var reader = Reader(bytes)
    let tag = try reader.u8()
    let flags = try reader.u8()
    guard flags < 32, tag != .lobby else { throw .unknown }
    let genesis = flags & 1 == 0 ? nil : try Genesis(from: &reader)
    let operation = flags & 2 == 0 ? nil : try RoomOperation(from: &reader)
    let certificate = try SessionCertificate(from: &reader)
    let admission = flags & 4 == 0 ? nil : try Admission(from: &reader)
    let stamp = flags & 16 == 0 ? nil : try Stamp(from: &reader)
    let signature = Signature(try reader.bytes64())
    try reader.finish()
    self.init(
      tag: tag, hungry: flags & 8 != 0, genesis: genesis, operation: operation,
      certificate: certificate, admission: admission, stamp: stamp, signature: signature)
  }
}
