import Keys
import OrderedCollections
import Wire

/// Who is here: records flooded when they change, rosters compared when they do not.
extension Room {
  /// What a new neighbour is told at once.
  func introduce(to link: LinkID, _ ctx: inout Context) {
    send(.introduction, to: link, &ctx) { me.introduction.encoded(tag: $0) }
    send(.presence, to: link, &ctx) { me.presence.encoded(tag: $0) }
    for member in roster.members.values where member.isRoot && member.session != me.session {
      send(.introduction, to: link, &ctx) { member.introduction.encoded(tag: $0) }
      send(.presence, to: link, &ctx) { member.presence.encoded(tag: $0) }
    }
    send(.rosterHash, to: link, &ctx) { roster.hash.encoded(tag: $0) }
  }

  /// Our own record changed: tell everybody.
  func publish(_ ctx: inout Context, _ change: (inout Presence) -> Void) {
    let expiry = (ctx.now + ctx.settings.presence.lifetime).milliseconds
    me.change(expiry: expiry, change)
    roster.put(me.introduction, me.presence)
    rosterChanged = true
    flood(.presence, except: nil, &ctx) { self.me.presence.encoded(tag: $0) }
  }

  func moved(to contact: Contact, _ ctx: inout Context) {
    me.move(to: contact)
    roster.put(me.introduction, me.presence)
    flood(.introduction, except: nil, &ctx) { self.me.introduction.encoded(tag: $0) }
  }

  func flood(
    _ type: MessageType, except source: LinkID?, _ ctx: inout Context,
    _ body: (RoomTag) -> [UInt8]
  ) {
    for link in overlay.active where link != source { send(type, to: link, &ctx, body) }
  }

  // MARK: Receipt

  func received(_ introduction: Introduction, from link: LinkID, _ ctx: inout Context) {
    let session = Charter.session(introduction.certificate.session, in: id)
    guard session != me.session, !roster.hasDeparted(session) else { return }
    if let known = roster[session] {
      guard known.key == introduction.certificate.session else { return ctx.drop(.badPresence) }
      guard introduction.version > known.introduction.version else { return }
    } else {
      guard roster.count < ctx.settings.presence.rosterMaximum else { return ctx.drop(.rosterFull) }
    }
    if let objection = objection(to: introduction, ctx) {
      if objection == .badAdmission || objection == .notAdmitted {
        park(unentitled: introduction, session, &ctx)
      }
      return ctx.drop(.badPresence)
    }
    if roster[session] != nil {
      roster.update(introduction, of: session, rights: rights(of: introduction))
    } else {
      guard let presence = pending.removeValue(forKey: session)?.presence else {
        return park(introduction, session, from: link, &ctx)
      }
      guard verified(presence, by: introduction.certificate.session, &ctx) else {
        return ctx.drop(.badPresence)
      }
      admit(introduction, presence, &ctx)
    }
    rosterChanged = true
    flood(.introduction, except: link, &ctx) { introduction.encoded(tag: $0) }
    if let presence = roster[session]?.presence {
      flood(.presence, except: link, &ctx) { presence.encoded(tag: $0) }
    }
  }

  /// The operation that lets it in may be on its way.
  private func park(
    unentitled introduction: Introduction, _ session: SessionID, _ ctx: inout Context
  ) {
    guard strangers.count < ctx.settings.entry.strangers else { return ctx.drop(.rosterFull) }
    strangers[session] = (introduction, ctx.now + ctx.settings.entry.strangerLife)
  }

  /// An introduction ahead of its presence waits as a member that has yet to speak up: an empty
  /// record of version 0, replaced by the first real one.
  private func park(
    _ introduction: Introduction, _ session: SessionID, from link: LinkID, _ ctx: inout Context
  ) {
    let placeholder = Presence(
      session: session, version: 0, beat: 0, flags: [], uplink: 0,
      expiry: (ctx.now + .seconds(5)).milliseconds)
    ctx.tell(.entered(id, session, introduction.certificate.persona))
    roster.put(introduction, placeholder, rights: rights(of: introduction))
    flood(.introduction, except: link, &ctx) { introduction.encoded(tag: $0) }
  }

  func received(_ presence: Presence, from link: LinkID, _ ctx: inout Context) {
    let session = presence.session
    guard session != me.session else { return }
    guard !roster.hasDeparted(session) else { return ctx.drop(.stalePresence) }
    guard let known = roster[session] else {
      return hold(presence, from: link, &ctx)
    }
    guard presence.supersedes(known.presence) else { return }
    guard verified(presence, by: known.key, &ctx) else { return ctx.drop(.badPresence) }
    let news = presence.version > known.presence.version
    if presence.flags.contains(.leaving) {
      flood(.presence, except: link, &ctx) { presence.encoded(tag: $0) }
      depart(session, until: presence.expiry, &ctx)
      return
    }
    admit(known.introduction, presence, &ctx)
    guard news else { return }
    rosterChanged = true
    flood(.presence, except: link, &ctx) { presence.encoded(tag: $0) }
  }

  private func hold(_ presence: Presence, from link: LinkID, _ ctx: inout Context) {
    guard !presence.flags.contains(.leaving) else { return }
    let known = pending[presence.session] != nil
    guard known || pending.count < ctx.settings.presence.pendingMaximum else {
      return ctx.drop(.rosterFull)
    }
    pending[presence.session] = (presence, ctx.now + ctx.settings.presence.pendingLifetime)
    let want = SessionWant(sessions: [presence.session])
    send(.introductionWant, to: link, &ctx) { want.encoded(tag: $0) }
  }

  func answer(introductions want: SessionWant, from link: LinkID, _ ctx: inout Context) {
    for session in want.sessions {
      guard let member = roster[session], mayAnswer(link, &ctx) else { continue }
      send(.introduction, to: link, &ctx) { member.introduction.encoded(tag: $0) }
    }
  }

  /// A small roster is told at once in how far it has come; of a large one first the parts.
  func received(_ hash: RosterHash, from link: LinkID, _ ctx: inout Context) {
    let ours = roster.hash
    guard hash.versions != ours.versions || (hash.beats != 0 && hash.beats != ours.beats) else {
      return
    }
    if roster.count <= RosterSummary.maximum { return summarise(.max, to: link, &ctx) }
    let buckets = RosterBuckets(hashes: roster.bucketHashes(withBeats: hash.beats != 0))
    sendOnce(.rosterBuckets, to: link, &ctx) { buckets.encoded(tag: $0) }
  }

  /// Whether the hashes count heartbeats shows in which of our two sets has fewer differences.
  func received(_ theirs: RosterBuckets, from link: LinkID, _ ctx: inout Context) {
    let plain = differences(theirs.hashes, roster.bucketHashes(withBeats: false))
    let beats = differences(theirs.hashes, roster.bucketHashes(withBeats: true))
    let wanted = plain.nonzeroBitCount <= beats.nonzeroBitCount ? plain : beats
    guard wanted != 0 else { return }
    summarise(wanted, to: link, &ctx)
  }

  /// Sends what the neighbour lacks and asks for what we lack.
  func received(_ summary: RosterSummary, from link: LinkID, _ ctx: inout Context) {
    var wanted: [SessionID] = []
    var strangers: [SessionID] = []
    var known: OrderedSet<SessionID> = []
    for entry in summary.entries {
      known.append(entry.session)
      guard entry.session != me.session, !roster.hasDeparted(entry.session) else { continue }
      guard let member = roster[entry.session] else {
        wanted.append(entry.session)
        continue
      }
      let ours = member.presence
      if entry.introduction > member.introduction.version {
        strangers.append(entry.session)
      } else if entry.introduction < member.introduction.version, mayAnswer(link, &ctx) {
        sendOnce(.introduction, to: link, &ctx) { member.introduction.encoded(tag: $0) }
      }
      if (entry.version, entry.beat) > (ours.version, ours.beat) {
        wanted.append(entry.session)
      } else if (entry.version, entry.beat) < (ours.version, ours.beat), mayAnswer(link, &ctx) {
        sendOnce(.presence, to: link, &ctx) { ours.encoded(tag: $0) }
      }
    }
    for presence in roster.records(in: summary.buckets)
    where presence.version > 0 && !known.contains(presence.session) && mayAnswer(link, &ctx) {
      sendOnce(.presence, to: link, &ctx) { presence.encoded(tag: $0) }
    }
    if !strangers.isEmpty {
      let want = SessionWant(sessions: strangers)
      sendOnce(.introductionWant, to: link, &ctx) { want.encoded(tag: $0) }
    }
    guard !wanted.isEmpty else { return }
    let want = SessionWant(sessions: wanted)
    sendOnce(.presenceWant, to: link, &ctx) { want.encoded(tag: $0) }
  }

  func answer(presences want: SessionWant, from link: LinkID, _ ctx: inout Context) {
    for session in want.sessions {
      guard let presence = roster[session]?.presence, presence.version > 0,
        mayAnswer(link, &ctx)
      else { continue }
      sendOnce(.presence, to: link, &ctx) { presence.encoded(tag: $0) }
    }
  }

  /// A few bytes can ask for a whole roster: what one neighbour is sent for that has a limit, and
  /// the next comparison goes on where it ended.
  func mayAnswer(_ link: LinkID, _ ctx: inout Context) -> Bool {
    guard let peer = links[link], peer.answers < ctx.settings.presence.answersPerSecond else {
      ctx.drop(.rateLimited)
      return false
    }
    links[link]?.answers += 1
    return true
  }

  /// In pieces, each of whole parts, so that what is missing from a piece is known to be lacking.
  private func summarise(_ buckets: UInt64, to link: LinkID, _ ctx: inout Context) {
    var mask: UInt64 = 0
    var entries: [RosterSummary.Entry] = []
    func say() {
      // As dear as a record for each ten it lists.
      for _ in 0...entries.count / 10 where !mayAnswer(link, &ctx) { return }
      let summary = RosterSummary(buckets: mask, entries: entries)
      sendOnce(.rosterSummary, to: link, &ctx) { summary.encoded(tag: $0) }
      mask = 0
      entries = []
    }
    for index in 0..<UInt64(RosterBuckets.count) where buckets >> index & 1 == 1 {
      let part = roster.members(in: 1 << index).filter { $0.presence.version > 0 }
      if entries.count + part.count > RosterSummary.maximum, mask != 0 { say() }
      mask |= 1 << index
      entries += part.map {
        RosterSummary.Entry(
          session: $0.session, version: $0.presence.version, beat: $0.presence.beat,
          introduction: $0.introduction.version)
      }
    }
    if mask != 0 { say() }
  }

  private func differences(_ left: [UInt64], _ right: [UInt64]) -> UInt64 {
    var bits: UInt64 = 0
    for index in 0..<RosterBuckets.count where left[index] != right[index] {
      bits |= 1 << UInt64(index)
    }
    return bits
  }

  // MARK: Time

  func tickPresence(_ ctx: inout Context) {
    if nextBeat <= ctx.now {
      nextBeat = ctx.now + ctx.settings.presence.refresh
      me.beat(expiry: (ctx.now + ctx.settings.presence.lifetime).milliseconds)
      roster.put(me.introduction, me.presence)
    }
    for member in roster.expire(at: ctx.now.milliseconds) where member.session != me.session {
      gone(member, &ctx)
    }
    pending.removeAll { $0.value.until <= ctx.now }
    guard nextCompare <= ctx.now else { return }
    if !ctx.mischief.isEmpty { poison(&ctx) }
    nextCompare = ctx.now + ctx.settings.presence.compare
    comparisons += 1
    var hash = roster.hash
    if comparisons % ctx.settings.presence.beatsEvery != 0 { hash.beats = 0 }
    if let link = ctx.entropy.pick(overlay.active) {
      sendOnce(.rosterHash, to: link, &ctx) { hash.encoded(tag: $0) }
      // In the same datagram.
      compareOperations(with: link, &ctx)
    }
  }

  private func admit(_ introduction: Introduction, _ presence: Presence, _ ctx: inout Context) {
    let before = roster[presence.session]
    roster.put(introduction, presence, rights: rights(of: introduction))
    if presence.flags.contains(.speaking) { reseat(&ctx) }
    let speaks = roster[presence.session]?.isSpeaking == true
    let began = speaks && before?.isSpeaking != true
    if before == nil { ctx.tell(.entered(id, presence.session, introduction.certificate.persona)) }
    if began || !speaks && before?.isSpeaking == true {
      ctx.tell(.speaking(id, presence.session, speaks))
    }
    overlay.learn([introduction.contact], except: ctx.contact.node, entropy: &ctx.entropy)
    stream(of: presence.session)?.isSilenced = !speaks && presence.flags.contains(.speaking)
    if let member = roster[presence.session] {
      stageChanged(member, began: began, &ctx)
    }
    if let early = keyring.takeEarlyAnnouncement(presence.session),
      let link = links.values.first?.link
    {
      received(early, from: link, &ctx)
    }
  }

  private func depart(_ session: SessionID, until expiry: UInt64, _ ctx: inout Context) {
    guard let member = roster.remove(session) else { return }
    roster.keepAway(session, until: expiry, atMost: ctx.settings.presence.departedMaximum)
    gone(member, &ctx)
  }

  /// Somebody who may not be here any more.
  func forget(_ session: SessionID, _ ctx: inout Context) {
    guard let member = roster.remove(session) else { return }
    gone(member, &ctx)
  }

  private func gone(_ member: Roster.Member, _ ctx: inout Context) {
    rosterChanged = true
    ctx.tell(.departed(id, member.session, member.person))
    keyring.forget(member.session)
    streams.removeAll { $0.session == member.session }
    heardUpTo.removeValue(forKey: member.session)
    if member.isSpeaking { ctx.tell(.speaking(id, member.session, false)) }
    reseat(&ctx)
    air()
    settleHands(&ctx)
    rootsChanged(&ctx)
  }

  private func objection(to introduction: Introduction, _ ctx: borrowing Context) -> Drop? {
    guard let charter, let standing else { return .badCertificate }
    let certificate = introduction.certificate
    if let objection = charter.objection(
      to: certificate, at: ctx.now, skew: ctx.settings.clockSkew)
      ?? charter.objection(
        to: certificate.persona, introduction.admission, standing: standing, isEntering: false,
        at: ctx.now)
    {
      return objection
    }
    let isGenuine = Signatures.verify(
      introduction.signature, by: introduction.certificate.session, "VR1-intro",
      introduction.unsigned)
    return isGenuine ? nil : .badPresence
  }

  private func verified(
    _ presence: Presence, by key: SigningKey, _ ctx: inout Context
  ) -> Bool {
    let now = ctx.now.milliseconds
    let latest =
      (ctx.now + ctx.settings.presence.lifetime).milliseconds
      + UInt64(ctx.settings.clockSkew.milliseconds)
    guard presence.expiry > now, presence.expiry <= latest else { return false }
    return Signatures.verify(presence.signature, by: key, "VR1-presence", presence.unsigned)
  }
}
