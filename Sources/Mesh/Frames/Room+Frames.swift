import Keys
import OrderedCollections
import Wire

/// A frame's way in: checked, kept, passed on, opened.
extension Room {
  func stream(of session: SessionID) -> Stream? { streams.first { $0.session == session } }

  /// A media record, behind its type byte. The older of its two frames is handled first, so that
  /// frames reach the ear and the next relay in order.
  func receivedMedia(_ record: Span<UInt8>, from link: LinkID, _ ctx: inout Context) {
    guard links[link] != nil else { return ctx.drop(.notJoined) }
    var reader = Reader(record)
    guard let head = try? MediaHead(from: &reader) else { return ctx.drop(.malformedRecord) }
    guard let stream = stream(of: head.session), !stream.isOwn else {
      return ctx.drop(.unknownSpeaker)
    }
    let size = stream.bodyBytes
    guard reader.remaining >= (head.hasPrevious ? 2 * size : size) else {
      return ctx.drop(.wrongFrameSize)
    }
    guard let newer = try? reader.span(size) else { return ctx.drop(.wrongFrameSize) }
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
    switch stream.judge(counter, at: ctx.now, settings: ctx.settings.frames) {
    case .duplicate:
      stream.status.duplicates += 1
      if listening { ctx.tell(.repeated(id, stream.session, counter)) }
      return
    case .tooOld: return ctx.drop(.frameTooOld)
    case .tooFar: return ctx.drop(.counterTooFar)
    case .tooMany: return ctx.drop(.frameRate)
    case .new: break
    }
    frame.removeAll(keepingCapacity: true)
    FrameHeader.append(session: stream.session, step: step, counter: counter, to: &frame)
    for index in body.indices { frame.append(body[index]) }
    let leaf = Digest.leaf(room: id, frame: frame.span)
    if let promised = stream.attestedLeaf(of: counter) {
      guard promised == leaf else { return forged(by: link, &ctx) }
      stream.confirm(at: ctx.now)
    }
    stream.keep(counter, step: step, leaf: leaf, source: link, body: body, at: ctx.now)
    forward(counter, of: stream, except: link, &ctx)
    // The next frame overtook this one and left without it: those whose other tree is down would
    // never get it.
    if stream.takeLonely(counter + 1) { forward(counter + 1, of: stream, except: nil, &ctx) }
    if listening { deliver(counter, step: step, of: stream, &ctx) }
  }

  /// Opens the frame that lies in `frame` and plays it, if its stream is proven to be who it says.
  private func deliver(
    _ counter: UInt32, step: UInt8, of stream: Stream, _ ctx: inout Context
  ) {
    let outcome = keyring.open(
      frame.span, session: stream.session, counter: counter, stepByte: step, room: id, at: ctx.now,
      settings: ctx.settings.keys, into: &plain)
    switch outcome {
    case .noKey: return ctx.drop(.noKey)
    case .broken: return ctx.drop(.sealBroken)
    case .opened: break
    }
    guard let level = plain.first, ctx.now <= stream.provenAt + ctx.settings.frames.unproven else {
      return
    }
    ctx.tell(
      .heard(
        Heard(
          room: id, session: stream.session, counter: counter, duration: stream.duration,
          level: level & 0x7F, payload: Array(plain.dropFirst()))))
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
    if talker.isKeyOld(at: ctx.now, ctx.settings.keys) {
      do { try renewKey(talker, &ctx) } catch { return .memoryFull }
    }
    streams.removeAll { $0.isOwn }
    streams.append(
      Stream(
        session: me.session, key: me.signingKey,
        bodyBytes: talker.sealedBytes - FrameHeader.count, duration: duration, isOwn: true,
        floor: talker.nextCounter, settings: ctx.settings.frames, at: ctx.now))
    publish(&ctx) {
      $0.flags.formUnion([.speaking, .root])
      $0.frameMilliseconds = duration.rawValue
      $0.frameBytes = UInt16(talker.sealedBytes)
    }
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
    ctx.tell(.speaking(id, me.session, false))
    return nil
  }

  /// A member's part changed: make or end its stream.
  func stageChanged(_ member: Roster.Member, _ ctx: inout Context) {
    defer { rootsChanged(&ctx) }
    let presence = member.presence
    guard member.isSpeaking, presence.frameBytes > 0,
      let duration = FrameDuration(rawValue: presence.frameMilliseconds)
    else { return }
    let body = Int(presence.frameBytes) - FrameHeader.count
    let old = stream(of: member.session)
    if let old, old.bodyBytes == body, old.duration == duration { return }
    streams.removeAll { $0.session == member.session }
    guard streams.count < ctx.settings.frames.streams else { return ctx.drop(.rosterFull) }
    streams.append(
      Stream(
        session: member.session, key: member.key, bodyBytes: body, duration: duration,
        isOwn: false, floor: (old?.highest ?? 0) + 1, settings: ctx.settings.frames, at: ctx.now))
  }
}
