import OrderedCollections
import Wire

/// What happens when a parent falls silent. Frames are the heartbeat: each tree shows what the
/// other should have brought. The one is in doubt after 120 ms (a standby feeds us beside it) and
/// replaced after 400 ms; until then the other tree's packets, which carry the missing frames too,
/// hide it.
extension Room {
  /// A frame arrived at the head of a packet.
  func sawPrimary(_ counter: UInt32, of stream: Stream, from link: LinkID, _ ctx: inout Context) {
    let tree = Tree(counter: counter)
    let index = Int(tree.rawValue)
    pullMissingAttestation(of: stream, seen: counter, on: tree, &ctx)
    if forest.slots[index].parent == link, counter > stream.primary[index] {
      stream.primary[index] = counter
      forest.thrift.arrived[index] += 1
      if forest.slots[index].doubt != nil { recovered(tree, &ctx) }
    }
    declineSurplus(tree, from: link, &ctx)
    compare(tree.other, of: stream, &ctx)
  }

  /// Somebody feeds us who is no parent, mirror or on the way to be one: an answer that came too
  /// late, or the first feed of a newcomer that has parents by now. Said once a second until it
  /// ends.
  private func declineSurplus(_ tree: Tree, from link: LinkID, _ ctx: inout Context) {
    let slot = forest.slots[Int(tree.rawValue)]
    guard let parent = slot.parent, parent != link, slot.doubt?.mirror != link,
      slot.former?.link != link, slot.asking?.link != link,
      ctx.now >= slot.since + .seconds(1), !me.presence.flags.contains(.root)
    else { return }
    decline(tree, link, &ctx)
  }

  func decline(_ tree: Tree, _ link: LinkID, _ ctx: inout Context) {
    guard ctx.now >= links[link]?.declinedUntil ?? ctx.now else { return }
    links[link]?.declinedUntil = ctx.now + .seconds(1)
    release(link, tree, &ctx)
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
    beginDoubt(index, &ctx)
    mirror(tree, &ctx)
  }

  private func beginDoubt(_ index: Int, _ ctx: inout Context) {
    if let parent = forest.slots[index].parent {
      ctx.links.doubt(parent, at: ctx.now, into: &ctx.effects)
      wantSecondWay(to: parent, &ctx)
    }
    forest.slots[index].doubt = Forest.Doubt(
      since: ctx.now, mirror: nil, renewAt: ctx.now + ctx.settings.forest.mirror)
  }

  private func mirror(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    if forest.slots[index].standbys.isEmpty { chooseStandbys(tree, &ctx) }
    guard let link = forest.slots[index].standbys.first else { return }
    mirror(tree, by: link, &ctx)
  }

  private func mirror(_ tree: Tree, by link: LinkID, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
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
    if let mirror = doubt.mirror, mirror != keep {
      expectFrames(from: mirror, &ctx)
      release(mirror, tree, &ctx)
    }
  }

  /// The parent is given up: its mirror takes the place, or whoever is best.
  private func replace(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    guard let old = forest.slots[index].parent else { return }
    let mirror = forest.slots[index].doubt?.mirror
    release(old, tree, &ctx)
    failed(old, tree, &ctx)
    detach(tree, &ctx)
    if let mirror, forest.slots[index].asking == nil {
      ask(mirror, tree, &ctx)
    } else {
      forest.slots[index].doubt = nil
      seek(tree, &ctx)
    }
  }

  /// Passed over for the longer the more often it took us and fed nothing.
  private func failed(_ parent: LinkID, _ tree: Tree, _ ctx: inout Context) {
    let (index, settings) = (Int(tree.rawValue), ctx.settings.forest)
    let failures = forest.candidates[parent]?.failures[index] ?? 0
    let served = ctx.now >= forest.slots[index].since + settings.provenParent
    let count = served ? 0 : failures
    forest.candidates[parent]?.failures[index] = min(count + 1, settings.distrustDoublings)
    forest.candidates[parent]?.refusedUntil[index] = ctx.now + settings.distrust * (1 << count)
  }

  /// Nothing arrives that could tell which parent is silent: the clock must. Standbys are tried in
  /// turn and asked for what should have come since. Whichever brings something shows that the
  /// parents are at fault; as long as none does, the speaker may just have paused.
  func tickRepair(_ ctx: inout Context) {
    for tree in Tree.allCases { runTimers(tree, &ctx) }
    for tree in Tree.allCases {
      let slot = forest.slots[Int(tree.rawValue)]
      guard let last = lastExpectedArrival, let due = slot.silenceDue(last, ctx.settings.forest),
        due <= ctx.now
      else { continue }
      let index = Int(tree.rawValue)
      if forest.slots[index].doubt == nil {
        beginDoubt(index, &ctx)
      } else if let parent = forest.slots[index].parent {
        ctx.links.doubt(parent, at: ctx.now, into: &ctx.effects)
      }
      tryNext(tree, &ctx)
    }
  }

  /// Asks one more candidate for what is missing, the least entangled with our silent branches
  /// first; when all were asked, meets others.
  private func tryNext(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    forest.slots[index].doubt?.tries += 1
    guard let doubt = forest.slots[index].doubt else { return }
    let suspects = OrderedSet(forest.slots.flatMap(\.path)).subtracting(speakingNodes)
    var choice: (entangled: Int, cost: UInt64, link: LinkID)?
    for (link, candidate) in forest.candidates
    where !doubt.tried.contains(link) && !forest.slots.contains(where: { $0.parent == link }) {
      guard let cost = cost(of: link, tree, strict: false, ctx) else { continue }
      let path = candidate.offers[index]?.path ?? []
      let entangled = path.count { suspects.contains($0) }
      if let best = choice, (best.entangled, best.cost, best.link) <= (entangled, cost, link) {
        continue
      }
      choice = (entangled, cost, link)
    }
    guard let choice else {
      forest.slots[index].doubt?.tried = []
      return lookFurther(tree, &ctx)
    }
    ask(choice.link, tree, insteadOf: doubt.mirror, &ctx)
  }

  private func ask(_ link: LinkID, _ tree: Tree, insteadOf old: LinkID?, _ ctx: inout Context) {
    forest.slots[Int(tree.rawValue)].doubt?.tried.append(link)
    if let old, old != link { release(old, tree, &ctx) }
    mirror(tree, by: link, &ctx)
    for stream in streams where isExpected(stream) { pull(stream, from: link, &ctx) }
  }

  /// Somebody new made an offer while nothing at all arrives: no need to wait for the next try.
  func met(_ link: LinkID, _ tree: Tree, _ ctx: inout Context) {
    guard let doubt = forest.slots[Int(tree.rawValue)].doubt, doubt.tries > 1,
      cost(of: link, tree, strict: false, ctx) != nil, !doubt.tried.contains(link),
      let last = lastExpectedArrival, ctx.now >= last + ctx.settings.forest.silenceAfter
    else { return }
    ask(link, tree, insteadOf: doubt.mirror, &ctx)
  }

  private var speakingNodes: [UInt32] {
    roster.onStage.filter(\.isSpeaking).map(\.node.short)
  }

  private var lastExpectedArrival: Instant? {
    streams.lazy.filter { self.isExpected($0) }.map(\.expectedSince).max()
  }

  /// All we know hang on the same silent branch, or the speaker has paused: meet others.
  private func lookFurther(_ tree: Tree, _ ctx: inout Context) {
    for link in forest.candidates.keys {
      sendOnce(.offerWant, to: link, &ctx) { OfferWant().encoded(tag: $0) }
    }
    for contact in strangers(tree, (roots: 1, relays: 1), &ctx) {
      reach(contact, for: .candidate, &ctx)
    }
  }

  private func runTimers(_ tree: Tree, _ ctx: inout Context) {
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
    guard let doubt = forest.slots[index].doubt, doubt.renewAt <= ctx.now else { return }
    if forest.slots[index].parent == nil, forest.slots[index].asking == nil {
      forest.slots[index].doubt = nil
    } else {
      forest.slots[index].doubt?.renewAt = ctx.now + ctx.settings.forest.mirror
      mirror(tree, &ctx)
    }
  }

  /// When `tickRepair` has something to do.
  func repairDeadline(_ settings: Settings) -> Instant? {
    var due: Instant?
    func consider(_ moment: Instant?) {
      if let moment { due = min(due ?? moment, moment) }
    }
    let last = lastExpectedArrival
    for index in forest.slots.indices {
      consider(forest.slots[index].due)
      if let last { consider(forest.slots[index].silenceDue(last, settings.forest)) }
    }
    return due
  }

  private func isExpected(_ stream: Stream) -> Bool {
    !stream.isOwn && roster[stream.session]?.isSpeaking == true
  }
}
