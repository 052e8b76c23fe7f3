import Keys
import OrderedCollections
import Wire

/// Members behind routers find each other through one who has links to both: each sends to the
/// other at the same time, and so lets in what the other sends.
extension Room {
  /// A member is being called: if it cannot hear that, others have to tell it.
  func planMeeting(_ node: NodeID, _ ctx: inout Context) {
    guard isMember, !links.isEmpty, ctx.links.isDialling(node) else { return }
    let member = roster.members.values.first { $0.node == node }
    if let member, obstacles(member) == Room.hopeless { return }
    let isDeaf = member?.presence.flags.contains(.sheltered) ?? false
    meetings.plan(node, due: isDeaf ? ctx.now : ctx.now + ctx.settings.meeting.patience)
  }

  /// How unlikely it is that a member and we get through to each other: two routers that show each
  /// peer another port never meet, and one needs luck with most of the others.
  func obstacles(_ member: Roster.Member) -> Int {
    let (mine, theirs) = (me.presence.flags, member.presence.flags)
    guard mine.contains(.sheltered), theirs.contains(.sheltered) else { return 0 }
    return (mine.contains(.shifting) ? 1 : 0) + (theirs.contains(.shifting) ? 1 : 0)
  }

  private static let hopeless = 2

  /// Somebody here meets almost nobody who cannot be called.
  var hasShifting: Bool {
    roster.members.values.contains { $0.presence.flags.contains(.shifting) }
  }

  func hasFewParents(_ session: SessionID) -> Bool {
    !me.presence.flags.contains(.sheltered)
      && roster[session]?.presence.flags.contains(.shifting) == true
  }

  /// What we are behind was found out: others than before are the right ones to look for.
  func shelterChanged(to flags: Presence.Flags, _ ctx: inout Context) {
    publish(&ctx) {
      $0.flags.subtract([.sheltered, .shifting])
      $0.flags.formUnion(flags)
    }
    forest.searches = 0
    forest.nextSearch = ctx.now
  }

  func tickMeetings(_ ctx: inout Context) {
    for node in meetings.due(at: ctx.now) {
      guard ctx.links.isDialling(node), let plea = meetings.pleas[node],
        plea.rounds < ctx.settings.meeting.rounds
      else {
        meetings.forget(node)
        continue
      }
      let asked = matchmakers(for: node, &ctx)
      guard !asked.isEmpty else {
        meetings.forget(node)
        continue
      }
      let ask = Meeting.ask(node, ctx.contact)
      for link in asked { send(.meeting, to: link, &ctx) { ask.encoded(tag: $0) } }
      ctx.links.insist(on: node, at: ctx.now)
      meetings.asked(asked, about: node, again: ctx.now + ctx.settings.meeting.patience)
    }
  }

  /// Neighbours not asked yet; those whom everybody can call have most links.
  private func matchmakers(for node: NodeID, _ ctx: inout Context) -> [LinkID] {
    var others = links.values.filter {
      $0.node != node && !meetings.hasAsked($0.link, about: node)
    }
    ctx.entropy.shuffle(&others)
    let open = others.filter { !isSheltered($0) }
    let closed = others.filter { isSheltered($0) }
    return (open + closed).prefix(ctx.settings.meeting.asked).map(\.link)
  }

  private func isSheltered(_ peer: RoomLink) -> Bool {
    roster[peer.session]?.presence.flags.contains(.sheltered) ?? true
  }

  // MARK: Receipt

  func received(_ meeting: Meeting, from link: LinkID, _ ctx: inout Context) {
    guard links[link]?.meetings.take(at: ctx.now) == true else { return ctx.drop(.rateLimited) }
    switch meeting {
    case .ask(let node, let contact): bringTogether(contact, node, from: link, &ctx)
    case .call(let contact): called(to: contact, from: link, &ctx)
    }
  }

  /// Each hears where we see the other: that is where a router lets something out.
  private func bringTogether(
    _ asker: Contact, _ node: NodeID, from link: LinkID, _ ctx: inout Context
  ) {
    guard asker.node == links[link]?.node else { return wasFutile(.badMeeting, from: link, &ctx) }
    guard node != asker.node, let other = ctx.links.link(to: node), let peer = links[other] else {
      return ctx.drop(.noMeeting)
    }
    let target = roster[peer.session]?.introduction.contact ?? Contact(node: node, endpoints: [])
    tell(other, of: seen(asker, on: link, ctx), &ctx)
    tell(link, of: seen(target, on: other, ctx), &ctx)
  }

  private func tell(_ link: LinkID, of contact: Contact, _ ctx: inout Context) {
    send(.meeting, to: link, &ctx) { Meeting.call(contact).encoded(tag: $0) }
  }

  private func seen(_ contact: Contact, on link: LinkID, _ ctx: borrowing Context) -> Contact {
    // A local socket in front of a tunnel means nothing elsewhere.
    guard let place = ctx.links.endpoint(of: link),
      !place.isLoopback || contact.endpoints.contains(where: \.isLoopback)
    else { return contact }
    return Contact(
      node: contact.node, token: contact.token, endpoints: contact.endpoints.led(by: place))
  }

  /// Somebody wants to be called, or the one we asked for does.
  ///
  /// It costs whoever lives at the named addresses a few datagrams that look like noise, so there
  /// are few: what one neighbour may cause is counted, and what all may.
  private func called(to contact: Contact, from link: LinkID, _ ctx: inout Context) {
    let isLocal = ctx.links.endpoint(of: link)?.isLoopback ?? false
    let places = contact.endpoints.filter { $0.isDiallable && (isLocal || !$0.isLoopback) }
    let found = Contact(node: contact.node, token: contact.token, endpoints: places)
    guard found.node != ctx.contact.node, !places.isEmpty else {
      return wasFutile(.badMeeting, from: link, &ctx)
    }
    guard ctx.links.link(to: found.node) == nil else { return }
    guard ctx.links.isDialling(found.node) || ctx.favours.take(at: ctx.now) else {
      return ctx.drop(.rateLimited)
    }
    if !ctx.links.greet(found, at: ctx.now, into: &ctx.effects) { ctx.drop(.noMeeting) }
  }
}
