import Mesh
import Wire

/// What must never be, and the shape of the trees when the world looks at itself.
struct Checks {
  var forgedHeard = 0
  /// More than two seconds after the first.
  var forgedLate = 0
  var firstForgery: Int64?
  var probesAnswered = 0
  /// Datagrams sent while measured, by size.
  private var sizes: [Int: Int] = [:]

  mutating func sent(_ size: Int) { sizes[size, default: 0] += 1 }

  var otherSizesPermille: Double {
    let all = sizes.values.reduce(0, +)
    return all == 0 ? 0 : 1_000 * Double(all - (sizes.values.max() ?? 0)) / Double(all)
  }

  var stuckWakes = 0
  var refusals = 0
  /// Of the last look that was to be remembered.
  var shape = Shape()

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
    /// Honest nodes that gossip with nobody honest.
    var eclipsed = 0
    /// Hostile ones among the neighbours of the honest node that has most, in percent.
    var hostileNeighbours = 0.0
    /// Alive and honest, but not as all should be when nothing happens.
    var restless = 0
    /// Members without neighbours.
    var lonely: [Int] = []
    /// Relays above each needy node in the deeper tree.
    var depths: [Int] = []
    var rosters: [UInt64] = []
    var rosterSizes: [Int] = []
    /// By node: parents in both trees, for pictures.
    var parents: [[Int?]] = []
    var tops: [Bool] = []
    /// Those that do with one tree, for their line is too thin for both.
    var thrifty: Set<Int> = []
    /// By node.
    var rosterOf: [Int: UInt64] = [:]

    /// What most hold.
    var usualRoster: UInt64 {
      var counts: [UInt64: Int] = [:]
      for roster in rosters { counts[roster, default: 0] += 1 }
      return rosters.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? 0
    }
  }
}

extension World {
  func look(_ kind: Int) {
    switch kind {
    case 0:
      queue.plan(.look, at: now + lookPause, 0)
      watches.expire(at: now)
      for resident in residents where resident.isMember { examine(resident) }
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
    for resident in residents where resident.isMember && resident.isHonest {
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
    for resident in residents where resident.belongs {
      shape.wanted += 1
      guard let inside = resident.participant.inspect(room), inside.isMember else { continue }
      shape.members += 1
      if resident.isHonest { count(inside.neighbours, &shape) }
      if inside.active == 0 { shape.lonely.append(resident.index) }
      if resident.isHonest { shape.rosters.append(inside.rosterVersions) }
      shape.rosterOf[resident.index] = inside.rosterVersions
      shape.rosterSizes.append(inside.members)
      shape.tops[resident.index] = inside.isTop
      if inside.trees.contains(where: \.isSpared) { shape.thrifty.insert(resident.index) }
      for (tree, place) in inside.trees.enumerated() {
        shape.parents[resident.index][tree] = place.parent.flatMap {
          nodeByKey[$0.raw.high.high]
        }
      }
    }
    for resident in residents
    where resident.isMember && resident.isHonest && !shape.tops[resident.index] {
      judge(resident, &shape)
    }
    shape.restless = countRestless(shape)
    return shape
  }

  /// At rest everybody who is there is in, has a parent in both trees or stands at the top, and
  /// knows of the same members.
  func countRestless(_ shape: Checks.Shape) -> Int {
    let usual = shape.usualRoster
    let hasOthers = shape.members > 1
    return residents.filter { $0.belongs && $0.isHonest }.count { resident in
      let index = resident.index
      var reason: String?
      if !resident.isMember {
        reason = "is not in"
      } else if hasOthers, shape.lonely.contains(index) {
        reason = "gossips with nobody"
      } else if let roster = shape.rosterOf[index], roster != usual {
        reason = "has another roster than most: \(difference(of: index, shape, usual))"
      } else if !shape.tops[index], !shape.thrifty.contains(index),
        let tree = shape.parents[index].firstIndex(of: nil)
      {
        reason = "has no parent in tree \(tree == 0 ? "A" : "B")"
      }
      if let reason { trace.detail("node \(index) \(reason)", at: now) }
      return reason != nil
    }
  }

  /// Who is missing on a node's roster, and who is on it beyond, as most see it.
  private func difference(of node: Int, _ shape: Checks.Shape, _ usual: UInt64) -> String {
    guard let room, let model = residents.indices.first(where: { shape.rosterOf[$0] == usual })
    else {
      return "nobody"
    }
    let words = residents.compactMap { other -> String? in
      guard let session = other.session else { return nil }
      let (here, there) = (
        residents[node].participant.knows(session, in: room),
        residents[model].participant.knows(session, in: room)
      )
      return here == there ? nil : "\(here ? "has" : "lacks") \(other.index)"
    }
    return words.isEmpty ? "in versions" : words.joined(separator: ", ")
  }

  private func judge(_ resident: Resident, _ shape: inout Checks.Shape) {
    let parents = shape.parents[resident.index]
    let count = parents.count { $0 != nil }
    shape.needy += 1
    if count == 2 { shape.twoParents += 1 }
    if count == 0 { shape.noParent += 1 }
    for parent in parents.compactMap(\.self) where !residents[parent].isHonest {
      shape.hostileParents += 1
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

  private func count(_ neighbours: [NodeID], _ shape: inout Checks.Shape) {
    let known = neighbours.compactMap { nodeByKey[$0.raw.high.high] }
    let hostile = known.count { !residents[$0].isHonest }
    if !known.isEmpty, hostile == known.count { shape.eclipsed += 1 }
    let share = Double(hostile) * 100 / Double(max(1, known.count))
    shape.hostileNeighbours = max(shape.hostileNeighbours, share)
  }

  /// As many as a roster may hold.
  private var membersMost: Int {
    let settings = PresenceSettings()
    return settings.stageMaximum + (topology.tuning.companions ?? settings.companions)
  }

  // MARK: After every step

  /// One step of a participant is over.
  func check(_ resident: Resident) {
    guard checkEvery > 0 else { return }
    steps += 1
    if steps % checkEvery == 0 { examine(resident) }
  }

  /// Who was frozen finds much to end at once, and has not yet been woken.
  private static let thaw: Int64 = 1_000_000_000

  private func examine(_ resident: Resident) {
    guard checkEvery > 0, resident.isMember, resident.isHonest, let room,
      resident.frozenUntil + World.thaw <= now,
      let inside = resident.participant.inspect(room)
    else { return }
    let before = invariants.breaches.count
    invariants.examine(
      resident.index, inside, members: membersMost,
      at: now, clock: resident.instant(now)
    ) { nodeByKey[$0.raw.high.high] }
    for breach in invariants.breaches.dropFirst(before) { trace.note(breach.text, at: now) }
  }
}
