import Wire

// What time alone brings about.

extension Links {
  /// To be called at ``nextDeadline``; earlier does no harm.
  package mutating func tick(at now: Instant, into effects: inout Effects) {
    guard let due = nextDeadline?.instant, due <= now else { return }
    nextDeadline = nil
    headerKeys.rotate(at: now, &entropy)
    retryDials(at: now, into: &effects)
    reception.forgetHalfOpen(at: now, &table)
    // A node with a hundred links hears little on most of them.
    for slot in table.agenda.slots where table.agenda[slot].instant <= now {
      if let session = table[slot: slot] { run(session, at: now, into: &effects) }
    }
    flush(at: now, into: &effects)
    runSlots(at: now, into: &effects)
    plan(at: now)
  }

  private mutating func run(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) {
    switch session.standing {
    case .closed(_, let until, _):
      if until <= now { table.remove(session) }
      return
    case .current:
      break
    }
    if session.confirmation != nil, !confirmAgain(session, at: now, into: &effects) { return }
    switch session.pulse.judge(at: now) {
    case .dead:
      sayClose(session, CloseReason.leaving, at: now, into: &effects)
      return end(session, .silent, at: now, into: &effects)
    case .suspect:
      events.append(.suspect(session.id))
      doubt(session.id, at: now, into: &effects)
    case .alive: break
    }
    tickPaths(session, at: now, into: &effects)
    if session.mail.isHopeless(at: now) {
      sayClose(session, CloseReason.leaving, at: now, into: &effects)
      return end(session, .undelivered, at: now, into: &effects)
    }
    if session.keys.isOverdue(at: now) {
      sayClose(session, CloseReason.leaving, at: now, into: &effects)
      return end(session, .unkeyed, at: now, into: &effects)
    }
    session.keys.forgetOld(at: now)
    session.keys.ask(at: now, count: session.count, &entropy)
    let isAwaited =
      session.confirmedAt == nil || session.keys.awaitsPeer || !session.isProven
    let needsPing = session.pulse.takePing(
      at: now, measuredAt: session.path.lastMeasured, isAwaited: isAwaited, &entropy)
    if needsPing { ping(session, at: now) }
    let isMailDue = session.mail.due.map { $0 <= now } ?? false
    let areReceiptsDue = session.receipts.due.map { $0 <= now } ?? false
    if session.keys.owesRequest || isMailDue || areReceiptsDue { soil(session) }
  }

  /// Repeats message 3; false when that has been done often enough, and the link is gone.
  private mutating func confirmAgain(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) -> Bool {
    guard var confirmation = session.confirmation, confirmation.due <= now else { return true }
    guard confirmation.repeats < settings.confirmRepeats else {
      sayClose(session, CloseReason.leaving, at: now, into: &effects)
      redials.failed(session.node, at: now, &entropy)
      end(session, .unanswered, at: now, into: &effects)
      return false
    }
    confirmation.repeats += 1
    confirmation.pause = confirmation.pause * 3 / 2
    confirmation.due = now.advanced(by: confirmation.pause)
    session.confirmation = confirmation
    sendMasked(
      confirmation.body, mask: confirmation.mask, to: session.endpoint, into: &effects)
    session.pulse.hurry(at: now)
    return true
  }

  /// Finds the next deadline.
  private mutating func plan(at now: Instant) {
    if let nextSlot { schedule(nextSlot, .cover) }
    if let due = headerKeys.changeDue { schedule(due, .rekey) }
    for dial in dials { schedule(dial.nextDue, .dialling) }
    if let due = reception.halfOpenDue { schedule(due, .handshake) }
    let agenda = table.agenda
    for slot in agenda.slots {
      if agenda[slot].instant <= now, let session = table[slot: slot] {
        agenda[slot] = due(session)
      }
      schedule(agenda[slot].instant, agenda[slot].reason)
    }
  }

  private func due(_ session: Session) -> Deadline {
    if case .closed(_, let until, _) = session.standing { return Deadline(until, .linkTimeout) }
    var next = Deadline(session.pulse.pingDue, .keepAlive)
    func consider(_ instant: Instant?, _ reason: Deadline.Reason) {
      if let instant, instant < next.instant { next = Deadline(instant, reason) }
    }
    consider(session.confirmation?.due, .handshake)
    consider(session.pulse.verdictDue, .linkTimeout)
    consider(session.keys.due, .rekey)
    if !session.isPaced {
      if session.isProven { consider(session.mail.due, .retransmit) }
      consider(session.receipts.due, .flush)
    }
    consider(session.paths.due, .keepAlive)
    return next
  }
}
