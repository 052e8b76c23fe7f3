/// All there is to know of a member, as one message: whoever learns of somebody learns both.
///
/// `tag 1 | presence 90 | introduction`
package struct MemberRecord: Hashable, Sendable {
  package var introduction: Introduction
  package var presence: Presence

  package init(introduction: Introduction, presence: Presence) {
    self.introduction = introduction
    self.presence = presence
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 740)
    writer.u8(tag)
    presence.encode(into: &writer)
    writer.raw(introduction.unsigned)
    writer.bytes64(introduction.signature.raw)
    return writer.bytes
  }

  /// Reads behind the tag to the end.
  package init(from reader: inout Reader) throws(WireError) {
    presence = try Presence(from: &reader)
    introduction = try Introduction(from: &reader)
  }
}
