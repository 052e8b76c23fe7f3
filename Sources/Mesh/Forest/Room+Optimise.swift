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
    leaveRootless(&ctx)
    guard !isRootNow else { return tellChildren(&ctx) }
    balanceColour(&ctx)
    linkAll(&ctx)
    findCandidates(&ctx)
    refreshOffers(&ctx)
    weighLine(&ctx)
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

  /// In a small room everybody is linked with everybody: what that costs is paid when people come,
  /// not while they speak.
  private func linkAll(_ ctx: inout Context) {
    guard isSmall(ctx.settings), links.count < roster.count - 1 else { return }
    let linked = OrderedSet(links.values.map(\.session))
    var strangers = roster.members.values.filter {
      $0.session != me.session && !linked.contains($0.session)
    }
    ctx.entropy.shuffle(&strangers)
    strangers.sort { obstacles($0) < obstacles($1) }
    for member in strangers.prefix(2) {
      reach(member.introduction.contact, for: .candidate, &ctx)
    }
  }

  func isSmall(_ settings: Settings) -> Bool { roster.count <= settings.forest.smallRoom }

  /// Opens links to all other roots; true when all are there.
  private func reachRoots(_ ctx: inout Context) -> Bool {
    var complete = true
    let roots = roster.onStage.filter { $0.isRoot && $0.session != me.session }
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
    roster.onStage.contains { $0.session != me.session && $0.isRoot && $0.isSpeaking }
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

  func rootsChanged(_ ctx: inout Context) {
    guard isMember else { return }
    if me.presence.flags.contains(.root) { _ = reachRoots(&ctx) }
    leaveRootless(&ctx)
  }

  /// A tree whose top is no root any more leads nowhere, unless those who stood there have found
  /// parents and say so.
  private func leaveRootless(_ ctx: inout Context) {
    guard !me.presence.flags.contains(.root) else { return }
    let roots = roster.onStage.filter(\.isRoot).map(\.node.short)
    for tree in Tree.allCases {
      let slot = forest.slots[Int(tree.rawValue)]
      guard let parent = slot.parent, let top = slot.path.first, !roots.contains(top) else {
        forest.slots[Int(tree.rawValue)].rootlessSince = nil
        continue
      }
      let since = slot.rootlessSince ?? ctx.now
      forest.slots[Int(tree.rawValue)].rootlessSince = since
      guard ctx.now >= since + ctx.settings.forest.rootless else { continue }
      release(parent, tree, &ctx)
      detach(tree, &ctx)
      seek(tree, &ctx)
    }
  }

  /// Childless relays of the commoner colour change over, by chance so that not all do at once.
  ///
  /// Where somebody can be fed by few, those few must have both colours, children or not.
  private func balanceColour(_ ctx: inout Context) {
    guard me.presence.flags.contains(.relays) else { return }
    let isApart = hasShifting
    let shelter = me.presence.flags.contains(.sheltered)
    var counts = [0, 0]
    for member in roster.members.values where member.relays && !member.isRoot {
      if isApart, member.presence.flags.contains(.sheltered) != shelter { continue }
      counts[Int(member.presence.colour.rawValue)] += 1
    }
    let mine = counts[Int(me.presence.colour.rawValue)]
    let other = counts[Int(me.presence.colour.other.rawValue)]
    let isWanted = isApart && !shelter && other == 0
    guard isWanted || forest.children.allSatisfy(\.isEmpty) else { return }
    guard mine > other + 1 + other / 4 else { return }
    guard ctx.entropy.below(UInt64(mine) * 2) < UInt64(mine - other) else { return }
    publish(&ctx) { $0.flags.formSymmetricDifference(.colourB) }
  }

  /// Asks members we have no offer of yet, while there are too few for a parent and its standbys,
  /// and now and then one more, for the better ones may have come later.
  private func findCandidates(_ ctx: inout Context) {
    // A way can only be shortened where frames show how long it is.
    let explores = forest.nextExplore <= ctx.now && talkers > 0
    if forest.nextExplore <= ctx.now {
      forest.nextExplore = ctx.now + ctx.settings.forest.explore
    }
    let lacking = Tree.allCases.filter { tree in
      guard tree != forest.thrift.spared else { return false }
      let usable = forest.candidates.keys.count { cost(of: $0, tree, strict: true, ctx) != nil }
      return usable <= ctx.settings.forest.standbys || isMuchSlower(tree, ctx)
    }
    let talkBegan = talkers > 0 && !forest.hadTalk
    forest.hadTalk = talkers > 0
    if lacking.isEmpty || forest.isHungry { forest.searches = 0 }
    if talkBegan {
      forest.nextSearch = min(forest.nextSearch, ctx.now)
      forest.searches = min(forest.searches, ctx.settings.forest.searchDoublings / 2)
    }
    let searches = !lacking.isEmpty && (forest.nextSearch <= ctx.now || forest.searches == 0)
    if searches {
      forest.nextSearch = ctx.now + ctx.settings.forest.search * (1 << forest.searches)
      forest.searches = min(forest.searches + 1, ctx.settings.forest.searchDoublings)
    }
    if searches, askNeighbours(&ctx) { return }
    for tree in Tree.allCases where searches && lacking.contains(tree) || explores {
      let wanted = searches ? (roots: 2, relays: 3) : (roots: 0, relays: 1)
      for contact in strangers(tree, wanted, &ctx) { reach(contact, for: .candidate, &ctx) }
    }
  }

  /// When the faster tree fails, its listeners wait for the other: by more than their players hold
  /// back, and there is a gap.
  private func isMuchSlower(_ tree: Tree, _ ctx: borrowing Context) -> Bool {
    guard talkers > 0, let mine = way(tree, ctx), let other = way(tree.other, ctx) else {
      return false
    }
    return mine > other + UInt32(ctx.settings.forest.skew.nanoseconds / 1_000)
  }

  /// From the stage to us in microseconds.
  func way(_ tree: Tree, _ ctx: borrowing Context) -> UInt32? {
    let slot = forest.slots[Int(tree.rawValue)]
    return slot.parent.map { slot.delay + hop($0, ctx) }
  }

  /// Those there is a link to anyway cost no handshake; true when one of them was not asked before.
  private func askNeighbours(_ ctx: inout Context) -> Bool {
    let unasked = links.keys.filter { forest.candidates[$0] == nil }
    for link in unasked { sendOnce(.offerWant, to: link, &ctx) { OfferWant().encoded(tag: $0) } }
    return !unasked.isEmpty
  }

  /// Contacts of members that might be parents in `tree` and of whom we have no offer.
  func strangers(
    _ tree: Tree, _ count: (roots: Int, relays: Int), _ ctx: inout Context
  ) -> [Contact] {
    var asked: OrderedSet<SessionID> = [me.session]
    for peer in links.values where forest.candidates[peer.link] != nil {
      asked.append(peer.session)
    }
    var roots: [(contact: Contact, uplink: UInt8)] = []
    var relays: [(contact: Contact, uplink: UInt8, obstacles: Int)] = []
    for member in roster.members.values where !asked.contains(member.session) {
      if member.isRoot {
        roots.append((member.introduction.contact, member.presence.uplink))
      } else if member.relays, member.presence.colour == tree {
        relays.append(
          (member.introduction.contact, member.presence.uplink, obstacles(member)))
      }
    }
    ctx.entropy.shuffle(&roots)
    ctx.entropy.shuffle(&relays)
    relays.sort { $0.obstacles < $1.obstacles }
    // Those with much to give are more likely to have room.
    let few = relays.prefix(2 * count.relays).sorted {
      ($0.obstacles, $1.uplink) < ($1.obstacles, $0.uplink)
    }
    return roots.prefix(count.roots).map(\.contact) + few.prefix(count.relays).map(\.contact)
  }

  /// One after the other, and more rarely while nobody speaks.
  private func refreshOffers(_ ctx: inout Context) {
    guard forest.nextRefresh <= ctx.now, !forest.candidates.isEmpty else { return }
    let pause = ctx.settings.forest.refreshOffers * (talkers > 0 ? 1 : 2)
    forest.nextRefresh = ctx.now + .nanoseconds(pause.nanoseconds / Int64(forest.candidates.count))
    let oldest = forest.candidates.min { ($0.value.askedAt, $0.key) < ($1.value.askedAt, $1.key) }
    if let link = oldest?.key { askForOffer(link, &ctx) }
  }

  /// Nobody known will do as a parent. What they said may be long past: that they are below us, or
  /// that there is no root.
  func appeal(_ ctx: inout Context) {
    guard forest.nextAppeal <= ctx.now, roster.onStage.contains(where: \.isRoot) else {
      return
    }
    let pause = ctx.settings.forest.appeal * (talkers > 0 ? 1 : 4)
    forest.nextAppeal = ctx.now + pause
    let old = forest.candidates.filter { $0.value.askedAt + pause <= ctx.now }
      .sorted { ($0.value.askedAt, $0.key) < ($1.value.askedAt, $1.key) }
    for (link, _) in old.prefix(ctx.settings.forest.appeals) { askForOffer(link, &ctx) }
  }

  private func askForOffer(_ link: LinkID, _ ctx: inout Context) {
    forest.candidates[link]?.askedAt = ctx.now
    sendOnce(.offerWant, to: link, &ctx) { OfferWant().encoded(tag: $0) }
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
