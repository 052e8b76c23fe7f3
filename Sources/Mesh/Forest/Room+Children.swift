import OrderedCollections
import Wire

/// The trees from above: whom we feed.
extension Room {
  /// At the top: a root whose slots are empty because the other roots feed it directly.
  var isRootNow: Bool { me.presence.flags.contains(.root) && forest.isParentless }

  /// May carry children in `tree` for good.
  private func isInterior(_ tree: Tree) -> Bool {
    if me.presence.flags.contains(.root) { return true }
    return me.presence.flags.contains(.relays) && me.presence.colour == tree
  }

  /// Children that half the uplink can carry (Spec 5 §5), in each tree for a root.
  func capacity(_ ctx: borrowing Context) -> Int {
    let settings = ctx.settings.forest
    guard ctx.capacity.relays || me.presence.flags.contains(.root) else { return 0 }
    let planned = max(settings.talkersTimesTwo, 2 * talkers)
    let edges = ctx.capacity.uplink / settings.edgeRate / planned
    let limit =
      ctx.capacity.uplink >= settings.fastUplink
      ? settings.childrenMaximumFast : settings.childrenMaximum
    let total = min(max(edges, 0), limit)
    return isRootNow ? max(1, total / 2) : total
  }

  var talkers: Int {
    streams.count { $0.isOwn || roster[$0.session]?.isSpeaking == true }
  }

  /// Whether one more may be fed for a while: that may take the half of the uplink which lasting
  /// children leave free, but not more.
  private func canLend(_ ctx: borrowing Context) -> Bool {
    guard ctx.capacity.relays || me.presence.flags.contains(.root) else { return false }
    let edges = ctx.capacity.uplink / ctx.settings.forest.edgeRate / max(1, talkers)
    let fed = forest.children[0].count + forest.children[1].count
    return fed < min(edges, 2 * ctx.settings.forest.childrenMaximumFast)
  }

  private func hasRoom(_ tree: Tree, _ ctx: borrowing Context) -> Bool {
    isInterior(tree) && forest.lasting(tree) < capacity(ctx)
  }

  func offer(_ tree: Tree, _ ctx: borrowing Context) -> Offer {
    ctx.mischief.lied(honestOffer(tree, ctx))
  }

  private func honestOffer(_ tree: Tree, _ ctx: borrowing Context) -> Offer {
    let slot = forest.slots[Int(tree.rawValue)]
    let mine = ctx.contact.node.short
    // One that stands down is at the top of each tree until it has a parent there: the others feed
    // it as long as it says that it is a root.
    if me.presence.flags.contains(.root), slot.parent == nil {
      return Offer(tree: tree, open: hasRoom(tree, ctx), isRoot: true, delay: 0, path: [mine])
    }
    guard let parent = slot.parent, !slot.path.isEmpty, slot.path.count < Limits.pathLength else {
      return Offer(tree: tree, open: false, isRoot: false, delay: 0, path: [])
    }
    return Offer(
      tree: tree, open: hasRoom(tree, ctx), isRoot: false,
      delay: min(Limits.pathDelay, slot.delay + hop(parent, ctx)), path: slot.path + [mine])
  }

  /// One way over a link in microseconds, with a millisecond for the node itself.
  func hop(_ link: LinkID, _ ctx: borrowing Context) -> UInt32 {
    let rtt = ctx.roundTrip(of: link)?.nanoseconds ?? 100_000_000
    return UInt32(min(10_000_000, rtt / 2_000)) + 1_000
  }

  func receivedOfferWant(from link: LinkID, _ ctx: inout Context) {
    for tree in Tree.allCases {
      let offer = offer(tree, ctx)
      sendOnce(.offer, to: link, &ctx) { offer.encoded(tag: $0) }
    }
  }

  /// Children must know our path at once: it keeps loops out.
  func tellChildren(_ ctx: inout Context) {
    for tree in Tree.allCases {
      let index = Int(tree.rawValue)
      let offer = offer(tree, ctx)
      guard forest.told[index] != offer.path else { continue }
      forest.told[index] = offer.path
      for child in forest.children[index] {
        send(.offer, to: child.link, &ctx) { offer.encoded(tag: $0) }
      }
    }
  }

  func received(_ graft: Graft, from link: LinkID, _ ctx: inout Context) {
    let accepted = accept(graft, from: link, &ctx)
    let reply = GraftReply(tree: graft.tree, accepted: accepted, number: graft.number)
    send(.graftReply, to: link, &ctx) { reply.encoded(tag: $0) }
    guard accepted else { return }
    let offer = offer(graft.tree, ctx)
    send(.offer, to: link, &ctx) { offer.encoded(tag: $0) }
  }

  private func accept(_ graft: Graft, from link: LinkID, _ ctx: inout Context) -> Bool {
    guard let peer = links[link] else { return false }
    let index = Int(graft.tree.rawValue)
    let existing = forest.children[index].firstIndex { $0.link == link }
    if let existing {
      guard forest.children[index][existing].number <= graft.number else { return false }
      forest.children[index][existing].number = graft.number
      forest.children[index][existing].interior = graft.interior
      forest.children[index][existing].uplink = graft.uplink
    }
    let offered = offer(graft.tree, ctx)
    guard !offered.path.isEmpty, !offered.path.contains(peer.node.short) else { return false }
    if graft.mirror {
      guard isFed(link, graft.tree) || canLend(ctx) else { return false }
      feed(link, tree: graft.tree, until: ctx.now + ctx.settings.forest.mirror, graft.number)
      return true
    }
    if let existing, forest.children[index][existing].until == nil { return true }
    guard isInterior(graft.tree) else { return false }
    if forest.lasting(graft.tree) >= capacity(ctx) {
      guard preempt(for: graft, of: peer, &ctx) else { return false }
    }
    forest.children[index].removeAll { $0.link == link }
    forest.children[index].append(
      Forest.Child(
        link: link, session: peer.session, tag: peer.theirTag, number: graft.number,
        interior: graft.interior, uplink: graft.uplink, until: nil))
    return true
  }

  /// A newcomer that can carry children takes the place of the weakest leaf, which finds another
  /// parent below it: this keeps the trees flat.
  ///
  /// So does one that can have few parents, of one that can have others.
  private func preempt(
    for graft: Graft, of peer: RoomLink, _ ctx: inout Context
  ) -> Bool {
    let hasFew = hasFewParents(peer.session)
    guard graft.interior || hasFew else { return false }
    let index = Int(graft.tree.rawValue)
    let victim = forest.children[index].filter { child in
      child.until == nil && (hasFew || !child.interior)
        && !hasFewParents(child.session)
    }.min { ($0.interior ? 1 : 0, $0.uplink, $0.link) < ($1.interior ? 1 : 0, $1.uplink, $1.link) }
    guard let victim else { return false }
    dismiss(victim, graft.tree, &ctx)
    return true
  }

  private func dismiss(_ child: Forest.Child, _ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    // Still fed while it looks for another parent.
    if let position = forest.children[index].firstIndex(where: { $0.link == child.link }) {
      forest.children[index][position].until = ctx.now + ctx.settings.forest.mirror
    }
    let prune = Prune(tree: tree, fromParent: true, number: child.number)
    send(.prune, to: child.link, &ctx) { prune.encoded(tag: $0) }
  }

  /// Feeds a newcomer in both trees until it has found parents.
  func feed(_ link: LinkID, for duration: Duration, _ ctx: inout Context) {
    for tree in Tree.allCases where canLend(ctx) {
      feed(link, tree: tree, until: ctx.now + duration, 0)
    }
  }

  private func isFed(_ link: LinkID, _ tree: Tree) -> Bool {
    forest.children[Int(tree.rawValue)].contains { $0.link == link }
  }

  private func feed(_ link: LinkID, tree: Tree, until: Instant, _ number: UInt32) {
    guard let peer = links[link] else { return }
    let index = Int(tree.rawValue)
    if let position = forest.children[index].firstIndex(where: { $0.link == link }) {
      if let old = forest.children[index][position].until {
        forest.children[index][position].until = max(old, until)
      }
      return
    }
    forest.children[index].append(
      Forest.Child(
        link: link, session: peer.session, tag: peer.theirTag, number: number, interior: false,
        uplink: 0, until: until))
  }

  /// A child goes, or a parent dismisses us.
  func received(_ prune: Prune, from link: LinkID, _ ctx: inout Context) {
    let index = Int(prune.tree.rawValue)
    if prune.fromParent {
      guard forest.slots[index].parent == link else { return }
      forest.candidates[link]?.refusedUntil[index] = ctx.now + .seconds(10)
      detach(prune.tree, &ctx)
      return seek(prune.tree, &ctx)
    }
    forest.children[index].removeAll { $0.link == link && $0.number <= prune.number }
  }

  /// No longer able or willing to carry what we carry: give up the surplus.
  func trimChildren(_ ctx: inout Context) {
    for tree in Tree.allCases {
      let index = Int(tree.rawValue)
      forest.children[index].removeAll { child in child.until.map { $0 <= ctx.now } ?? false }
      var surplus = forest.lasting(tree) - (isInterior(tree) ? capacity(ctx) : 0)
      for child in forest.children[index].reversed() where surplus > 0 && child.until == nil {
        dismiss(child, tree, &ctx)
        surplus -= 1
      }
    }
  }
}
