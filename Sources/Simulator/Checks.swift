import Mesh
import Wire

/// What must never be, and the shape of the trees when the world looks at itself.
struct Checks {
  var forgedHeard = 0
  var probesAnswered = 0
  var stuckWakes = 0
  var refusals = 0
  var outOfBounds = 0
  /// Of the last look that was to be remembered.
  var shape = Shape()
  /// Loops at any look: a moment of one is no fault, a lasting one is.
  var loopsEver = 0

  /// The trees at one moment.
  struct Shape {
    var members = 0
    var wanted = 0
    /// Nodes that some frame had to reach by a parent.
    var needy = 0
    var twoParents = 0
    var noParent = 0
    var shared = 0
    var loops = 0
    var hostileParents = 0
    /// Relays above each needy node in the deeper tree.
    var depths: [Int] = []
    var rosters: [UInt64] = []
    var rosterSizes: [Int] = []
    /// By node: parents in both trees, for pictures.
    var parents: [[Int?]] = []
    var tops: [Bool] = []
  }
}

extension World {
  func look(_ kind: Int) {
    switch kind {
    case 0:
      queue.plan(.look, at: now + lookPause, 0)
      watches.expire(at: now)
      checks.loopsEver += lookAtShape().loops
    case 1:
      isMeasuring = now < topology.measureTo
      if !isMeasuring { checks.shape = lookAtShape() }
    default:
      guard watches.waitsForRosters else { return }
      if haveEqualRosters { watches.rostersEqual(at: now) }
      queue.plan(.look, at: now + 100_000_000, 2)
    }
  }

  /// Often in small worlds; a look at 5,000 nodes costs a tenth of a second.
  private var lookPause: Int64 { residents.count > 500 ? 5_000_000_000 : 500_000_000 }

  private var haveEqualRosters: Bool {
    guard let room else { return false }
    var first: UInt64?
    for resident in residents where resident.isMember {
      let hash = resident.participant.rosterVersions(in: room)
      if let first, first != hash { return false }
      first = hash
    }
    return true
  }

  func lookAtShape() -> Checks.Shape {
    var shape = Checks.Shape()
    guard let room else { return shape }
    shape.parents = Array(repeating: [nil, nil], count: residents.count)
    shape.tops = Array(repeating: false, count: residents.count)
    for resident in residents where resident.isAlive {
      shape.wanted += 1
      guard let inside = resident.participant.inspect(room), inside.isMember else { continue }
      shape.members += 1
      bound(inside, resident)
      shape.rosters.append(inside.rosterVersions)
      shape.rosterSizes.append(inside.members)
      shape.tops[resident.index] = inside.isTop
      for (tree, place) in inside.trees.enumerated() {
        shape.parents[resident.index][tree] = place.parent.flatMap {
          nodeByKey[$0.raw.high.high]
        }
      }
    }
    for resident in residents where resident.isMember && !shape.tops[resident.index] {
      judge(resident, &shape)
    }
    return shape
  }

  private func judge(_ resident: Resident, _ shape: inout Checks.Shape) {
    let parents = shape.parents[resident.index]
    let count = parents.count { $0 != nil }
    shape.needy += 1
    if count == 2 { shape.twoParents += 1 }
    if count == 0 { shape.noParent += 1 }
    if resident.isHonest {
      for parent in parents.compactMap(\.self) where !residents[parent].isHonest {
        shape.hostileParents += 1
      }
    }
    var above: [[Int]] = []
    for tree in 0..<2 {
      guard let relays = relays(above: resident.index, tree, shape) else {
        shape.loops += 1
        trace.detail("loop in tree \(tree) above node \(resident.index)", at: now)
        continue
      }
      above.append(relays)
    }
    guard above.count == 2, count == 2 else { return }
    if above[0].contains(where: above[1].contains) { shape.shared += 1 }
    shape.depths.append(max(above[0].count, above[1].count))
  }

  /// From the parent up to below the stage; nil when the way leads round.
  private func relays(above node: Int, _ tree: Int, _ shape: Checks.Shape) -> [Int]? {
    var way: [Int] = []
    var place = shape.parents[node][tree]
    while let parent = place, !shape.tops[parent] {
      guard way.count <= Limits.pathLength * 2, parent != node else { return nil }
      way.append(parent)
      place = shape.parents[parent][tree]
    }
    return way
  }

  /// Nothing may grow without end, whatever others say.
  private func bound(_ inside: Inspection, _ resident: Resident) {
    let isWithin =
      inside.active <= World.activeLimit && inside.passive <= 32 && inside.links <= 256
      && inside.streams <= 16 && inside.pending <= 64 && inside.candidates <= 256
      && inside.members <= topology.tuning.rosterMaximum ?? 4_096
    guard !isWithin else { return }
    checks.outOfBounds += 1
    trace.note("node \(resident.index) holds more than it may: \(inside.summary)", at: now)
  }

  /// `OverlaySettings.active`, and one on its way out.
  private static let activeLimit = 8
}

extension Inspection {
  var summary: String {
    """
    \(members) members, \(links) links, \(active) active, \(passive) passive, \(streams) streams, \
    \(candidates) candidates, \(pending) pending
    """
  }
}
