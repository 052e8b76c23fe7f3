import Mesh
import Wire

/// What one removal costs everybody else, and how long the removed could listen on.
///
/// Traffic rises and falls by thousands of bytes a node from one stretch of seconds to the next, so
/// it is compared with the same stretch of the same world without the removal.
struct Removal {
  let victim: Int
  let at: Int64
  /// Into everybody else, from everybody else, in the stretch after it.
  private(set) var bytes = 0
  /// The same where nobody was removed, if that was looked at.
  var usual: Int?
  /// What the removed opened last.
  var lastHeard: Int64
  /// The first frame that was not said yet.
  var frame = 0

  init(of victim: Int, at moment: Int64) {
    self.victim = victim
    at = moment
    lastHeard = moment
  }

  mutating func arrived(_ count: Int, at receiver: Int, from sender: Int, at now: Int64) {
    guard now >= at, now < at + Self.stretch, receiver != victim, sender != victim else { return }
    bytes += count
  }

  /// As in `scripts/measure/stage`.
  static let stretch: Int64 = 4_000_000_000
}

extension World {
  /// By the maker of the room. The removed keeps what it gets, and asks for more.
  func remove(_ fault: Topology.Fault) {
    guard !isTwin, let room, let victim = removal?.victim, residents[victim].isMember,
      residents[0].isMember,
      let person = residents[victim].participant.persona(in: room)
    else { return }
    let resident = residents[victim]
    resident.participant.defy(in: room, at: resident.instant(now), into: &effects)
    apply(resident, arrival: false)
    resident.isRemoved = true
    resident.diedAt = now
    removal?.frame = ledger.voices.first?.saidAt.count ?? 0
    trace.note("node \(victim) is removed", at: now)
    command(
      residents[0], .moderate(room, .remove(person, seconds: 0, isImmediate: fault.isImmediate)))
  }

  var removed: [(measure: Measure, value: Double)] {
    guard let removal, let room, removal.frame > 0 else { return [] }
    let voice = ledger.voices[0]
    let others = residents.filter(\.isMember)
    let count = Double(max(1, others.count))
    // What somebody could open who keeps everything, heard or not.
    let key = residents[voice.node].participant.inspect(room)?.key(of: SessionID(voice.session))
    let last = Int(key?.start ?? 0) - Int(voice.firstCounter) - removal.frame
    let heard = Double(removal.lastHeard - removal.at) / 1e6
    let stretch = voice.saidAt.indices.filter { frame in
      voice.saidAt[frame] >= removal.at && voice.saidAt[frame] < removal.at + Removal.stretch
    }
    let lost = others.filter { $0.index != voice.node }.map { listener in
      stretch.count { ledger.delay(listener.index, 0, $0) == Ledger.never }
    }
    var values: [(measure: Measure, value: Double)] = []
    if let usual = removal.usual {
      values.append((.removalBytes, Double(removal.bytes - usual) / count))
    }
    return values + [
      (.removalLast, max(heard, Double(last) * Double(World.frame) / 1e6)),
      (.removalLost, Double(lost.max() ?? 0)),
    ]
  }
}
