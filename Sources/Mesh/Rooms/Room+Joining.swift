import Keys
import OrderedCollections
import Wire

/// Coming in: both ends of a link prove to each other that they are in the room.
///
/// JOIN on the wire is `mark 16 | nonce 24 | box`. The mark tells a member which of its rooms is
/// meant; both mark and box are bound to the link's transcript, so nothing can be carried
/// elsewhere.
extension Room {
  /// Opens a link to a member, or uses the one there is, and then acts for `purpose`.
  func reach(_ contact: Contact, for purpose: Reach.Purpose, _ ctx: inout Context) {
    guard contact.node != ctx.contact.node else { return }
    if let link = ctx.links.link(to: contact.node) {
      if links[link] != nil { return act(purpose, on: link, &ctx) }
      remember(contact.node, purpose, &ctx)
      sendJoin(on: link, &ctx)
    } else {
      remember(contact.node, purpose, &ctx)
      ctx.links.dial(contact, at: ctx.now, into: &ctx.effects)
      planMeeting(contact.node, &ctx)
    }
  }

  private func remember(_ node: NodeID, _ purpose: Reach.Purpose, _ ctx: inout Context) {
    let before = reaching[node]?.purpose ?? []
    reaching[node] = Reach(
      purpose: before.union(purpose), until: ctx.now + ctx.settings.joinTimeout)
  }

  func linkUp(_ link: LinkID, node: NodeID, _ ctx: inout Context) {
    guard reaching[node] != nil else { return }
    sendJoin(on: link, &ctx)
  }

  func linkDown(_ link: LinkID, node: NodeID, _ ctx: inout Context) {
    joinsSent.removeValue(forKey: link)
    early.removeValue(forKey: link)
    linkKeys.removeValue(forKey: link)
    checks.removeValue(forKey: link)
    guests.removeValue(forKey: link)
    unpaid.remove(link)
    overlay.lost(link, node: node, at: ctx.now)
    guard links.removeValue(forKey: link) != nil else { return }
    lostEdge(link, &ctx)
  }

  func dialFailed(_ node: NodeID, _ ctx: inout Context) {
    reaching.removeValue(forKey: node)
    overlay.failed(node)
    giveUpIfAlone(&ctx)
  }

  /// Members know each other by the room's first invite; who comes in, by its own link.
  func key(on link: LinkID) -> Bytes32 {
    linkKeys[link] ?? charter.map { Room.key(id, $0.invite) } ?? entryKey
  }

  /// The mark of a JOIN sent by the end with `initiator` on the link with this transcript.
  func mark(_ key: Bytes32, _ transcript: Bytes64, initiator: Bool) -> Bytes16 {
    KDF.derive16(key, "VR1-tag", transcript.array + [initiator ? 0 : 1])
  }

  /// Whether the mark is one of this room's, by any invite that stands; notes by which.
  func recognises(
    _ mark: Bytes16, on link: LinkID, _ transcript: Bytes64, initiator: Bool
  ) -> Bool {
    let usual = key(on: link)
    if Digest.equal(self.mark(usual, transcript, initiator: initiator), mark) { return true }
    let others = [nil] + (standing?.invites.keys.map { Optional($0) } ?? [])
    for invite in others {
      let key = Room.key(id, invite)
      guard Digest.equal(self.mark(key, transcript, initiator: initiator), mark) else { continue }
      linkKeys[link] = key
      return true
    }
    return false
  }

  /// - Parameter isAnswer: to somebody who may not know yet what the room is.
  func sendJoin(on link: LinkID, isAnswer: Bool = false, _ ctx: inout Context) {
    guard joinsSent[link] == nil, let transcript = ctx.links.transcript(of: link) else { return }
    joinsSent[link] = ctx.now
    let initiator = ctx.links.isInitiator(of: link) ?? true
    // Members have these.
    let isNews = isAnswer || !isMember
    let join = Join(
      tag: tag, hungry: forest.isHungry && !isRootNow, genesis: isNews ? charter?.genesis : nil,
      operation: isNews ? charter?.operation : nil, certificate: me.certificate,
      admission: me.admission, stamp: stamp,
      signature: me.sign("VR1-join", joinBody(transcript, initiator: initiator)))
    let nonce = Nonce24(random: &ctx.entropy)
    let seal = KDF.derive(key(on: link), "VR1-join-key", transcript.array + [initiator ? 0 : 1])
    let box = Box.seal(key: seal, nonce: nonce, associated: [], join.encoded)
    let mark = mark(key(on: link), transcript, initiator: initiator)
    ctx.send(.join, mark.array + nonce.array + box, on: link)
    ctx.planHybrid(link)
  }

  private func joinBody(_ transcript: Bytes64, initiator: Bool) -> [UInt8] {
    transcript.array + [initiator ? 0 : 1] + id.raw.array
  }

  /// A JOIN whose mark is ours. `sealed` is nonce and box.
  func receivedJoin(_ sealed: [UInt8], from link: LinkID, _ ctx: inout Context) {
    guard let transcript = ctx.links.transcript(of: link), let node = ctx.links.node(of: link),
      sealed.count > Nonce24.count, let nonce = Nonce24(Array(sealed.prefix(Nonce24.count)))
    else { return ctx.drop(.badJoin) }
    let theirs = ctx.links.isInitiator(of: link) == false
    let seal = KDF.derive(key(on: link), "VR1-join-key", transcript.array + [theirs ? 0 : 1])
    let box = Array(sealed.dropFirst(Nonce24.count))
    guard let opened = Box.open(key: seal, nonce: nonce, associated: [], box),
      let join = try? Join(opened.span)
    else { return ctx.drop(.badJoin) }
    guard adoptCharter(join, &ctx), let charter else { return }
    if let objection = charter.objection(
      to: join.certificate, at: ctx.now, skew: ctx.settings.clockSkew)
    {
      if join.certificate.issued > (ctx.now + ctx.settings.clockSkew).milliseconds,
        case .joining = phase
      {
        refusal = .clockWrong
      }
      ctx.drop(objection)
      return refuse(link, objection, &ctx)
    }
    guard
      Signatures.verify(
        join.signature, by: join.certificate.session, "VR1-join",
        joinBody(transcript, initiator: theirs))
    else { return ctx.drop(.badJoin) }
    consider(join, link: link, node: node, &ctx)
  }

  /// While joining, the first answer that carries the right genesis tells what the room is.
  private func adoptCharter(_ join: Join, _ ctx: inout Context) -> Bool {
    if charter != nil { return true }
    guard let genesis = join.genesis, Charter.id(of: genesis.unsigned) == id,
      let candidate = Charter(genesis: genesis, operation: join.operation)
    else {
      ctx.drop(.badJoin)
      return false
    }
    guard genesis.expiry > ctx.now.milliseconds else {
      refusal = .roomExpired
      return false
    }
    adopt(candidate, &ctx)
    return true
  }

  func welcome(_ join: Join, link: LinkID, node: NodeID, _ ctx: inout Context) {
    let session = Charter.session(join.certificate.session, in: id)
    guard session != me.session else { return ctx.drop(.badJoin) }
    if let known = links[link] {
      guard known.session != session else { return ctx.drop(.duplicateMessage) }
      // It left and came again, and this overtook its farewell.
      removeNeighbour(link, &ctx)
    }
    links[link] = RoomLink(
      link: link, node: node, session: session, person: join.certificate.persona,
      invite: join.admission?.invite, theirTag: join.tag, since: ctx.now,
      futile: Allowance(
        every: ctx.settings.entry.futilePause, burst: ctx.settings.entry.futileOperations),
      meetings: Allowance(
        every: ctx.settings.meeting.pauseOfLink, burst: ctx.settings.meeting.ofLink))
    if joinsSent[link] == nil { sendJoin(on: link, isAnswer: true, &ctx) }
    if forest.isHungry && !isRootNow {
      links[link]?.feedsUntil = ctx.now + ctx.settings.forest.firstFeed + .seconds(1)
    }
    let wasJoining = !isMember
    if wasJoining { becomeMember(&ctx) }
    let isKnown = roster[session] != nil || roster.isCrowd
    introduce(to: link, isNews: wasJoining || join.hungry || !isKnown, &ctx)
    tellOperations(to: link, isJoining: !isKnown, &ctx)
    if roster[session] == nil {
      tellHands(to: link, &ctx)
      tellPerjuries(to: link, &ctx)
    }
    announceKeys(to: link, &ctx)
    if join.hungry { feed(link, for: ctx.settings.forest.firstFeed, &ctx) }
    if wasJoining { act([.neighbour, .alone], on: link, &ctx) }
    if let reach = reaching.removeValue(forKey: node) { act(reach.purpose, on: link, &ctx) }
    receiveEarly(from: link, &ctx)
    beginWishedCheck(on: link, &ctx)
    if forest.isHungry { send(.offerWant, to: link, &ctx) { OfferWant().encoded(tag: $0) } }
  }

  private func becomeMember(_ ctx: inout Context) {
    phase = .member
    memberSince = ctx.now
    hasBelonged = roster[me.session].map { belongs($0) } ?? false
    ctx.tell(.joined(id))
    findActingHost(&ctx)
  }

  private func act(_ purpose: Reach.Purpose, on link: LinkID, _ ctx: inout Context) {
    if purpose.contains(.neighbour), !overlay.isActive(link), overlay.asks(link, at: ctx.now) {
      let request = NeighbourRequest(purpose.contains(.alone) ? .alone : .sent)
      send(.neighbour, to: link, &ctx) { request.encoded(tag: $0) }
    }
    if purpose.contains(.candidate) {
      send(.offerWant, to: link, &ctx) { OfferWant().encoded(tag: $0) }
    }
  }

  /// A joiner whom nobody is left to answer is told so at once, not at the deadline.
  func giveUpIfAlone(_ ctx: inout Context) {
    guard case .joining = phase, reaching.isEmpty, joinsSent.isEmpty, unpaid.isEmpty else {
      return
    }
    phase = .joining(until: ctx.now)
  }

  func leaveLinks(_ ctx: inout Context) {
    for link in links.keys {
      send(.leave, to: link, &ctx) { tag in
        var writer = Writer(capacity: 4)
        writer.u8(tag)
        writer.u24(me.session.raw)
        return writer.bytes
      }
    }
  }

  func receivedLeave(_ session: SessionID, from link: LinkID, _ ctx: inout Context) {
    guard links[link]?.session == session else { return }
    removeNeighbour(link, &ctx)
  }

  /// A JOIN that nobody answers must not stand in the way of the next.
  func forgetUnanswered(_ ctx: inout Context) {
    for (link, sent) in joinsSent
    where links[link] == nil && sent + ctx.settings.joinAnswer <= ctx.now {
      joinsSent.removeValue(forKey: link)
      early.removeValue(forKey: link)
      guard let node = ctx.links.node(of: link) else { continue }
      reaching.removeValue(forKey: node)
      overlay.failed(node)
    }
    giveUpIfAlone(&ctx)
  }

  func removeNeighbour(_ link: LinkID, _ ctx: inout Context) {
    joinsSent.removeValue(forKey: link)
    guard let peer = links.removeValue(forKey: link) else { return }
    overlay.lost(link, node: peer.node, at: ctx.now)
    lostEdge(link, &ctx)
  }
}
