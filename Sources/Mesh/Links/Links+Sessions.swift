import Keys
import Wire

// How links begin and end, and what happens when two nodes dial each other at once.

extension Links {
  /// Closes a link; the peer is told.
  package mutating func close(
    _ link: LinkID, reason: UInt8, at now: Instant, into effects: inout Effects
  ) {
    guard let session = table[link] else { return }
    drain(session, at: now, into: &effects)
    sayClose(session, reason, at: now, into: &effects)
    session.standing = .closed(
      reason, until: now.advanced(by: settings.closedLife), answers: 0)
    schedule(now.advanced(by: settings.closedLife), .linkTimeout)
    table.retire(session)
    acquaintances.wrote(to: session.endpoint, at: now)
    announceEnd(session, .closedHere(reason), into: &effects)
  }

  /// Watched links are pinged often and soon suspected: tree parents and those who stand by.
  package mutating func watch(_ link: LinkID, _ on: Bool, at now: Instant) {
    guard let session = table[link] else { return }
    session.pulse.watch(on, at: now)
    session.touch()
    schedule(min(session.pulse.pingDue, session.pulse.verdictDue), .keepAlive)
  }

  /// Whether a link stays when the peer has just dialled a second one.
  ///
  /// Of two links dialled at once, that of the dialler with the smaller key stays: both sides come
  /// to the same answer without a word.
  func outlasts(_ existing: Session, at now: Instant) -> Bool {
    guard existing.dialled, id < existing.node else { return false }
    guard let confirmedAt = existing.confirmedAt else { return true }
    // Long after: the peer has lost the first link, or it would not have dialled.
    return now - confirmedAt < settings.simultaneous
  }

  mutating func install(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) {
    if let existing = table[session.node] {
      end(existing, .replaced, at: now, into: &effects)
    }
    forgetDial(to: session.node)
    if !session.dialled { redials.forget(session.node) }
    table.insert(session)
    effects.notes.append(.linkUp)
    events.append(
      .up(session.id, session.node, dialled: session.dialled ? session.contact : nil))
    schedule(session.pulse.pingDue, .keepAlive)
    if settings.cover.isOn { cover(session, answering: nil, at: now) }
  }

  /// The peer of a link we dialled has proved to have it.
  mutating func confirmed(_ session: Session, at now: Instant) {
    session.confirmedAt = now
    session.confirmation = nil
    redials.forget(session.node)
  }

  /// Ends a session without a word to the peer.
  mutating func end(
    _ session: Session, _ reason: LinkEnd, at now: Instant, into effects: inout Effects
  ) {
    guard session.standing == .current else { return }
    session.standing = .closed(CloseReason.leaving, until: now, answers: 0)
    table.remove(session)
    acquaintances.wrote(to: session.endpoint, at: now)
    announceEnd(session, reason, into: &effects)
  }

  /// A peer talks on a link we closed: it missed our word.
  mutating func remindOfClose(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) {
    guard case .closed(let reason, let until, let answers) = session.standing,
      answers < Self.remindersOfClose
    else { return }
    session.standing = .closed(reason, until: until, answers: answers + 1)
    sayClose(session, reason, at: now, into: &effects)
  }

  private mutating func announceEnd(
    _ session: Session, _ reason: LinkEnd, into effects: inout Effects
  ) {
    effects.notes.append(.linkDown)
    events.append(.down(session.id, session.node, reason))
  }

  /// Guess: two pings and some mail.
  private static var remindersOfClose: Int { 8 }
}
