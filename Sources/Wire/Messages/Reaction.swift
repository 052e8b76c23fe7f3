/// That somebody claps, laughs or waves: signed by whose it is, shown for a moment and forgotten
/// (Spec 9 §10).
///
/// `tag 1 | session 3 | sign 1 | time u48 | signature 64`.
package struct Reaction: Hashable, Sendable {
  /// What is shown; a closed set, for words could be a message. Later versions may know more.
  package enum Sign: UInt8, Hashable, Sendable, CaseIterable {
    case clap = 1, laugh, heart, wave, wow, agree
  }

  package var session: SessionID
  package var sign: Sign
  /// Milliseconds since 1970, 48 bits.
  package var time: UInt64
  package var signature: Signature

  package init(
    session: SessionID, sign: Sign, time: UInt64, signature: Signature = Signature(.zero)
  ) {
    self.session = session
    self.sign = sign
    self.time = time
    self.signature = signature
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 10)
    writer.u24(session.raw)
    writer.u8(sign.rawValue)
    writer.u48(time)
    return writer.bytes
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 75)
    writer.u8(tag)
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let session = SessionID(try reader.u24())
    guard let sign = Sign(rawValue: try reader.u8()) else { throw .range }
    let time = try reader.u48()
    self.init(
      session: session, sign: sign, time: time, signature: Signature(try reader.bytes64()))
    try reader.finish()
  }
}
