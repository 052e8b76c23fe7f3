import OrderedCollections
import Wire

/// The trees from below: who feeds us, chosen by delay among those whose way from the stage shares
/// nothing with our other parent's.
extension Room {
  func received(_ offer: Offer, from link: LinkID, _ ctx: inout Context) {
    guard links[link] != nil else { return }
    let index = Int(offer.tree.rawValue)
    let isNew = forest.candidates[link]?.offers[index] == nil
    var candidate = forest.candidates[link] ?? Forest.Candidate(askedAt: ctx.now)
    candidate.offers[index] = offer
    forest.candidates[link] = candidate
    if forest.slots[index].parent == link {
      if offer.path.isEmpty || offer.path.contains(ctx.contact.node.short) {
        // The parent lost its own, or we would feed ourselves.
        release(link, offer.tree, &ctx)
        detach(offer.tree, &ctx)
      } else {
        forest.slots[index].path = offer.path
        forest.slots[index].delay = offer.delay
        tellChildren(&ctx)
      }
    }
    if forest.slots[index].parent == nil { seek(offer.tree, &ctx) }
    if isNew { met(link, offer.tree, &ctx) }
  }

  /// Asks the best candidate to be our parent. The tree of our own colour is served first, for
  /// there a place high up also shortens the way of those below us.
  func seek(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    guard !me.presence.flags.contains(.root) || forest.fellSilent != nil else { return }
    guard isMember, forest.slots[index].parent == nil, forest.slots[index].asking == nil,
      tree != forest.thrift.spared
    else { return }
    let mine = forest.slots[Int(me.presence.colour.rawValue)]
    if tree != me.presence.colour, mine.parent == nil, mine.asking == nil,
      best(me.presence.colour, strict: true, ctx) != nil
    {
      seek(me.presence.colour, &ctx)
    }
    guard let link = best(tree, strict: true, ctx) ?? best(tree, strict: false, ctx) else {
      return appeal(&ctx)
    }
    ask(link, tree, &ctx)
  }

  func ask(_ link: LinkID, _ tree: Tree, _ ctx: inout Context) {
    let number = forest.number()
    let graft = Graft(
      tree: tree, mirror: false,
      interior: me.presence.flags.contains(.relays) && me.presence.colour == tree,
      uplink: me.presence.uplink, number: number)
    send(.graft, to: link, &ctx) { graft.encoded(tag: $0) }
    let rtt = ctx.roundTrip(of: link) ?? .milliseconds(100)
    let patience = max(ctx.settings.forest.answer, rtt * 3)
    forest.slots[Int(tree.rawValue)].asking = Forest.Asking(
      link: link, number: number, until: ctx.now + patience)
  }

  func received(_ reply: GraftReply, from link: LinkID, _ ctx: inout Context) {
    let index = Int(reply.tree.rawValue)
    guard let asking = forest.slots[index].asking, asking.link == link,
      asking.number == reply.number
    else {
      // It took us after we had given it up.
      if reply.accepted, !forest.feeds(link) { release(link, reply.tree, &ctx) }
      return
    }
    forest.slots[index].asking = nil
    guard reply.accepted else {
      forest.candidates[link]?.refusedUntil[index] = ctx.now + .seconds(2)
      return seek(reply.tree, &ctx)
    }
    attach(link, reply.tree, &ctx)
  }

  private func attach(_ link: LinkID, _ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    let offer = forest.candidates[link]?.offers[index]
    if let old = forest.slots[index].parent, old != link {
      forest.slots[index].former = (old, ctx.now + .milliseconds(200))
    }
    forest.slots[index].parent = link
    forest.slots[index].path = offer?.path ?? []
    forest.slots[index].delay = offer?.delay ?? 0
    forest.slots[index].since = ctx.now
    forest.slots[index].movedAt = ctx.now
    endDoubt(tree, keep: link, &ctx)
    for stream in streams { stream.primary[index] = stream.highest + 3 }
    ctx.links.watch(link, true, at: ctx.now)
    wantSecondWay(to: link, &ctx)
    // What went down the tree while we were not on it.
    compareOperations(with: link, &ctx)
    ctx.note(.grafted)
    chooseStandbys(tree, &ctx)
    tellChildren(&ctx)
    seek(tree.other, &ctx)
  }

  /// A way that does not share the fate of datagrams, ready before it is needed.
  func wantSecondWay(to link: LinkID, _ ctx: inout Context) {
    guard let peer = links[link], !ctx.links.hasTunnel(link) else { return }
    // A session that joined on this link speaks for the node at its end, not for other nodes.
    let told = roster[peer.session]?.introduction.contact
    guard
      let address = told?.node == peer.node
        ? told?.tunnel : ctx.links.contact(of: link)?.tunnel
    else { return }
    ctx.links.wantTunnel(address, to: peer.node, into: &ctx.effects)
  }

  /// A second way that ended is opened again, as often as whoever opens it finds well.
  func keepSecondWays(_ ctx: inout Context) {
    for slot in forest.slots {
      if let parent = slot.parent { wantSecondWay(to: parent, &ctx) }
    }
  }

  /// Forgets the parent without a word to it.
  func detach(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    if let parent = forest.slots[index].parent { expectFrames(from: parent, &ctx) }
    forest.slots[index].parent = nil
    forest.slots[index].path = []
    forest.searches = 0
    ctx.note(.detached)
    tellChildren(&ctx)
  }

  func release(_ link: LinkID, _ tree: Tree, _ ctx: inout Context) {
    let prune = Prune(tree: tree, fromParent: false, number: forest.number())
    send(.prune, to: link, &ctx) { prune.encoded(tag: $0) }
  }

  /// What a neighbour sent before it heard otherwise is still welcome.
  func expectFrames(from link: LinkID, _ ctx: inout Context) {
    links[link]?.feedsUntil = ctx.now + ctx.settings.forest.mirror
  }

  /// A link of the room is gone.
  func lostEdge(_ link: LinkID, _ ctx: inout Context) {
    forest.drop(link)
    for tree in Tree.allCases where forest.slots[Int(tree.rawValue)].parent == link {
      detach(tree, &ctx)
      seek(tree, &ctx)
    }
  }

  /// It delivered what its speaker never said.
  func shun(_ link: LinkID, _ ctx: inout Context) {
    links[link]?.shunnedUntil = ctx.now + ctx.settings.forest.shun
    links[link]?.offence = nil
    for tree in Tree.allCases where forest.slots[Int(tree.rawValue)].parent == link {
      release(link, tree, &ctx)
      detach(tree, &ctx)
      seek(tree, &ctx)
    }
  }

  // MARK: Choosing

  /// The cheapest acceptable candidate. Not strict: also one whose path meets our other one, for a
  /// copy by the same way is better than none.
  func best(
    _ tree: Tree, strict: Bool, _ ctx: borrowing Context, except: [LinkID] = []
  ) -> LinkID? {
    var choice: (cost: UInt64, link: LinkID)?
    for link in forest.candidates.keys where !except.contains(link) {
      guard let cost = cost(of: link, tree, strict: strict, ctx) else { continue }
      if let current = choice, (current.cost, current.link) <= (cost, link) { continue }
      choice = (cost, link)
    }
    return choice?.link
  }

  /// Delay from the stage by way of a candidate in microseconds; nil when it will not do.
  func cost(
    of link: LinkID, _ tree: Tree, strict: Bool, _ ctx: borrowing Context
  ) -> UInt64? {
    let index = Int(tree.rawValue)
    guard let peer = links[link], let candidate = forest.candidates[link],
      let offer = candidate.offers[index], !offer.path.isEmpty,
      offer.path.count < Limits.pathLength, candidate.refusedUntil[index] <= ctx.now,
      (peer.shunnedUntil ?? ctx.now) <= ctx.now, !forest.isChild(link, tree),
      !offer.path.contains(ctx.contact.node.short)
    else { return nil }
    let takesMe = offer.open || forest.slots[index].parent == link
    let interior = me.presence.flags.contains(.relays) && me.presence.colour == tree
    // A full parent may still give us a leaf's place.
    guard takesMe || interior || me.presence.flags.contains(.shifting) else { return nil }
    if strict {
      let other = forest.slots[1 - index]
      if let parent = other.parent ?? other.asking?.link, parent == link { return nil }
      let relays = offer.path.dropFirst()
      guard !relays.contains(where: other.path.dropFirst().contains) else { return nil }
    }
    var cost = UInt64(offer.delay) + UInt64(hop(link, ctx))
    if !takesMe { cost += 10_000 }
    cost += distrust(candidate, index, ctx)
    if let offence = peer.offence, ctx.now < offence.at + ctx.settings.forest.shun {
      cost += 1_000_000
    }
    // Another root at the top than the other tree's, where there is one: roots die too.
    if offer.path.first == forest.slots[1 - index].path.first { cost += 15_000 }
    // Places at the top are for those who can hand on.
    if offer.isRoot, !interior { cost += 15_000 }
    return cost
  }

  /// Who fell silent as our parent is no better than one that is so much slower.
  private func distrust(
    _ candidate: Forest.Candidate, _ index: Int, _ ctx: borrowing Context
  ) -> UInt64 {
    let settings = ctx.settings.forest
    guard ctx.now < candidate.refusedUntil[index] + settings.distrustMemory else { return 0 }
    return UInt64(candidate.failures[index]) * UInt64(settings.distrustCost.nanoseconds / 1_000)
  }

  func chooseStandbys(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    var chosen: [LinkID] = []
    let parent = forest.slots[index].parent
    while chosen.count < ctx.settings.forest.standbys {
      let taken = chosen + (parent.map { [$0] } ?? [])
      guard
        let link = best(tree, strict: true, ctx, except: taken)
          ?? best(tree, strict: false, ctx, except: taken)
      else { break }
      chosen.append(link)
    }
    for link in chosen { ctx.links.watch(link, true, at: ctx.now) }
    forest.slots[index].standbys = chosen
  }
}
