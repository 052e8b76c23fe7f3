import Keys
import Wire

// Links with a clock: in every slot one datagram of one size, whatever there is to say.

extension Links {
  /// Links there may be. With cover no more than the uplink pays for: a link beside them would show
  /// what the others hide.
  var most: Int {
    settings.cover.isOn
      ? min(settings.sessions, settings.cover.links(of: uplink)) : settings.sessions
  }

  /// Nil when it is off.
  package var coverStatus: CoverStatus? {
    guard settings.cover.isOn else { return nil }
    return CoverStatus(
      slots: settings.cover.slots, bytesPerSecondOfLink: settings.cover.bytesPerSecond,
      linksMost: most)
  }

  /// The uplink in bit/s, which bounds how many links are covered. The youngest beyond it end.
  package mutating func pay(uplink: Int, at now: Instant, into effects: inout Effects) {
    self.uplink = uplink
    guard settings.cover.isOn else { return }
    for link in up.dropFirst(most) {
      close(link, reason: CloseReason.leaving, at: now, into: &effects)
    }
  }

  /// Begins to send by the clock; all links share one.
  mutating func cover(_ session: Session, answering: Cover.Answering?, at now: Instant) {
    guard session.cover == nil else { return }
    let cover = Cover()
    cover.answering = answering
    session.cover = cover
    if nextSlot == nil {
      let pause = UInt64(settings.cover.pause.nanoseconds)
      nextSlot = now.advanced(by: .nanoseconds(Int64(entropy.below(pause)) + 1))
    }
    if let nextSlot { schedule(nextSlot, .cover) }
  }

  /// The peer sends by a clock, and wishes that we do: as far as the uplink allows.
  mutating func wished(_ session: Session, slots: UInt8, at now: Instant) -> Bool {
    guard slots > 0 else { return false }
    session.coverHeard = now
    guard session.cover == nil, session.isOpenToWatchers, !session.isCoverRefused,
      table.all.count(where: { $0.cover?.answering != nil }) < settings.cover.answers(of: uplink)
    else { return true }
    let answering = Cover.Answering(datagramsIn: session.measured.datagramsIn)
    cover(session, answering: answering, at: now)
    return true
  }

  /// Sends what is due by the clock.
  mutating func runSlots(at now: Instant, into effects: inout Effects) {
    guard let slot = nextSlot, slot <= now else { return }
    let pause = settings.cover.pause
    let due = (now - slot).nanoseconds / pause.nanoseconds + 1
    nextSlot = slot.advanced(by: .nanoseconds(due * pause.nanoseconds))
    var isNeeded = false
    for session in table.all where session.cover != nil && session.standing == .current {
      isNeeded = true
      for _ in 0..<min(due, Int64(settings.cover.madeUp)) {
        fillSlot(session, at: now, into: &effects)
      }
    }
    if !isNeeded { nextSlot = nil }
  }

  /// What is queued waits for slots from now on.
  func hand(_ session: Session, to cover: Cover, at now: Instant, _ effects: inout Effects) {
    if !cover.offer(queue: session.queue, at: now, settings.cover) { drop(1, &effects) }
    session.queue.removeAll(keepingCapacity: true)
  }

  /// Before a link ends: what its owner said last, in cells, and not by the clock any more.
  mutating func drain(_ session: Session, at now: Instant, into effects: inout Effects) {
    guard let cover = session.cover, session.isPaced else { return }
    hand(session, to: cover, at: now, &effects)
    for _ in 0..<Self.lastCells where waits(session, cover, at: now) {
      let start = session.begin(&effects.outbox)
      appendControl(session, cover, to: &effects.outbox.bytes, at: now)
      session.finish(&effects.outbox, from: start, isCell: true)
    }
  }

  private mutating func fillSlot(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) {
    guard let cover = session.cover, session.standing == .current else { return }
    guard session.isPaced else { return cover.clear() }
    if session.mail.isHopeless(at: now) {
      sayClose(session, CloseReason.leaving, at: now, into: &effects)
      return end(session, .undelivered, at: now, into: &effects)
    }
    drop(cover.expire(at: now, settings.cover), &effects)
    let start = session.begin(&effects.outbox)
    let controlWaits = waits(session, cover, at: now)
    if cover.takesSound(controlWaits: controlWaits, settings.cover) {
      cover.moveSound(to: &effects.outbox.bytes)
    } else {
      appendControl(session, cover, to: &effects.outbox.bytes, at: now)
    }
    // An empty one is a cell too.
    session.finish(&effects.outbox, from: start, isCell: true)
    judge(session, cover)
  }

  /// Whether there is anything but sound to say.
  private func waits(_ session: Session, _ cover: Cover, at now: Instant) -> Bool {
    session.receipts.due != nil || session.keys.owesRequest || session.keys.owesAnswer
      || !cover.own.isEmpty || !cover.parts.isEmpty || !cover.once.isEmpty
      || session.mail.hasNext(at: now)
  }

  /// As much as fits of everything but sound.
  private mutating func appendControl(
    _ session: Session, _ cover: Cover, to bytes: inout [UInt8], at now: Instant
  ) {
    let end = bytes.count + Limits.cell
    let isMailFirst = cover.takesMailFirst()
    if isMailFirst { appendMail(session, cover, to: &bytes, end: end, at: now) }
    if session.receipts.due != nil, end - bytes.count >= MailReceipts.bytesMost {
      session.receipts.append(to: &bytes)
    }
    if end - bytes.count >= Self.keyRecord { appendKeyRecords(session, to: &bytes) }
    while !cover.own.isEmpty, cover.own.next <= end - bytes.count { cover.own.move(to: &bytes) }
    appendOnce(cover, to: &bytes, end: end, at: now)
    if !isMailFirst { appendMail(session, cover, to: &bytes, end: end, at: now) }
    if settings.cover.isOn, end - bytes.count > RecordType.header {
      bytes.appendRecordHeader(RecordType.cover, count: 1)
      bytes.append(UInt8(clamping: settings.cover.slots))
    }
  }

  private func appendOnce(_ cover: Cover, to bytes: inout [UInt8], end: Int, at now: Instant) {
    while cover.parts.isEmpty, !cover.once.isEmpty {
      if cover.once.next > Limits.cell {
        cover.split(cover.once.take(), at: now)
        appendParts(cover, to: &bytes, end: end)
      } else if cover.once.next <= end - bytes.count {
        cover.once.move(to: &bytes)
      } else {
        break
      }
    }
  }

  private func appendParts(_ cover: Cover, to bytes: inout [UInt8], end: Int) {
    while !cover.parts.isEmpty, cover.parts.next <= end - bytes.count {
      cover.parts.move(to: &bytes)
    }
  }

  private func appendMail(
    _ session: Session, _ cover: Cover, to bytes: inout [UInt8], end: Int, at now: Instant
  ) {
    appendParts(cover, to: &bytes, end: end)
    while cover.parts.isEmpty,
      let size = session.mail.next(at: now, patience: session.path.patience)
    {
      if size > Limits.cell {
        cover.split(session.mail.take(), at: now)
        appendParts(cover, to: &bytes, end: end)
      } else if size <= end - bytes.count {
        bytes.append(contentsOf: session.mail.take())
      } else {
        break
      }
    }
  }

  /// Who wished for cover and sends little itself gets none.
  private func judge(_ session: Session, _ cover: Cover) {
    guard var answering = cover.answering else { return }
    answering.slots += 1
    let looked = Int(settings.cover.judged.nanoseconds / settings.cover.pause.nanoseconds)
    if answering.slots >= looked {
      let came = session.measured.datagramsIn - answering.datagramsIn
      guard came >= UInt64(looked / 4) else {
        session.cover = nil
        session.isCoverRefused = true
        // Mail that waited for slots is due by its own times again.
        return session.touch()
      }
      answering = Cover.Answering(datagramsIn: session.measured.datagramsIn)
    }
    cover.answering = answering
  }

  func drop(_ count: Int, _ effects: inout Effects) {
    for _ in 0..<count { effects.notes.append(.drop(.slotsFull)) }
  }

  private static var keyRecord: Int { RecordType.header + 2 * LinkSpec.key }
  /// A guess: a farewell to all rooms.
  private static var lastCells: Int { 32 }
}
