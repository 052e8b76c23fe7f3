import Keys
import Wire

/// What every part of the mesh may use while one input is handled. The participant owns one and
/// lends it downwards.
struct Context: ~Copyable {
  var now = Instant(nanoseconds: 0)
  var links: Links
  var effects = Effects()
  var entropy: Entropy
  let settings: Settings
  /// How others may reach this node.
  var contact: Contact
  var capacity: Capacity
  /// Empty but in simulations of hostile nodes.
  var mischief: Mischief = []

  init(
    links: consuming Links, entropy: consuming Entropy, settings: Settings, contact: Contact,
    capacity: Capacity
  ) {
    self.links = links
    self.entropy = entropy
    self.settings = settings
    self.contact = contact
    self.capacity = capacity
  }

  mutating func send(_ type: MessageType, _ body: [UInt8], on link: LinkID) {
    links.send(type: type.rawValue, body, on: link, at: now, into: &effects)
  }

  mutating func drop(_ reason: Drop) { effects.notes.append(.drop(reason)) }
  mutating func tell(_ event: Event) { effects.events.append(event) }
  mutating func note(_ note: Note) { effects.notes.append(note) }

  func roundTrip(of link: LinkID) -> Duration? {
    links.statistics(of: link)?.rtt.map { .microseconds($0) }
  }
}
