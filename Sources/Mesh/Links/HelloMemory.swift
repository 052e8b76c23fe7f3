import OrderedCollections
import Wire

/// First messages answered before, so that a recording played back gets nothing.
///
/// Two generations: when the younger is full it becomes the older. Together with the clock check
/// of a first message this covers every recording, unless more arrive than are remembered.
struct HelloMemory: Sendable {
  private let limit: Int
  private var young: Set<UInt64> = []
  private var old: Set<UInt64> = []
  /// Latest time said by a dialler, oldest dialler first.
  private var times: OrderedDictionary<NodeID, UInt64> = [:]
  private let diallers: Int

  /// `known`: from former lives of the node, oldest first.
  init(settings: LinkSettings, known: [UInt64] = []) {
    limit = max(1, settings.hellosRemembered / 2)
    diallers = settings.diallersRemembered
    for name in known { remember(name) }
  }

  /// A quarter of the ephemeral key is enough to know it again.
  static func name(_ ephemeral: Bytes32) -> UInt64 { ephemeral.high.high }

  /// Whether a first message with this ephemeral key was answered before.
  func knows(_ ephemeral: Bytes32) -> Bool {
    let name = Self.name(ephemeral)
    return young.contains(name) || old.contains(name)
  }

  mutating func remember(_ name: UInt64) {
    if young.count >= limit {
      old = young
      young = []
    }
    young.insert(name)
  }

  /// Records the time of a dialler's handshake; false when one as late was seen already.
  mutating func advances(_ dialler: NodeID, to time: UInt64) -> Bool {
    if let known = times[dialler], known >= time { return false }
    times.removeValue(forKey: dialler)
    if times.count >= diallers { times.removeFirst() }
    times[dialler] = time
    return true
  }
}
