import Keys
import OrderedCollections
import Wire

/// Who can hear: announcements are flooded, keys go from neighbour to neighbour over links on which
/// both ends have proved to be members.
extension Room {
  /// A fresh generation of our own key, announced to all and handed to every neighbour.
  func renewKey(
    _ talker: Talker, activation: Duration? = nil, _ ctx: inout Context
  ) throws(KeysError) {
    let activation = activation ?? ctx.settings.keys.activation
    let base = try Secret(random: &ctx.entropy)
    let generation = talker.generation &+ 1
    let start = talker.start(ofKeyAfter: activation)
    let chain = try Chain(
      session: me.session, generation: generation, counterStart: start, step: 0, base: base,
      isProven: true, source: nil, settings: ctx.settings.keys)
    var announcement = KeyAnnouncement(
      session: me.session, generation: generation, counterStart: start,
      activeMilliseconds: UInt16(clamping: activation.milliseconds),
      commitment: chain.commitment(room: id), frontier: log?.frontier() ?? [])
    announcement.signature = me.sign("VR1-kann", id.raw.array + announcement.unsigned)
    talker.adopt(chain, generation: generation, at: ctx.now)
    rekey = nil
    keyring.announced(announcement)
    keyring.hold(chain, keep: ctx.settings.keys.generationsKept)
    tell(of: announcement, except: nil, &ctx)
    handOn(me.session, &ctx)
  }

  private func tell(of announcement: KeyAnnouncement, except source: LinkID?, _ ctx: inout Context)
  {
    for link in newsLinks(except: source, ctx) {
      tell(of: announcement, to: link, isAnswer: false, &ctx)
    }
  }

  private func tell(
    of announcement: KeyAnnouncement, to link: LinkID, isAnswer: Bool, _ ctx: inout Context
  ) {
    let session = announcement.session
    guard links[link]?.announced[session] != announcement.generation else { return }
    links[link]?.announced[session] = announcement.generation
    sendKey(.keyAnnouncement, to: link, isAnswer: isAnswer, &ctx) { announcement.encoded(tag: $0) }
  }

  /// Who knows of a removal asks for the keys that must follow: then they need no acknowledgement,
  /// which would cost as much as the key.
  private func sendKey(
    _ type: MessageType, to link: LinkID, isAnswer: Bool, _ ctx: inout Context,
    _ body: (RoomTag) -> [UInt8]
  ) {
    let isAwaited = shutOutAt.map { ctx.now < $0 + ctx.settings.keys.awaitedFor } ?? false
    if isAwaited && !isAnswer {
      sendOnce(type, to: link, &ctx, body)
    } else {
      send(type, to: link, &ctx, body)
    }
  }

  /// What a new neighbour needs to hear those who speak now.
  func announceKeys(to link: LinkID, _ ctx: inout Context) {
    guard ctx.hybrid.isReady(link) else { return }
    for speaker in keyring.speakers.values {
      guard let announcement = speaker.announcement else { continue }
      if links[link]?.granted[announcement.session] == announcement.generation { continue }
      grant(announcement.session, to: link, isAnswer: true, &ctx)
      tell(of: announcement, to: link, isAnswer: true, &ctx)
    }
  }

  /// The link has its second secret: what waited for it goes out, or can be opened.
  func canGrant(on link: LinkID, _ ctx: inout Context) {
    guard links[link] != nil else { return }
    announceKeys(to: link, &ctx)
    for early in keyring.takeEarlyGrants(from: link) {
      received(early.header, sealed: early.sealed, from: link, &ctx)
    }
  }

  func received(_ announcement: KeyAnnouncement, from link: LinkID, _ ctx: inout Context) {
    let session = announcement.session
    guard session != me.session else { return }
    if roster[session] != nil { links[link]?.announced[session] = announcement.generation }
    if let known = keyring.announcement(of: session),
      announcement.generation <= known.generation
    {
      return
    }
    guard let member = roster[session] else {
      keyring.early(announcement, until: ctx.now + ctx.settings.keys.keepEarly)
      return ask(for: session, link, &ctx)
    }
    guard !announcements.isSpent(member.person, at: ctx.now) else {
      return ctx.drop(.tooManyKeys)
    }
    guard
      Signatures.verify(
        announcement.signature, by: member.key, "VR1-kann", id.raw.array + announcement.unsigned)
    else { return wasFutile(.badAnnouncement, from: link, &ctx) }
    _ = announcements.take(member.person, at: ctx.now)
    keyring.announced(announcement)
    keyring.asked(session, at: ctx.now)
    tell(of: announcement, except: link, &ctx)
    if log?.covers(announcement.frontier) == false { compareOperations(with: link, &ctx) }
    if let early = keyring.takeEarlyGrant(session) {
      received(early.header, sealed: early.sealed, from: early.link, &ctx)
    }
  }

  /// Hands a neighbour the newest key of a speaker, unless it has it. Nothing else gives keys away.
  ///
  /// - Parameter isAnswer: it was asked for, or the neighbour is new.
  func grant(
    _ session: SessionID, to link: LinkID, isAnswer: Bool = false, _ ctx: inout Context
  ) {
    guard let peer = links[link], peer.session != session,
      let chain = keyring.newest(of: session), chain.isProven,
      peer.granted[session] != chain.generation, ctx.hybrid.isReady(link),
      mayGrant(session, to: peer, &ctx)
    else { return }
    links[link]?.granted[session] = chain.generation
    let nonce = Nonce24(random: &ctx.entropy)
    let sealed = chain.withBase { ctx.hybrid.seal($0, nonce: nonce, on: link) }
    guard let sealed else { return }
    if let announcement = keyring.announcement(of: session),
      announcement.generation == chain.generation
    {
      tell(of: announcement, to: link, isAnswer: isAnswer, &ctx)
    }
    let header = GrantHeader(session: session, generation: chain.generation, step: chain.step)
    sendKey(.grant, to: link, isAnswer: isAnswer, &ctx) { tag in
      var writer = Writer(capacity: 96)
      writer.u8(tag)
      header.encode(into: &writer)
      writer.raw(nonce.array)
      writer.raw(sealed)
      return writer.bytes
    }
    ctx.note(.keyGranted)
  }

  private func mayGrant(_ session: SessionID, to peer: RoomLink, _ ctx: inout Context) -> Bool {
    guard let standing, let log, let announcement = keyring.announcement(of: session) else {
      return false
    }
    let verdict = GrantRule.verdict(
      on: peer.person, via: peer.invite, standing: standing, log: log,
      announced: announcement.frontier)
    switch verdict {
    case .give: return true
    case .wait:
      // Somebody knows what we lack; the keys go out as soon as it is here.
      compareSoon(ctx)
      ctx.note(.keyWithheld)
    case .refuse: ctx.note(.keyRefused)
    }
    return false
  }

  /// Somebody may hear no longer: a new key, for whom that leaves.
  func rekeySoon(isImmediate: Bool, _ ctx: inout Context) {
    guard let talker, talker.chain != nil else { return }
    // Whoever is silent now makes a new key before the next word.
    guard talker.isActive else { return talker.expireKey() }
    let settings = ctx.settings.keys
    let wait = isImmediate ? .zero : settings.collect
    let due = max(ctx.now + wait, talker.keyedAt + settings.rekeyPause)
    let activation = isImmediate ? .zero : settings.switchOver
    rekey = rekey.map { (min($0.at, due), min($0.activation, activation)) } ?? (due, activation)
  }

  /// `sealed` is what follows the header: nonce and box.
  func received(
    _ header: GrantHeader, sealed: [UInt8], from link: LinkID, _ ctx: inout Context
  ) {
    let session = header.session
    guard session != me.session else { return }
    // Noted for members alone: a neighbour could name every session there can be.
    if roster[session] != nil { links[link]?.granted[session] = header.generation }
    if let held = keyring.newest(of: session), held.generation >= header.generation { return }
    guard links[link]?.distrusted.contains(session) == false else {
      return ctx.drop(.unwantedGrant)
    }
    guard let announcement = keyring.announcement(of: session),
      announcement.generation >= header.generation, ctx.hybrid.isReady(link)
    else {
      return keyring.early(
        Keyring.EarlyGrant(
          header: header, sealed: sealed, link: link,
          until: ctx.now + ctx.settings.keys.keepEarly))
    }
    guard announcement.generation == header.generation else { return ctx.drop(.unwantedGrant) }
    guard let nonce = Nonce24(Array(sealed.prefix(Nonce24.count))) else {
      return ctx.drop(.badGrant)
    }
    let box = Array(sealed.dropFirst(Nonce24.count))
    do {
      let base = try ctx.hybrid.open(box, nonce: nonce, on: link)
      let chain = try Chain(
        session: session, generation: header.generation,
        counterStart: announcement.counterStart, step: header.step, base: base,
        isProven: header.step == 0, source: link, settings: ctx.settings.keys)
      guard header.step > 0 || chain.commitment(room: id) == announcement.commitment else {
        distrust(link, session)
        return ctx.drop(.badGrant)
      }
      keyring.hold(chain, keep: ctx.settings.keys.generationsKept)
    } catch {
      return ctx.drop(.badGrant)
    }
    handOn(session, &ctx)
    if let stream = stream(of: session) { playWaiting(stream, &ctx) }
  }

  /// To neighbours that are not known to have it; nothing while the key is unproven. A speaker's
  /// first key goes to all, for it is needed at once; a later one the way of news.
  func handOn(_ session: SessionID, _ ctx: inout Context) {
    if keyring.newest(of: session)?.generation ?? 0 > 1, isFed(ctx) {
      for link in newsLinks(except: nil, ctx) { grant(session, to: link, &ctx) }
      return
    }
    let isFirst = keyring.newest(of: session)?.generation ?? 0 <= 1
    for link in links.keys where isFirst || overlay.isActive(link) || forest.uses(link) {
      grant(session, to: link, &ctx)
    }
  }

  /// The speaker attested a frame that our key does not open: somebody handed us a wrong one.
  func distrustKey(of session: SessionID, _ ctx: inout Context) {
    guard let link = keyring.distrust(session) else { return }
    ctx.drop(.badGrant)
    distrust(link, session)
  }

  private func distrust(_ link: LinkID, _ session: SessionID) {
    guard roster[session] != nil else { return }
    links[link]?.distrusted.append(session)
  }

  func received(_ request: GrantRequest, from link: LinkID, _ ctx: inout Context) {
    guard let chain = keyring.newest(of: request.session), chain.isProven,
      chain.generation == request.generation
    else {
      return ctx.note(.keyRefused)
    }
    links[link]?.granted.removeValue(forKey: request.session)
    links[link]?.announced.removeValue(forKey: request.session)
    grant(request.session, to: link, isAnswer: true, &ctx)
  }

  /// Asks for keys that were announced but did not come by themselves.
  func tickKeys(_ ctx: inout Context) {
    // Nobody opens what it says itself, so that cannot show that its older key is over.
    if let own = talker?.chain, own === keyring.newest(of: me.session) {
      keyring.tookOver(me.session, at: ctx.now)
    }
    keyring.forgetOld(at: ctx.now, settings: ctx.settings.keys)
    if let due = rekey, due.at <= ctx.now {
      rekey = nil
      if let talker, talker.isActive { try? renewKey(talker, activation: due.activation, &ctx) }
    }
    if let talker, talker.isActive, talker.isKeyOld(at: ctx.now, ctx.settings.keys) {
      try? renewKey(talker, &ctx)
    }
    guard myRights.listens else { return awaited.removeAll() }
    askForAwaited(&ctx)
    for (session, speaker) in keyring.speakers where session != me.session {
      guard let lacking = keyring.lacks(session) else { continue }
      if let asked = speaker.askedAt, ctx.now < asked + ctx.settings.keys.requestAfter { continue }
      keyring.asked(session, at: ctx.now)
      request(session, lacking.generation, of: nil, &ctx)
    }
  }
}
