import Mesh
import Wire

/// One node of the world: its participant, and what the world knows about it.
final class Resident {
  enum State {
    /// Not there yet.
    case absent
    case alive
    /// Dead, or gone with a word.
    case gone
  }

  let index: Int
  let group: Int
  /// As the internet sees it; the port is the router's where there is one.
  let address: Endpoint
  var participant: Participant
  var state = State.absent
  let clock: DriftingClock
  /// Number of its line in both directions.
  let home: Int
  let relays: Bool
  var box: NATBox?
  var mischief: Set<Misbehaviour> = []

  /// Earliest wake in the queue; `.max` when there is none.
  var wakeAt = Int64.max
  var frozenUntil: Int64 = 0
  var frozenQueue = 0
  var askedAt: Int64 = 0
  var joinedAt: Int64?
  /// When it first had a parent in both trees.
  var fedAt: Int64?
  var diedAt = Int64.max
  var session: SessionID?
  var wasDisturbed = false
  /// By operation; it takes no notice.
  var isRemoved = false

  /// On which side of a partition.
  var side = false
  var congestion: (lossPermille: Int, delay: Int64)?

  var bytesIn = 0
  var controlIn = 0
  var notes = NoteCounts()
  /// Datagrams it sent once, for those who send them again.
  var memory: [(bytes: [UInt8], target: Endpoint)] = []

  init(
    index: Int, group: Int, address: Endpoint, participant: consuming Participant,
    clock: DriftingClock, home: Int, relays: Bool
  ) {
    self.index = index
    self.group = group
    self.address = address
    self.participant = participant
    self.clock = clock
    self.home = home
    self.relays = relays
  }

  var isAlive: Bool { state == .alive }
  /// Runs, and may be in the room.
  var belongs: Bool { isAlive && !isRemoved }
  var isMember: Bool { belongs && joinedAt != nil }
  var isHonest: Bool { mischief.isEmpty }

  func instant(_ moment: Int64) -> Instant { clock.instant(moment) }

  func moment(_ instant: Instant) -> Int64 { clock.moment(instant) }
}

/// How often a participant noted what.
struct NoteCounts {
  private(set) var drops = [Int](repeating: 0, count: Drop.allCases.count)
  private(set) var mirrored = 0
  private(set) var grafted = 0
  private(set) var pulled = 0
  private(set) var detached = 0
  private(set) var spared = 0
  private(set) var linksUp = 0
  private(set) var linksDown = 0
  private(set) var roamed = 0

  private static let order = Drop.allCases

  mutating func add(_ note: Note) {
    switch note {
    case .drop(let drop):
      if let index = Self.order.firstIndex(of: drop) { drops[index] += 1 }
    case .mirrored: mirrored += 1
    case .grafted: grafted += 1
    case .pulled: pulled += 1
    case .detached: detached += 1
    case .spared: spared += 1
    case .linkUp: linksUp += 1
    case .linkDown: linksDown += 1
    case .roamed: roamed += 1
    default: break
    }
  }

  mutating func add(_ other: NoteCounts) {
    for index in drops.indices { drops[index] += other.drops[index] }
    mirrored += other.mirrored
    grafted += other.grafted
    pulled += other.pulled
    detached += other.detached
    spared += other.spared
    linksUp += other.linksUp
    linksDown += other.linksDown
    roamed += other.roamed
  }

  /// Names and numbers of what happened at all.
  var named: [(name: String, count: Int)] {
    let others = [
      ("mirrored", mirrored), ("grafted", grafted), ("pulled", pulled), ("detached", detached),
      ("spared", spared),
      ("links up", linksUp), ("links down", linksDown), ("roamed", roamed),
    ]
    let dropped = zip(Self.order, drops).map { ("dropped: \($0.rawValue)", $1) }
    return (others + dropped).filter { $0.1 > 0 }.map { ($0.0, $0.1) }
  }
}
