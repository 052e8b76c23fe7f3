/// Two members that cannot call each other are brought together by a third that has links to both.
///
/// `part 1 | [node wanted 32] | contact`: what one asks for, or whom both shall call now.
package enum Meeting: Hashable, Sendable {
  /// The asker's own contact, and with whom it wants to be brought together.
  case ask(NodeID, Contact)
  /// Call this one now: it calls too.
  case call(Contact)

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 160)
    writer.u8(tag)
    switch self {
    case .ask(let node, let contact):
      writer.u8(0)
      writer.bytes32(node.raw)
      contact.withoutTunnel.encode(into: &writer)
    case .call(let contact):
      writer.u8(1)
      contact.withoutTunnel.encode(into: &writer)
    }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    switch try reader.u8() {
    case 0:
      let node = NodeID(try reader.bytes32())
      self = .ask(node, try Self.contact(&reader))
    case 1: self = .call(try Self.contact(&reader))
    default: throw .unknown
    }
    try reader.finish()
  }

  private static func contact(_ reader: inout Reader) throws(WireError) -> Contact {
    let contact = try Contact(from: &reader)
    guard contact.tunnel == nil else { throw .range }
    return contact
  }
}
