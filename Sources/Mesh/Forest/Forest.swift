import OrderedCollections
import Wire

/// This node's place in its room's two trees: one parent in each, children in one (in both while it
/// is a root), and what it knows of others who could be parents.
struct Forest {
  /// The way frames of one tree reach us.
  struct Slot {
    let tree: Tree
    var parent: LinkID?
    /// From the stage to the parent, the parent included.
    var path: [UInt32] = []
    /// One way from the stage to the parent, in microseconds.
    var delay: UInt32 = 0
    var asking: Asking?
    var standbys: [LinkID] = []
    /// The parent is silent while the other tree is not: a standby feeds us beside it.
    var doubt: Doubt?
    var since = Instant(nanoseconds: 0)
    var movedAt = Instant(nanoseconds: 0)
    /// Since when the path has begun at nobody who is a root.
    var rootlessSince: Instant?
    /// A parent we moved away from, kept until the new one flows.
    var former: (link: LinkID, until: Instant)?

    /// When time alone brings something about.
    var due: Instant? {
      var due = asking?.until
      for moment in [former?.until, doubt?.renewAt] {
        if let moment { due = min(due ?? moment, moment) }
      }
      return due
    }

    /// When silence of all streams since `last` will make the parent doubtful, or the next standby
    /// be tried: ever more rarely, for the speaker may have nothing to say.
    func silenceDue(_ last: Instant, _ settings: ForestSettings) -> Instant? {
      guard parent != nil, asking == nil else { return nil }
      guard let doubt else { return max(last, since) + settings.silenceAfter }
      let tries = max(1, doubt.tries)
      let patience = min(tries, settings.triesMaximum)
      let pauses = patience * (patience + 1) / 2 + (tries - patience) * patience
      return max(last, doubt.since) + settings.retryAfter * pauses
    }
  }

  struct Asking {
    let link: LinkID
    let number: UInt32
    let until: Instant
  }

  struct Doubt {
    let since: Instant
    var mirror: LinkID?
    var renewAt: Instant
    /// Asked in turn while nothing at all arrived, since the last time all had been.
    var tried: [LinkID] = []
    var tries = 0
  }

  /// A node we feed in one tree.
  struct Child {
    let link: LinkID
    let session: SessionID
    let tag: RoomTag
    var number: UInt32
    var interior: Bool
    var uplink: UInt8
    /// Fed only until then; nil for a child that stays.
    var until: Instant?
  }

  /// What a neighbour offered, per tree.
  struct Candidate {
    var offers: [Offer?] = [nil, nil]
    var refusedUntil = [Instant(nanoseconds: 0), Instant(nanoseconds: 0)]
    /// As our parent it fell silent so many times in a row, per tree.
    var failures = [0, 0]
    var askedAt: Instant
  }

  var slots = [Slot(tree: .a), Slot(tree: .b)]
  var children: [[Child]] = [[], []]
  var candidates: OrderedDictionary<LinkID, Candidate> = [:]
  var nextNumber: UInt32 = 1
  var nextOptimise: Instant
  var nextExplore: Instant
  /// Looking for candidates in vain, so many times in a row, and when to look again.
  var searches = 0
  var nextSearch = Instant(nanoseconds: 0)
  /// When the oldest offer is asked for anew.
  var nextRefresh = Instant(nanoseconds: 0)
  /// When offers may be asked for anew because none of those known will do.
  var nextAppeal = Instant(nanoseconds: 0)
  /// Somebody spoke a second ago.
  var hadTalk = false
  var fellSilent: Instant?
  var thrift = Thrift()
  /// Own offers as last told to children, to tell changes only.
  var told: [[UInt32]] = [[], []]

  init(at now: Instant) {
    nextOptimise = now + .milliseconds(100)
    nextExplore = now + .seconds(2)
  }

  /// Nobody feeds us in some tree, and somebody should.
  var isHungry: Bool { slots.contains { $0.parent == nil && $0.tree != thrift.spared } }

  var parents: [LinkID] { slots.compactMap(\.parent) }

  var isParentless: Bool { slots.allSatisfy { $0.parent == nil } }

  func uses(_ link: LinkID) -> Bool {
    children.contains { $0.contains { $0.link == link } }
      || slots.contains {
        $0.parent == link || $0.standbys.contains(link) || $0.doubt?.mirror == link
          || $0.asking?.link == link || $0.former?.link == link
      }
  }

  /// Somebody who was asked to send us frames.
  func feeds(_ link: LinkID) -> Bool {
    slots.contains {
      $0.parent == link || $0.doubt?.mirror == link || $0.former?.link == link
        || $0.asking?.link == link
    }
  }

  func isChild(_ link: LinkID, _ tree: Tree) -> Bool {
    children[Int(tree.rawValue)].contains { $0.link == link && $0.until == nil }
  }

  func lasting(_ tree: Tree) -> Int {
    children[Int(tree.rawValue)].lazy.filter { $0.until == nil }.count
  }

  mutating func number() -> UInt32 {
    defer { nextNumber += 1 }
    return nextNumber
  }

  mutating func drop(_ link: LinkID) {
    for tree in 0..<2 { children[tree].removeAll { $0.link == link } }
    candidates.removeValue(forKey: link)
    for tree in 0..<2 {
      slots[tree].standbys.removeAll { $0 == link }
      if slots[tree].asking?.link == link { slots[tree].asking = nil }
      if slots[tree].doubt?.mirror == link { slots[tree].doubt?.mirror = nil }
      if slots[tree].former?.link == link { slots[tree].former = nil }
    }
  }
}
