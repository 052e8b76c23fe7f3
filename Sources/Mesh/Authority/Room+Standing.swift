import OrderedCollections
import Wire

/// What the room's operations come to, and what follows from it here: who is a member, who is
/// heard, who sits.
extension Room {
  /// The room's founding documents are known: from now on there is a log.
  func adopt(_ charter: Charter, _ ctx: inout Context) {
    self.charter = charter
    var log = OperationLog(genesis: charter.genesis, settings: ctx.settings.authority)
    if let operation = charter.operation { _ = log.insert(operation, at: ctx.now) }
    for operation in kept { _ = log.insert(operation, at: ctx.now) }
    kept = []
    // What it begins with is no news.
    _ = log.changes(at: ctx.now)
    standing = log.standing(at: ctx.now)
    self.log = log
    roster.allow(me.session, rights(of: me.introduction))
    showName(&ctx)
  }

  func rights(of introduction: Introduction) -> Roster.Rights {
    guard let standing else { return Roster.Rights() }
    let (person, invite) = (introduction.certificate.persona, introduction.admission?.invite)
    return Roster.Rights(
      role: standing.role(of: person, via: invite),
      speaks: standing.maySpeak(person, via: invite) && liars[person] == nil,
      listens: standing.mayListen(person, via: invite),
      isSeated: roster[Charter.session(introduction.certificate.session, in: id)]?.rights.isSeated
        ?? true)
  }

  var myRights: Roster.Rights { roster[me.session]?.rights ?? Roster.Rights() }

  /// Its operations say that this person may be here, if only to pass frames on.
  func belongs(_ member: Roster.Member) -> Bool {
    member.rights.role != nil || standing?[member.person].isRelay == true
  }

  /// The log grew, or something ran out.
  func standingChanged(isImmediate: Bool = false, _ ctx: inout Context) {
    guard var log else { return }
    self.log = nil
    let changes = log.changes(at: ctx.now)
    standing = log.standing(at: ctx.now)
    self.log = log
    for change in changes { ctx.tell(.changed(id, change)) }
    judgeMembers(&ctx)
    if changes.contains(where: \.limitsHearing) {
      rekeySoon(isImmediate: isImmediate, &ctx)
      awaitKeys(isImmediate: isImmediate, &ctx)
    }
    settleHands(&ctx)
    findActingHost(&ctx)
    showName(&ctx)
    reconsider(&ctx)
    for session in keyring.speakers.keys { handOn(session, &ctx) }
    if standing?.isClosed == true, ending == nil {
      ending = (ctx.now + ctx.settings.entry.closing, .roomClosed)
    }
  }

  /// Applies the standing to everybody who is here.
  func judgeMembers(_ ctx: inout Context) {
    var touched: [SessionID] = []
    for member in roster.members.values {
      let rights = rights(of: member.introduction)
      guard rights != member.rights else { continue }
      roster.allow(member.session, rights)
      touched.append(member.session)
    }
    reseat(&ctx)
    for session in touched where session != me.session {
      guard let member = roster[session] else { continue }
      if belongs(member) { heardChanged(session, &ctx) } else { expel(member, &ctx) }
    }
    judgeMe(&ctx)
    rosterChanged = rosterChanged || !touched.isEmpty
  }

  func judgeMe(_ ctx: inout Context) {
    guard isMember, !isDefiant, let mine = roster[me.session] else { return }
    hasBelonged = hasBelonged || belongs(mine)
    if !belongs(mine), standing?.isClosed == false, isToldOfMe(ctx) {
      // Those who threw us out need no farewell.
      links.removeAll()
      ending = (ctx.now, .removed)
    }
    silenceMyself(&ctx)
    guard !mine.rights.isOnStage, me.presence.flags.contains(.root) else { return }
    publish(&ctx) { $0.flags.remove(.root) }
    tellChildren(&ctx)
  }

  /// Those who let us in tell us why in several records, in any order: until then, that nothing
  /// here lets us in says nothing.
  private func isToldOfMe(_ ctx: borrowing Context) -> Bool {
    hasBelonged || standing?[me.person].isRemoved == true
      || ctx.now >= memberSince + ctx.settings.entry.strangerLife
  }

  /// Whoever may not speak stops: nobody would pass it on.
  private func silenceMyself(_ ctx: inout Context) {
    guard let talker, talker.isActive, !isDefiant, !(myRights.speaks && myRights.isSeated) else {
      return
    }
    _ = stopSpeaking(&ctx)
    ctx.tell(.silenced(id))
  }

  /// Out of the roster, and its links out of the room: no frame and no key goes there any more.
  private func expel(_ member: Roster.Member, _ ctx: inout Context) {
    let lost = links.values.filter { $0.session == member.session }
    for peer in lost {
      refuse(peer.link, .removedPerson, isOnce: true, &ctx)
      removeNeighbour(peer.link, &ctx)
    }
    overlay.failed(member.node)
    forget(member.session, &ctx)
  }

  // MARK: The stage

  /// Sixteen sit: who they are can change with every word and every right.
  func reseat(_ ctx: inout Context) {
    let wishing = roster.onStage.filter { $0.rights.speaks && $0.wantsSeat }
    let people = OrderedSet(wishing.lazy.map(\.person)).count
    guard people > Stage.seats || people < wishing.count || roster.standing > 0 else { return }
    let seated = seated(wishing)
    for member in roster.members.values {
      let sits = !member.wantsSeat || seated.contains(member.session)
      guard sits != member.rights.isSeated else { continue }
      var rights = member.rights
      rights.isSeated = sits
      roster.allow(member.session, rights)
      if member.session == me.session {
        silenceMyself(&ctx)
      } else {
        heardChanged(member.session, &ctx)
      }
    }
  }

  /// Whether we would sit if we spoke.
  var wouldSit: Bool {
    guard var mine = roster[me.session] else { return false }
    let others = roster.onStage.filter {
      $0.rights.speaks && $0.wantsSeat && $0.session != me.session
    }
    // The last to begin of one's own is the one that sits.
    mine.presence.began = .max
    return seated(others + [mine]).contains(me.session)
  }

  /// A person sits once, wherever it began to speak last.
  private func seated(_ wishing: [Roster.Member]) -> OrderedSet<SessionID> {
    guard let standing else { return [] }
    let candidates = wishing.map {
      Stage.Candidate(
        person: $0.person, invite: $0.invite, since: $0.introduction.certificate.issued)
    }
    var places: OrderedDictionary<PersonaID, Roster.Member> = [:]
    for member in wishing {
      guard let other = places[member.person] else {
        places[member.person] = member
        continue
      }
      let (one, two) = (member.presence, other.presence)
      if (one.began, one.session) > (two.began, two.session) { places[member.person] = member }
    }
    let people = Stage.seated(candidates, standing: standing)
    return OrderedSet(people.compactMap { places[$0]?.session })
  }

  /// When a word that begins now is said to begin: later than one of the same person elsewhere,
  /// where the clock may be ahead.
  func beginning(_ ctx: borrowing Context) -> UInt64 {
    let others = roster.onStage.filter { $0.person == me.person && $0.session != me.session }
    let latest = others.map(\.presence.began).max() ?? 0
    return max(ctx.now.milliseconds, min(latest, Presence.latestBeginning - 1) + 1)
  }

  /// A member's frames count from now on, or no longer.
  private func heardChanged(_ session: SessionID, _ ctx: inout Context) {
    guard let member = roster[session] else { return }
    let stream = stream(of: session)
    let wasHeard = stream.map { !$0.isSilenced } ?? false
    stream?.isSilenced = !member.isSpeaking
    guard member.isSpeaking != wasHeard, member.wantsSeat else {
      return rootsChanged(&ctx)
    }
    ctx.tell(.speaking(id, session, member.isSpeaking))
    stageChanged(member, began: member.isSpeaking, &ctx)
  }

  /// Three voices at once go to the audience.
  func air() {
    let talking = roster.onStage.filter(\.isSpeaking)
    let before = aired
    defer { if aired != before { rosterChanged = true } }
    guard talking.count > Stage.streams, let standing else { return aired = nil }
    let talks = talking.map { member in
      let last = stream(of: member.session)?.attestations.last?.last ?? 0
      let first = member.presence.firstFrame
      return Stage.Talk(
        session: member.session, isModerator: standing.mayModerate(member.person),
        began: member.presence.began, frames: last > first ? last - first : 0)
    }
    aired = OrderedSet(Stage.forwarded(talks))
  }

  /// Whether the audience below us gets it. Those at the top decide, who hear all: what they leave
  /// out does not come, so of what comes three voices go on, whatever we make of their turns.
  func isAired(_ stream: Stream, at now: Instant) -> Bool {
    guard let aired, !aired.contains(stream.session) else { return true }
    guard !me.presence.flags.contains(.root) else { return false }
    let others = streams.count { $0 !== stream && now < $0.lastArrival + Stage.lately }
    return others < Stage.streams
  }

  /// On stage, but as a fourth voice: other speakers hear it and the audience does not.
  func waits(_ session: SessionID) -> Bool {
    guard let aired else { return false }
    if me.presence.flags.contains(.root) { return !aired.contains(session) }
    let newest = streams.map(\.lastArrival).max()
    guard let newest, let stream = stream(of: session) else { return true }
    return stream.lastArrival + Stage.lately < newest
  }

  /// Whoever waits and begins anew comes before those who have talked for longer than a turn. Who
  /// is heard already keeps what is left of its own.
  func takeTurn(_ ctx: inout Context) -> Refusal? {
    guard let talker, talker.isActive else { return .notSpeaking }
    guard waits(me.session) else { return nil }
    let (began, first) = (beginning(ctx), talker.nextCounter)
    publish(&ctx) {
      $0.began = began
      $0.firstFrame = first
    }
    air()
    return nil
  }

  // MARK: Who acts

  func findActingHost(_ ctx: inout Context) {
    guard let standing, isMember else { return }
    let acting = Stage.actingHost(standing) { person in
      roster.members.values.contains { $0.person == person }
    }
    guard acting != actingHost else { return }
    actingHost = acting
    ctx.tell(.actingHost(id, acting))
  }

  /// Listeners are not named to each other, unless the host wants it so.
  func showName(_ ctx: inout Context) {
    guard let standing else { return }
    let isUp = hands.queue.contains { $0.person == me.person }
    guard
      me.show(
        myRights.isOnStage || isUp || standing.policy.contains(.listenersShown)
          || standing[me.person].seatOfferedUntil != nil)
    else { return }
    roster.put(me.introduction, me.presence)
    rosterChanged = true
    flood(.member, except: nil, &ctx) { self.me.record.encoded(tag: $0) }
  }
}
