import OrderedCollections
import Wire

/// What happens when a parent falls silent. Frames are the heartbeat: each tree shows what the other
/// should have brought. The one is in doubt after 120 ms (a standby feeds us beside it) and replaced
/// after 400 ms; until then the other tree's packets, which carry the missing frames too, hide it.
extension Room {
  /// A frame arrived at the head of a packet.
  func sawPrimary(_ counter: UInt32, of stream: Stream, from link: LinkID, _ ctx: inout Context) {
    let tree = Tree(counter: counter)
    let index = Int(tree.rawValue)
    pullMissingAttestation(of: stream, seen: counter, on: tree, &ctx)
    if forest.slots[index].parent == link, counter > stream.primary[index] {
      stream.primary[index] = counter
      if forest.slots[index].doubt != nil { recovered(tree, &ctx) }
    }
    compare(tree.other, of: stream, &ctx)
  }

  private func compare(_ tree: Tree, of stream: Stream, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    guard forest.slots[index].parent != nil, stream.highest > stream.primary[index] else { return }
    let behind = Int64(stream.highest - stream.primary[index])
    let frame = stream.duration.duration.nanoseconds
    let settings = ctx.settings.forest
    if behind >= max(10, settings.replaceAfter.nanoseconds / frame) {
      replace(tree, &ctx)
    } else if behind >= max(4, settings.doubtAfter.nanoseconds / frame) {
      doubt(tree, &ctx)
    }
  }

  private func doubt(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    guard forest.slots[index].doubt == nil else { return }
    forest.slots[index].doubt = Forest.Doubt(
      since: ctx.now, mirror: nil, renewAt: ctx.now + ctx.settings.forest.mirror)
    mirror(tree, &ctx)
  }

  private func mirror(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    if forest.slots[index].standbys.isEmpty { chooseStandbys(tree, &ctx) }
    guard let link = forest.slots[index].standbys.first else { return }
    forest.slots[index].doubt?.mirror = link
    let graft = Graft(
      tree: tree, mirror: true, interior: false, uplink: me.presence.uplink,
      number: forest.number())
    send(.graft, to: link, &ctx) { graft.encoded(tag: $0) }
    ctx.note(.mirrored)
  }

  private func recovered(_ tree: Tree, _ ctx: inout Context) {
    endDoubt(tree, keep: nil, &ctx)
  }

  func endDoubt(_ tree: Tree, keep: LinkID?, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    guard let doubt = forest.slots[index].doubt else { return }
    forest.slots[index].doubt = nil
    if let mirror = doubt.mirror, mirror != keep { release(mirror, tree, &ctx) }
  }

  /// The parent is given up: its mirror takes the place, or whoever is best.
  private func replace(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    guard let old = forest.slots[index].parent else { return }
    let mirror = forest.slots[index].doubt?.mirror
    release(old, tree, &ctx)
    forest.candidates[old]?.refusedUntil[index] = ctx.now + .seconds(5)
    detach(tree, &ctx)
    if let mirror, forest.slots[index].asking == nil {
      ask(mirror, tree, &ctx)
    } else {
      forest.slots[index].doubt = nil
      seek(tree, &ctx)
    }
  }

  /// Both parents silent, or nothing else arriving that could tell: the clock must.
  func tickRepair(_ ctx: inout Context) {
    for tree in Tree.allCases {
      let index = Int(tree.rawValue)
      if let asking = forest.slots[index].asking, asking.until <= ctx.now {
        forest.slots[index].asking = nil
        forest.candidates[asking.link]?.refusedUntil[index] = ctx.now + .seconds(2)
        if forest.slots[index].parent == nil { seek(tree, &ctx) }
      }
      if let former = forest.slots[index].former, former.until <= ctx.now {
        forest.slots[index].former = nil
        release(former.link, tree, &ctx)
      }
      if let doubt = forest.slots[index].doubt, doubt.renewAt <= ctx.now {
        forest.slots[index].doubt?.renewAt = ctx.now + ctx.settings.forest.mirror
        mirror(tree, &ctx)
      }
    }
    for stream in streams where isOverdue(stream, at: ctx.now, ctx.settings) {
      let silence = ctx.now - stream.lastArrival
      for tree in Tree.allCases {
        guard forest.slots[Int(tree.rawValue)].parent != nil else { continue }
        let fresh = forest.slots[Int(tree.rawValue)].doubt == nil
        doubt(tree, &ctx)
        if fresh, let link = forest.slots[Int(tree.rawValue)].doubt?.mirror {
          pull(stream, from: link, &ctx)
        }
        if silence >= ctx.settings.forest.replaceAfter { replace(tree, &ctx) }
      }
    }
  }

  /// When `tickRepair` has something to do.
  func repairDeadline(_ settings: Settings) -> Instant? {
    var earliest: Instant?
    func consider(_ instant: Instant?) {
      guard let instant else { return }
      earliest = earliest.map { min($0, instant) } ?? instant
    }
    for slot in forest.slots {
      consider(slot.asking?.until)
      consider(slot.former?.until)
      consider(slot.doubt?.renewAt)
    }
    guard !isRootNow else { return earliest }
    for stream in streams where !stream.isOwn && isExpected(stream) {
      let doubted = forest.slots.contains { $0.parent != nil && $0.doubt == nil }
      let waiting = forest.slots.contains { $0.parent != nil }
      if doubted {
        consider(stream.lastArrival + settings.forest.silenceAfter)
      } else if waiting {
        consider(stream.lastArrival + settings.forest.replaceAfter)
      }
    }
    return earliest
  }

  private func isExpected(_ stream: Stream) -> Bool {
    stream.highest > 0 && roster[stream.session]?.isSpeaking == true
  }

  private func isOverdue(_ stream: Stream, at now: Instant, _ settings: Settings) -> Bool {
    guard !stream.isOwn, isExpected(stream), !isRootNow else { return false }
    let silence = now - stream.lastArrival
    return silence >= settings.forest.silenceAfter && silence < settings.frames.quiet
  }
}
