import Keys
import OrderedCollections
import Wire

/// Who is here: records flooded when they change, rosters compared when they do not.
extension Room {
  /// What a new neighbour is told at once. Those who have been here for a while know it all.
  func introduce(to link: LinkID, isNews: Bool, _ ctx: inout Context) {
    guard isNews else {
      return send(.rosterHash, to: link, &ctx) { roster.hash.encoded(tag: $0) }
    }
    for member in roster.members.values where member.isOnStage || member.session == me.session {
      send(.member, to: link, &ctx) { member.record.encoded(tag: $0) }
    }
    guard !roster.isCrowd else {
      return tellSample(ctx.settings.presence.firstSample, to: link, &ctx)
    }
    send(.rosterHash, to: link, &ctx) { roster.hash.encoded(tag: $0) }
  }

  /// Our own record changed: tell everybody.
  func publish(_ ctx: inout Context, _ change: (inout Presence) -> Void) {
    me.change(at: ctx.now, change) { self.lifetime($0, ctx.settings) }
    roster.put(me.introduction, me.presence)
    rosterChanged = true
    flood(.presence, except: nil, &ctx) { self.me.presence.encoded(tag: $0) }
  }

  func moved(to contact: Contact, _ ctx: inout Context) {
    me.move(to: contact)
    roster.put(me.introduction, me.presence)
    flood(.member, except: nil, &ctx) { self.me.record.encoded(tag: $0) }
  }

  func flood(
    _ type: MessageType, except source: LinkID?, _ ctx: inout Context,
    _ body: (RoomTag) -> [UInt8]
  ) {
    for link in overlay.active where link != source { send(type, to: link, &ctx, body) }
  }

  // MARK: Receipt

  func received(_ record: MemberRecord, from link: LinkID, _ ctx: inout Context) {
    let (introduction, presence) = (record.introduction, record.presence)
    let session = Charter.session(introduction.certificate.session, in: id)
    guard session == presence.session else { return ctx.drop(.badPresence) }
    guard session != me.session, !roster.hasDeparted(session) else { return }
    if let known = roster[session] {
      guard known.key == introduction.certificate.session else { return ctx.drop(.badPresence) }
      guard introduction.version > known.introduction.version else {
        return received(presence, from: link, &ctx)
      }
    }
    guard !records.isSpent(introduction.certificate.persona, at: ctx.now) else {
      return ctx.drop(.tooManyRecords)
    }
    if let objection = objection(to: introduction, ctx) {
      if objection == .badAdmission || objection == .notAdmitted { park(record, session, &ctx) }
      return wasFutile(.badPresence, from: link, &ctx)
    }
    guard verified(presence, by: introduction.certificate.session, &ctx) else {
      return wasFutile(.badPresence, from: link, &ctx)
    }
    guard records.take(introduction.certificate.persona, at: ctx.now) else {
      return ctx.drop(.tooManyRecords)
    }
    let isNew = roster[session] == nil
    let isOnStage = rights(of: introduction).isOnStage(with: presence)
    guard !isNew || makeRoom(onStage: isOnStage, &ctx) else { return ctx.drop(.rosterFull) }
    // Its presence may have overtaken its new introduction.
    let newest = roster[session].map(\.presence).map { $0.supersedes(presence) ? $0 : presence }
    admit(introduction, newest ?? presence, &ctx)
    rosterChanged = true
    let news = roster[session]?.record ?? record
    // In a crowd, listeners become known by sampling only.
    guard !isNew || !roster.isCrowd || isOnStage else { return }
    flood(.member, except: link, &ctx) { news.encoded(tag: $0) }
  }

  /// Whether there is a place on the roster for somebody new.
  private func makeRoom(onStage: Bool, _ ctx: inout Context) -> Bool {
    if onStage { return roster.count - roster.audience < ctx.settings.presence.stageMaximum }
    if roster.audience >= ctx.settings.presence.companions {
      // A hand that is up must not go down because its owner was forgotten.
      roster.evict(entropy: &ctx.entropy) { [hands, me] in
        $0.session == me.session || hands.isUp($0.person)
      }
    }
    return true
  }

  /// The operation that lets it in may be on its way.
  private func park(_ record: MemberRecord, _ session: SessionID, _ ctx: inout Context) {
    guard strangers.count < ctx.settings.entry.strangers else { return ctx.drop(.rosterFull) }
    strangers[session] = (record, ctx.now + ctx.settings.entry.strangerLife)
  }

  func received(_ presence: Presence, from link: LinkID, _ ctx: inout Context) {
    let session = presence.session
    guard session != me.session else { return }
    guard !roster.hasDeparted(session) else { return ctx.drop(.stalePresence) }
    guard let known = roster[session] else {
      guard !presence.flags.contains(.leaving), presence.isOnStage || !roster.isCrowd else {
        return
      }
      return ask(for: session, link, &ctx)
    }
    guard presence.supersedes(known.presence) else { return }
    // Its last word is its last.
    let isLast = presence.flags.contains(.leaving)
    guard isLast || !records.isSpent(known.person, at: ctx.now) else {
      return ctx.drop(.tooManyRecords)
    }
    guard verified(presence, by: known.key, &ctx) else {
      return wasFutile(.badPresence, from: link, &ctx)
    }
    _ = records.take(known.person, at: ctx.now)
    let news = presence.version > known.presence.version
    if isLast {
      flood(.presence, except: link, &ctx) { presence.encoded(tag: $0) }
      depart(presence, &ctx)
      return
    }
    admit(known.introduction, presence, &ctx)
    guard news else { return }
    rosterChanged = true
    flood(.presence, except: link, &ctx) { presence.encoded(tag: $0) }
  }

  /// Who speaks up without having been introduced is asked for, of one neighbour at a time.
  func ask(for session: SessionID, _ link: LinkID, _ ctx: inout Context) {
    guard asked[session] == nil else { return }
    guard asked.count < ctx.settings.presence.askedMaximum else { return ctx.drop(.rosterFull) }
    asked[session] = ctx.now + ctx.settings.presence.askedPatience
    let want = SessionWant(sessions: [session])
    send(.memberWant, to: link, &ctx) { want.encoded(tag: $0) }
  }

  func answer(members want: SessionWant, from link: LinkID, _ ctx: inout Context) {
    for session in want.sessions {
      guard let member = roster[session], mayAnswer(link, &ctx) else { continue }
      send(.member, to: link, &ctx) { member.record.encoded(tag: $0) }
    }
  }

  /// A small roster is told at once in how far it has come; of a large one first the parts.
  func received(_ hash: RosterHash, from link: LinkID, _ ctx: inout Context) {
    let stageOnly = hash.stageOnly || roster.isCrowd
    // They hold more than the stage, we do not: only they can be told.
    guard stageOnly == hash.stageOnly else {
      return send(.rosterHash, to: link, &ctx) { roster.hash.encoded(tag: $0) }
    }
    let ours = roster.hash(stageOnly: stageOnly)
    guard hash.versions != ours.versions || (hash.beats != 0 && hash.beats != ours.beats) else {
      return
    }
    // A newcomer hears of a hundred members it lacks from all its neighbours at once.
    guard ctx.now >= nextAnswer else { return }
    nextAnswer = ctx.now + ctx.settings.presence.comparePause
    if stageOnly || roster.count <= RosterSummary.maximum {
      return summarise(.max, stageOnly: stageOnly, to: link, &ctx)
    }
    let buckets = RosterBuckets(hashes: roster.bucketHashes(withBeats: hash.beats != 0))
    sendOnce(.rosterBuckets, to: link, &ctx) { buckets.encoded(tag: $0) }
  }

  /// Whether the hashes count heartbeats shows in which of our two sets has fewer differences.
  func received(_ theirs: RosterBuckets, from link: LinkID, _ ctx: inout Context) {
    let plain = differences(theirs.hashes, roster.bucketHashes(withBeats: false))
    let beats = differences(theirs.hashes, roster.bucketHashes(withBeats: true))
    let wanted = plain.nonzeroBitCount <= beats.nonzeroBitCount ? plain : beats
    guard wanted != 0, !roster.isCrowd else { return }
    summarise(wanted, stageOnly: false, to: link, &ctx)
  }

  /// Sends what the neighbour lacks and asks for what we lack.
  func received(_ summary: RosterSummary, from link: LinkID, _ ctx: inout Context) {
    var wanted: [SessionID] = []
    var strangers: [SessionID] = []
    var known: OrderedSet<SessionID> = []
    for entry in summary.entries {
      known.append(entry.session)
      guard entry.session != me.session else { continue }
      if let farewell = roster.farewell(of: entry.session) {
        if mayAnswer(link, &ctx) {
          sendOnce(.presence, to: link, &ctx) { farewell.encoded(tag: $0) }
        }
        continue
      }
      guard let member = roster[entry.session] else {
        if summary.stageOnly || !roster.isCrowd { strangers.append(entry.session) }
        continue
      }
      let ours = member.presence
      if entry.introduction > member.introduction.version {
        strangers.append(entry.session)
      } else if entry.introduction < member.introduction.version, mayAnswer(link, &ctx) {
        sendOnce(.member, to: link, &ctx) { member.record.encoded(tag: $0) }
      } else if (entry.version, entry.beat) > (ours.version, ours.beat) {
        wanted.append(entry.session)
      } else if (entry.version, entry.beat) < (ours.version, ours.beat), mayAnswer(link, &ctx) {
        sendOnce(.presence, to: link, &ctx) { ours.encoded(tag: $0) }
      }
    }
    for member in roster.members(
      in: summary.buckets, stageOnly: summary.stageOnly || roster.isCrowd)
    where !known.contains(member.session) && mayAnswer(link, &ctx) {
      sendOnce(.member, to: link, &ctx) { member.record.encoded(tag: $0) }
    }
    if !strangers.isEmpty {
      let want = SessionWant(sessions: strangers)
      sendOnce(.memberWant, to: link, &ctx) { want.encoded(tag: $0) }
    }
    guard !wanted.isEmpty else { return }
    let want = SessionWant(sessions: wanted)
    sendOnce(.presenceWant, to: link, &ctx) { want.encoded(tag: $0) }
  }

  func answer(presences want: SessionWant, from link: LinkID, _ ctx: inout Context) {
    for session in want.sessions {
      guard let presence = roster[session]?.presence, mayAnswer(link, &ctx) else { continue }
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
  private func summarise(_ buckets: UInt64, stageOnly: Bool, to link: LinkID, _ ctx: inout Context)
  {
    var mask: UInt64 = 0
    var entries: [RosterSummary.Entry] = []
    func say() {
      // As dear as a record for each ten it lists.
      for _ in 0...entries.count / 10 where !mayAnswer(link, &ctx) { return }
      let summary = RosterSummary(stageOnly: stageOnly, buckets: mask, entries: entries)
      sendOnce(.rosterSummary, to: link, &ctx) { summary.encoded(tag: $0) }
      mask = 0
      entries = []
    }
    for index in 0..<UInt64(RosterBuckets.count) where buckets >> index & 1 == 1 {
      let part = roster.members(in: 1 << index, stageOnly: stageOnly)
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
      let lifetime = lifetime(me.presence.flags, ctx.settings)
      nextBeat = ctx.now + lifetime / 3
      me.beat(expiry: (ctx.now + lifetime).milliseconds)
      roster.put(me.introduction, me.presence)
    }
    for member in roster.expire(at: ctx.now.milliseconds) where member.session != me.session {
      gone(member, &ctx)
    }
    asked.removeAll { $0.value <= ctx.now }
    expireEarly(ctx)
    guard nextCompare <= ctx.now else { return }
    if !ctx.mischief.isEmpty { poison(&ctx) }
    nextCompare = ctx.now + ctx.settings.presence.compare
    comparisons += 1
    if roster.isCrowd, comparisons % ctx.settings.presence.sampleEvery == 0,
      let link = ctx.entropy.pick(overlay.active)
    {
      sendOnce(.member, to: link, &ctx) { me.record.encoded(tag: $0) }
      tellSample(ctx.settings.presence.sample, to: link, &ctx)
    }
    var hash = roster.hash
    if comparisons % ctx.settings.presence.beatsEvery != 0 { hash.beats = 0 }
    // Parents too: a few who are neighbours of each other only would never hear what they missed.
    if let link = ctx.entropy.pick(overlay.active + forest.parents) {
      sendOnce(.rosterHash, to: link, &ctx) { hash.encoded(tag: $0) }
      // In the same datagram.
      compareOperations(with: link, &ctx)
    }
  }

  /// Of a crowd nobody knows all: each hears of some listeners now and then, and forgets others.
  private func tellSample(_ count: Int, to link: LinkID, _ ctx: inout Context) {
    for member in roster.sample(count, entropy: &ctx.entropy) where member.session != me.session {
      sendOnce(.member, to: link, &ctx) { member.record.encoded(tag: $0) }
    }
  }

  /// In large rooms listeners renew their word more rarely: a third of all there is to tell would
  /// be heartbeats. Who dies without a word stays listed longer for it.
  private func lifetime(_ flags: Presence.Flags, _ settings: Settings) -> Duration {
    let settings = settings.presence
    guard flags.isDisjoint(with: [.root, .speaking]) else { return settings.lifetime }
    let wanted = settings.lifetimePerMember * roster.count
    return min(max(settings.lifetime, wanted), settings.lifetimeMaximum)
  }

  private func admit(_ introduction: Introduction, _ presence: Presence, _ ctx: inout Context) {
    let before = roster[presence.session]
    asked.removeValue(forKey: presence.session)
    roster.put(introduction, presence, rights: rights(of: introduction))
    if presence.flags.contains(.speaking) || roster.standing > 0 { reseat(&ctx) }
    let speaks = roster[presence.session]?.isSpeaking == true
    let began = speaks && before?.isSpeaking != true
    if before == nil { ctx.tell(.entered(id, presence.session, introduction.certificate.persona)) }
    if began || !speaks && before?.isSpeaking == true {
      ctx.tell(.speaking(id, presence.session, speaks))
    }
    overlay.learn([introduction.contact], except: ctx.contact.node, entropy: &ctx.entropy)
    stream(of: presence.session)?.isSilenced = !speaks && presence.flags.contains(.speaking)
    if roster[presence.session]?.isRoot == true, before?.isRoot != true, forest.isParentless {
      askRoot(presence.session, &ctx)
    }
    if let member = roster[presence.session] {
      stageChanged(member, began: began, &ctx)
    }
    if let early = keyring.takeEarlyAnnouncement(presence.session),
      let link = links.values.first?.link
    {
      received(early, from: link, &ctx)
    }
    hearEarly(of: presence.session, &ctx)
  }

  /// There was nothing to offer before; a link to it is there or is not worth a storm of dials.
  private func askRoot(_ session: SessionID, _ ctx: inout Context) {
    for peer in links.values where peer.session == session {
      send(.offerWant, to: peer.link, &ctx) { OfferWant().encoded(tag: $0) }
    }
  }

  private func depart(_ farewell: Presence, _ ctx: inout Context) {
    guard let member = roster.remove(farewell.session) else { return }
    roster.keepAway(farewell, atMost: ctx.settings.presence.departedMaximum)
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
      (ctx.now + ctx.settings.presence.lifetimeMaximum).milliseconds
      + UInt64(ctx.settings.clockSkew.milliseconds)
    guard presence.expiry > now, presence.expiry <= latest else { return false }
    return Signatures.verify(presence.signature, by: key, "VR1-presence", presence.unsigned)
  }
}
