import OrderedCollections
import Wire

/// Peers that broke the rules and are not listened to for a while, longer each time.
struct Refusals: Sendable {
  private struct Entry {
    var until: Instant
    var offences: Int
  }

  private let settings: LinkSettings
  private var entries: OrderedDictionary<NodeID, Entry> = [:]

  init(settings: LinkSettings) {
    self.settings = settings
  }

  mutating func offended(_ node: NodeID, at now: Instant) {
    let offences = entries.removeValue(forKey: node)?.offences ?? 0
    if entries.count >= settings.refusals { entries.removeFirst() }
    let doublings = min(offences, settings.refusalDoublings)
    entries[node] = Entry(
      until: now.advanced(by: settings.refusal * (1 << doublings)), offences: offences + 1)
  }

  func refuses(_ node: NodeID, at now: Instant) -> Bool {
    guard let entry = entries[node] else { return false }
    return now < entry.until
  }
}
