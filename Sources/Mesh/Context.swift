import Keys
import Wire

/// What every part of the mesh may use while one input is handled. The participant owns one and
/// lends it downwards.
struct Context: ~Copyable {
  var now = Instant(nanoseconds: 0)
  var links: Links
  var effects = Effects()
  var entropy: Entropy
  var hybrid: HybridLinks
  let settings: Settings
  /// How others may reach this node.
  var contact: Contact
  var capacity: Capacity
  /// What may still be given to others now, in bits times nanoseconds a second.
  private var allowance: Int64 = 0
  private var refilled = Instant(nanoseconds: 0)
  /// Checks of stamps, in all rooms together: each takes as long as a hundred signatures.
  var stamps: Allowance
  /// Dials for others' sake, in all rooms together.
  var favours: Allowance
  /// Empty but in simulations of hostile nodes.
  var mischief: Mischief = []

  init(
    links: consuming Links, entropy: consuming Entropy, hybrid: HybridLinks, settings: Settings,
    contact: Contact, capacity: Capacity
  ) {
    self.links = links
    self.entropy = entropy
    self.hybrid = hybrid
    self.settings = settings
    self.contact = contact
    self.capacity = capacity
    stamps = Allowance(every: settings.entry.stampPause, burst: settings.entry.stampBurst)
    favours = Allowance(every: settings.meeting.favourPause, burst: settings.meeting.favours)
  }

  mutating func send(_ type: MessageType, _ body: [UInt8], on link: LinkID) {
    links.send(type: type.rawValue, body, on: link, at: now, into: &effects)
  }

  mutating func drop(_ reason: Drop) { effects.notes.append(.drop(reason)) }
  mutating func tell(_ event: Event) { effects.events.append(event) }
  mutating func note(_ note: Note) { effects.notes.append(note) }

  /// Whether others' frames may still go out under the cap, and if so counts `bytes` and what IP
  /// and UDP add. A quarter of a second of the cap may go at once.
  mutating func mayGive(_ bytes: Int) -> Bool {
    let rate = Int64(clamping: max(0, min(capacity.uplink, 10_000_000_000)))
    let full = rate * 250_000_000
    let (gained, overflow) = (now - refilled).nanoseconds.multipliedReportingOverflow(by: rate)
    allowance = overflow ? full : min(full, allowance + max(0, gained))
    refilled = now
    let cost = Int64(bytes + Limits.datagramOverhead + 48) * 8 * 1_000_000_000
    guard allowance >= cost else { return false }
    allowance -= cost
    return true
  }

  func roundTrip(of link: LinkID) -> Duration? {
    links.statistics(of: link)?.rtt.map { .microseconds($0) }
  }
}
