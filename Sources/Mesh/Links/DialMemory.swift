import Keys
import OrderedCollections
import Wire

/// Nodes that did not answer, each left alone longer with every dial in vain.
struct DialMemory: Sendable {
  private struct Entry {
    var failures: Int
    var until: Instant
  }

  private let settings: LinkSettings
  private var entries: OrderedDictionary<NodeID, Entry> = [:]

  init(settings: LinkSettings) {
    self.settings = settings
  }

  /// Half to the whole of a pause that doubles, so that those who lost the same node together do
  /// not come back together.
  mutating func failed(_ node: NodeID, at now: Instant, _ entropy: inout Entropy) {
    let failures = entries.removeValue(forKey: node)?.failures ?? 0
    if entries.count >= settings.redialsRemembered { entries.removeFirst() }
    let pause = min(settings.redialMost, settings.redialFirst * (1 << min(failures, 16)))
    let half = pause.nanoseconds / 2
    let jitter = Int64(entropy.below(UInt64(half) + 1))
    entries[node] = Entry(failures: failures + 1, until: now + .nanoseconds(half + jitter))
  }

  mutating func forget(_ node: NodeID) { entries.removeValue(forKey: node) }

  /// When the node may be dialled again; nil for now.
  func until(_ node: NodeID) -> Instant? { entries[node]?.until }
}
