/// That somebody's hand is up or down: signed by who raises or lowers its own, or by a moderator
/// who lowers another's (Spec 9 §7).
///
/// `tag 1 | session 3 | subject 3 | up 1 | time u48 | signature 64`.
package struct Hand: Hashable, Sendable {
  /// Whose key signs.
  package var session: SessionID
  /// Whose hand it is.
  package var subject: SessionID
  package var isUp: Bool
  /// Milliseconds since 1970, 48 bits.
  package var time: UInt64
  package var signature: Signature

  package init(
    session: SessionID, subject: SessionID, isUp: Bool, time: UInt64,
    signature: Signature = Signature(.zero)
  ) {
    self.session = session
    self.subject = subject
    self.isUp = isUp
    self.time = time
    self.signature = signature
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 13)
    writer.u24(session.raw)
    writer.u24(subject.raw)
    writer.u8(isUp ? 1 : 0)
    writer.u48(time)
    return writer.bytes
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 78)
    writer.u8(tag)
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let session = SessionID(try reader.u24())
    let subject = SessionID(try reader.u24())
    let up = try reader.u8()
    // Nobody raises another's hand.
    guard up < 2, up == 0 || session == subject else { throw .range }
    let time = try reader.u48()
    self.init(
      session: session, subject: subject, isUp: up == 1, time: time,
      signature: Signature(try reader.bytes64()))
    try reader.finish()
  }
}
