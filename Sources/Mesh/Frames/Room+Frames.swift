import Keys
import OrderedCollections
import Wire

/// A frame's way in: checked, kept, passed on, opened.
extension Room {
  func stream(of session: SessionID) -> Stream? { streams.first { $0.session == session } }

  /// A media record, behind its type byte. The older of its two frames is handled first, so that
  /// frames reach the ear and the next relay in order.
  func receivedMedia(_ record: Span<UInt8>, from link: LinkID, _ ctx: inout Context) {
    guard let peer = links[link] else { return ctx.drop(.notJoined) }
    var reader = Reader(record)
    guard let head = try? MediaHead(from: &reader) else { return ctx.drop(.malformedRecord) }
    guard let stream = stream(of: head.session), !stream.isOwn else {
      return ctx.drop(.unknownSpeaker)
    }
    guard !stream.isSilenced else { return ctx.drop(.notAllowed) }
    guard mayFeed(peer, stream, ctx) else {
      ctx.drop(.unwantedMedia)
      return decline(Tree(counter: head.counter), link, &ctx)
    }
    let size = stream.bodyBytes
    guard reader.remaining >= (head.hasPrevious ? 2 * size : size) else {
      return ctx.drop(.wrongFrameSize)
    }
    guard let newer = try? reader.span(size) else { return ctx.drop(.wrongFrameSize) }
    guard peer.offence?.suspends(at: ctx.now) != true else {
      ctx.drop(.suspended)
      if !head.repaired { sawPrimary(head.counter, of: stream, from: link, &ctx) }
      return
    }
    if head.hasPrevious, let older = try? reader.span(size) {
      take(
        head.counter - 1, step: head.previousStep, older, of: stream, from: link, &ctx)
    }
    take(head.counter, step: head.step, newer, of: stream, from: link, &ctx)
    if !head.repaired { sawPrimary(head.counter, of: stream, from: link, &ctx) }
  }

  private func take(
    _ counter: UInt32, step: UInt8, _ body: Span<UInt8>, of stream: Stream, from link: LinkID,
    _ ctx: inout Context
  ) {
    switch stream.judge(counter, at: ctx.now) {
    case .duplicate:
      stream.status.duplicates += 1
      if listening { ctx.tell(.repeated(id, stream.session, counter)) }
      return
    case .tooOld: return ctx.drop(.frameTooOld)
    case .tooFar:
      askForProof(counter, of: stream, from: link, &ctx)
      return ctx.drop(.counterTooFar)
    case .tooMany: return ctx.drop(.frameRate)
    case .new: break
    }
    frame.removeAll(keepingCapacity: true)
    FrameHeader.append(session: stream.session, step: step, counter: counter, to: &frame)
    for index in body.indices { frame.append(body[index]) }
    let leaf = Digest.leaf(room: id, frame: frame.span)
    if let promised = stream.attestedLeaf(of: counter) {
      guard promised == leaf || ctx.mischief.contains(.gullible) else {
        return delivered(forgery: counter, of: stream, link, &ctx)
      }
      stream.confirm(at: ctx.now)
    }
    stream.keep(counter, step: step, leaf: leaf, source: link, body: body, at: ctx.now)
    forward(counter, of: stream, except: link, &ctx)
    // The next frame overtook this one and left without it: those whose other tree is down would
    // never get it.
    if stream.takeLonely(counter + 1) { forward(counter + 1, of: stream, except: nil, &ctx) }
    if listening || keyring.isUnproven(stream.session) {
      play(counter, step: step, of: stream, &ctx)
    }
  }

  /// Frames are taken from those who were asked for them, and from the speaker itself: nobody else
  /// in the room can put frames between.
  private func mayFeed(_ peer: RoomLink, _ stream: Stream, _ ctx: borrowing Context) -> Bool {
    if let until = peer.shunnedUntil, ctx.now < until { return false }
    if peer.session == stream.session || forest.feeds(peer.link) { return true }
    if let until = peer.feedsUntil, ctx.now < until { return true }
    return forest.isHungry && !isRootNow
  }

  /// Opens the frame that lies in `frame` and plays it, if its stream is proven to be who it says.
  private func play(
    _ counter: UInt32, step: UInt8, of stream: Stream, _ ctx: inout Context
  ) {
    let outcome = keyring.open(
      frame.span, session: stream.session, counter: counter, stepByte: step, room: id, at: ctx.now,
      settings: ctx.settings.keys, into: &plain)
    switch outcome {
    case .noKey:
      missing(step, of: stream, from: stream.source(of: counter), &ctx)
      return ctx.drop(.noKey)
    case .broken:
      stream.settle(counter, .broken)
      return ctx.drop(.sealBroken)
    case .proved: handOn(stream.session, &ctx)
    case .opened: break
    }
    guard listening, let level = plain.first, isCredible(counter, of: stream, ctx) else { return }
    stream.settle(counter, .played)
    ctx.tell(
      .heard(
        Heard(
          room: id, session: stream.session, counter: counter, duration: stream.duration,
          level: level & 0x7F, payload: Array(plain.dropFirst()))))
  }

  /// Whether a frame may be played that every holder of the key could have made: for a moment after
  /// the last proof, while its speaker says of itself that it speaks.
  private func isCredible(
    _ counter: UInt32, of stream: Stream, _ ctx: borrowing Context
  ) -> Bool {
    if stream.attestedLeaf(of: counter) != nil || ctx.mischief.contains(.gullible) { return true }
    guard !ctx.settings.frames.isStrict, ctx.now >= stream.suspectUntil else { return false }
    return roster[stream.session]?.isSpeaking == true
      && ctx.now <= stream.provenAt + ctx.settings.frames.unproven
  }

  /// A key or a proof has come: what waited for it is played, unless that is too long ago to be
  /// put in its place.
  func playWaiting(_ stream: Stream, _ ctx: inout Context) {
    guard listening, !stream.isOwn, keyring.newest(of: stream.session) != nil else { return }
    for counter in stream.waiting(at: ctx.now, patience: ctx.settings.frames.held) {
      frame.removeAll(keepingCapacity: true)
      let step = stream.step(of: counter)
      FrameHeader.append(session: stream.session, step: step, counter: counter, to: &frame)
      stream.appendBody(of: counter, to: &frame)
      play(counter, step: step, of: stream, &ctx)
    }
  }

  /// Our own next frame.
  func speak(_ payload: [UInt8], level: UInt8, _ ctx: inout Context) -> Refusal? {
    guard let talker, talker.isActive, let stream = stream(of: me.session) else {
      return .notSpeaking
    }
    guard payload.count == talker.payloadBytes else { return .payloadSize }
    frame.removeAll(keepingCapacity: true)
    guard let sealed = try? talker.seal(payload, level: level, room: id, into: &frame),
      frame.count == talker.sealedBytes
    else { return .memoryFull }
    let counter = sealed
    let leaf = Digest.leaf(room: id, frame: frame.span)
    stream.keep(
      counter, step: frame[4], leaf: leaf, source: nil,
      body: frame.span.extracting(droppingFirst: FrameHeader.count), at: ctx.now)
    forward(counter, of: stream, except: nil, &ctx)
    if let attestation = talker.attest(
      counter: counter, leaf: leaf, session: me.session, every: stream.attestEvery)
    {
      publish(attestation, of: stream, &ctx)
    }
    return nil
  }

  // MARK: Coming on and going off stage

  func startSpeaking(
    duration: FrameDuration, payload: Int, _ ctx: inout Context
  ) -> Refusal? {
    let talker = talker ?? Talker()
    self.talker = talker
    talker.start(payload: payload, duration: duration)
    guard Limits.sealedFrame.contains(talker.sealedBytes) else {
      talker.stop()
      return .payloadSize
    }
    guard myRights.speaks && wouldSit || isDefiant else {
      talker.stop()
      return myRights.speaks ? .stageFull : .notAllowed
    }
    if talker.isKeyOld(at: ctx.now, ctx.settings.keys) {
      do { try renewKey(talker, &ctx) } catch { return .memoryFull }
    }
    streams.removeAll { $0.isOwn }
    streams.append(
      Stream(
        session: me.session, key: me.signingKey,
        bodyBytes: talker.sealedBytes - FrameHeader.count, duration: duration, isOwn: true,
        floor: talker.nextCounter, settings: ctx.settings.frames, at: ctx.now))
    let (began, first) = (beginning(ctx), talker.nextCounter)
    publish(&ctx) {
      $0.flags.formUnion([.speaking, .root])
      $0.frameMilliseconds = duration.rawValue
      $0.frameBytes = UInt16(talker.sealedBytes)
      $0.began = began
      $0.firstFrame = first
    }
    air()
    rootsChanged(&ctx)
    ctx.tell(.speaking(id, me.session, true))
    return nil
  }

  func stopSpeaking(_ ctx: inout Context) -> Refusal? {
    guard let talker, talker.isActive, let stream = stream(of: me.session) else {
      return .notSpeaking
    }
    if let rest = talker.attestation(session: me.session), !stream.hasAttestation(rest.last) {
      publish(rest, of: stream, &ctx)
    }
    talker.stop()
    forest.fellSilent = ctx.now
    publish(&ctx) { $0.flags.remove(.speaking) }
    air()
    ctx.tell(.speaking(id, me.session, false))
    return nil
  }

  /// A member's part changed: make or end its stream.
  func stageChanged(_ member: Roster.Member, began: Bool, _ ctx: inout Context) {
    defer {
      air()
      rootsChanged(&ctx)
    }
    let presence = member.presence
    guard member.isSpeaking, presence.frameBytes > 0,
      let duration = FrameDuration(rawValue: presence.frameMilliseconds)
    else { return }
    let body = Int(presence.frameBytes) - FrameHeader.count
    let old = stream(of: member.session)
    if let old, old.bodyBytes == body, old.duration == duration {
      guard began else { return }
      old.resume(at: ctx.now)
      return playWaiting(old, &ctx)
    }
    if let old { heardUpTo[member.session] = old.highest }
    streams.removeAll { $0.session == member.session }
    guard makeRoomForStream(&ctx) else { return ctx.drop(.stageFull) }
    streams.append(
      Stream(
        session: member.session, key: member.key, bodyBytes: body, duration: duration,
        isOwn: false, floor: (heardUpTo[member.session] ?? 0) + 1, settings: ctx.settings.frames,
        at: ctx.now))
  }

  /// Of too many streams the one that has been over for longest goes.
  private func makeRoomForStream(_ ctx: inout Context) -> Bool {
    guard streams.count >= ctx.settings.frames.streams else { return true }
    let over = streams.filter { !$0.isOwn && roster[$0.session]?.isSpeaking != true }
      .min { $0.lastArrival < $1.lastArrival }
    guard let over else { return false }
    heardUpTo[over.session] = over.highest
    streams.removeAll { $0 === over }
    return true
  }
}
