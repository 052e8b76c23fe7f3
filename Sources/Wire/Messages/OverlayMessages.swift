/// Asks to become a neighbour in an overlay (HyParView NEIGHBOR, DSN 2007 §4).
package struct NeighbourRequest: Hashable, Sendable {
  /// Why neighbourhood is asked for.
  package enum Reason: UInt8, Sendable {
    /// There is room for one more.
    case room = 0
    /// The asker has no neighbour at all and is not refused.
    case alone = 1
    /// Somebody sent the asker, or the end of its own walk asks: one above the usual is taken.
    case sent = 2
  }

  package var reason: Reason

  package init(_ reason: Reason) { self.reason = reason }

  package func encoded(tag: RoomTag) -> [UInt8] { [tag, reason.rawValue] }

  package init(from reader: inout Reader) throws(WireError) {
    guard let reason = Reason(rawValue: try reader.u8()) else { throw .unknown }
    self.reason = reason
    try reader.finish()
  }
}

/// Answer to ``NeighbourRequest``.
package struct NeighbourReply: Hashable, Sendable {
  package var accepted: Bool

  package init(accepted: Bool) { self.accepted = accepted }

  package func encoded(tag: RoomTag) -> [UInt8] { [tag, accepted ? 1 : 0] }

  package init(from reader: inout Reader) throws(WireError) {
    let value = try reader.u8()
    guard value < 2 else { throw .unknown }
    accepted = value == 1
    try reader.finish()
  }
}

/// Ends a neighbourhood (HyParView DISCONNECT), naming who takes the sender's place, if anybody.
package struct Disconnect: Hashable, Sendable {
  package var successor: Contact?

  package init(successor: Contact?) { self.successor = successor }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 128)
    writer.u8(tag)
    successor?.encode(into: &writer)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    successor = reader.remaining > 0 ? try Contact(from: &reader) : nil
    try reader.finish()
  }
}

/// Carries one who is short of neighbours along a random walk (HyParView FORWARDJOIN).
package struct ForwardJoin: Hashable, Sendable {
  package var timeToLive: UInt8
  package var contact: Contact

  package init(timeToLive: UInt8, contact: Contact) {
    self.timeToLive = timeToLive
    self.contact = contact
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 128)
    writer.u8(tag)
    writer.u8(timeToLive)
    contact.encode(into: &writer)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    timeToLive = try reader.u8()
    guard timeToLive <= 16 else { throw .range }
    contact = try Contact(from: &reader)
    try reader.finish()
  }
}

/// A handful of contacts walking through the overlay (HyParView SHUFFLE) or coming back as answer.
package struct Shuffle: Hashable, Sendable {
  package var timeToLive: UInt8
  /// Where the answer goes: the node that began the walk.
  package var origin: Contact
  package var contacts: [Contact]

  package init(timeToLive: UInt8, origin: Contact, contacts: [Contact]) {
    self.timeToLive = timeToLive
    self.origin = origin
    self.contacts = contacts.prefix(Limits.contactsPerShuffle).map(\.withoutTunnel)
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 512)
    writer.u8(tag)
    writer.u8(timeToLive)
    origin.encode(into: &writer)
    writer.u8(UInt8(contacts.count))
    for contact in contacts { contact.encode(into: &writer) }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    timeToLive = try reader.u8()
    guard timeToLive <= 16 else { throw .range }
    origin = try Contact(from: &reader)
    let count = Int(try reader.u8())
    guard count <= Limits.contactsPerShuffle else { throw .range }
    contacts = []
    for _ in 0..<count { contacts.append(try Contact(from: &reader)) }
    try reader.finish()
  }
}
