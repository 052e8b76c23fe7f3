import Keys
import OrderedCollections
import Wire

/// Once a second: find better parents, keep the colours balanced, stand down as root.
extension Room {
  func tickForest(_ ctx: inout Context) {
    tickRepair(&ctx)
    guard forest.nextOptimise <= ctx.now else { return }
    forest.nextOptimise = ctx.now + ctx.settings.forest.optimise
    for link in links.keys {
      links[link]?.pullTokens = 0
      links[link]?.answers = 0
    }
    trimChildren(&ctx)
    guard isMember else { return }
    meshRoots(&ctx)
    resign(&ctx)
    guard !isRootNow else { return tellChildren(&ctx) }
    balanceColour(&ctx)
    findCandidates(&ctx)
    refreshOffers(&ctx)
    for tree in [me.presence.colour, me.presence.colour.other] {
      let index = Int(tree.rawValue)
      if forest.slots[index].parent == nil {
        seek(tree, &ctx)
      } else {
        chooseStandbys(tree, &ctx)
        move(tree, &ctx)
      }
    }
  }

  /// Roots need links to those they feed directly. Once they all have them, a root needs no
  /// parents.
  private func meshRoots(_ ctx: inout Context) {
    guard me.presence.flags.contains(.root) else { return }
    guard reachRoots(&ctx), forest.fellSilent == nil || !hasOtherRoot else { return }
    for tree in Tree.allCases {
      guard let parent = forest.slots[Int(tree.rawValue)].parent else { continue }
      release(parent, tree, &ctx)
      forest.slots[Int(tree.rawValue)].doubt = nil
      detach(tree, &ctx)
    }
  }

  /// Opens links to all other roots; true when all are there.
  private func reachRoots(_ ctx: inout Context) -> Bool {
    var complete = true
    let roots = roster.members.values.lazy.filter { $0.isRoot && $0.session != self.me.session }
    for member in roots.prefix(ctx.settings.frames.streams) {
      guard links.values.contains(where: { $0.session == member.session }) else {
        complete = false
        reach(member.introduction.contact, for: .entry, &ctx)
        continue
      }
    }
    return complete
  }

  private var hasOtherRoot: Bool {
    roster.members.values.contains { $0.session != me.session && $0.isRoot && $0.isSpeaking }
  }

  /// A root that no longer speaks finds parents and then steps down, when somebody else speaks.
  private func resign(_ ctx: inout Context) {
    guard me.presence.flags.contains(.root), !me.presence.flags.contains(.speaking) else {
      forest.fellSilent = nil
      return
    }
    guard hasOtherRoot else { return }
    guard let since = forest.fellSilent else {
      forest.fellSilent = ctx.now
      return
    }
    guard ctx.now >= since + ctx.settings.forest.resignAfter else { return }
    findCandidates(&ctx)
    for tree in Tree.allCases { seek(tree, &ctx) }
    guard !forest.isHungry else { return }
    forest.fellSilent = nil
    publish(&ctx) { $0.flags.remove(.root) }
    tellChildren(&ctx)
  }

  /// A tree whose top is no root any more leads nowhere.
  func rootsChanged(_ ctx: inout Context) {
    guard isMember else { return }
    guard !me.presence.flags.contains(.root) else {
      _ = reachRoots(&ctx)
      return
    }
    let roots = roster.members.values.filter(\.isRoot).map(\.node.short)
    for tree in Tree.allCases {
      let slot = forest.slots[Int(tree.rawValue)]
      guard slot.parent != nil, let top = slot.path.first, !roots.contains(top) else { continue }
      detach(tree, &ctx)
      seek(tree, &ctx)
    }
  }

  /// Childless relays of the commoner colour change over, by chance so that not all do at once.
  private func balanceColour(_ ctx: inout Context) {
    guard me.presence.flags.contains(.relays), forest.children.allSatisfy(\.isEmpty) else { return }
    var counts = [0, 0]
    for member in roster.members.values where member.relays && !member.isRoot {
      counts[Int(member.presence.colour.rawValue)] += 1
    }
    let mine = counts[Int(me.presence.colour.rawValue)]
    let other = counts[Int(me.presence.colour.other.rawValue)]
    guard mine > other + 1 else { return }
    guard ctx.entropy.below(UInt64(mine) * 2) < UInt64(mine - other) else { return }
    publish(&ctx) { $0.flags.formSymmetricDifference(.colourB) }
  }

  /// Asks members we have no offer of yet, while there are too few for a parent and its standbys,
  /// and now and then one more, for the better ones may have come later.
  private func findCandidates(_ ctx: inout Context) {
    let explores = forest.nextExplore <= ctx.now
    if explores { forest.nextExplore = ctx.now + ctx.settings.forest.explore }
    for tree in Tree.allCases {
      let usable = forest.candidates.keys.count {
        cost(of: $0, tree, strict: true, ctx) != nil
      }
      let lacking = usable <= ctx.settings.forest.standbys
      guard lacking || explores else { continue }
      for contact in strangers(tree, lacking ? (roots: 2, relays: 3) : (roots: 0, relays: 1), &ctx)
      {
        reach(contact, for: .candidate, &ctx)
      }
    }
  }

  /// Contacts of members that might be parents in `tree` and of whom we have no offer.
  func strangers(
    _ tree: Tree, _ count: (roots: Int, relays: Int), _ ctx: inout Context
  ) -> [Contact] {
    var asked: OrderedSet<SessionID> = [me.session]
    for peer in links.values where forest.candidates[peer.link] != nil {
      asked.append(peer.session)
    }
    var roots: [Contact] = []
    var relays: [Contact] = []
    for member in roster.members.values where !asked.contains(member.session) {
      if member.isRoot {
        roots.append(member.introduction.contact)
      } else if member.relays, member.presence.colour == tree {
        relays.append(member.introduction.contact)
      }
    }
    ctx.entropy.shuffle(&roots)
    ctx.entropy.shuffle(&relays)
    return Array(roots.prefix(count.roots)) + relays.prefix(count.relays)
  }

  private func refreshOffers(_ ctx: inout Context) {
    // After a time without any root everybody's last word was that it has nothing to offer.
    let isStranded = forest.isParentless && roster.members.values.contains(where: \.isRoot)
    let pause = isStranded ? ctx.settings.forest.optimise : ctx.settings.forest.refreshOffers
    for (link, candidate) in forest.candidates where candidate.askedAt + pause <= ctx.now {
      forest.candidates[link]?.askedAt = ctx.now
      sendOnce(.offerWant, to: link, &ctx) { OfferWant().encoded(tag: $0) }
    }
  }

  /// To a clearly nearer parent, and only now and then; the old one feeds on until the new one
  /// does. A shared way to the stage is reason enough to leave it.
  private func move(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    let slot = forest.slots[index]
    guard let parent = slot.parent, slot.asking == nil, slot.doubt == nil,
      ctx.now >= slot.movedAt + ctx.settings.forest.moveAtMostEvery,
      let better = best(tree, strict: true, ctx, except: [parent]),
      let now = cost(of: parent, tree, strict: false, ctx),
      let then = cost(of: better, tree, strict: true, ctx)
    else { return }
    let shared = cost(of: parent, tree, strict: true, ctx) == nil
    let gain = UInt64(ctx.settings.forest.worthMoving.nanoseconds / 1_000)
    guard shared || then + max(gain, now / 10) < now else { return }
    forest.slots[index].movedAt = ctx.now
    ask(better, tree, &ctx)
  }
}
