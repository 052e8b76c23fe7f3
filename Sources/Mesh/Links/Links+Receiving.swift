import Keys
import Wire

// What an opened datagram holds: the link's own records are acted on, the owner's are kept.

extension Links {
  mutating func opened(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) -> LinkID? {
    session.touch()
    if case .closed = session.standing {
      remindOfClose(session, at: now, into: &effects)
      return nil
    }
    if session.pulse.heard(at: now) { events.append(.recovered(session.id)) }
    if session.confirmedAt == nil { confirmed(session, at: now) }
    guard Record.parse(plain, into: &records) else {
      offended(session, at: now, into: &effects)
      return nil
    }
    // Nothing but a link with a clock sends that.
    if records.isEmpty { session.coverHeard = now }
    guard use(session, at: now, into: &effects)
    else {
      offended(session, at: now, into: &effects)
      return nil
    }
    return session.standing == .current ? session.id : nil
  }

  /// The owner found a record that breaks the rules: closes the link and refuses the peer for a
  /// while.
  package mutating func condemn(_ link: LinkID, at now: Instant, into effects: inout Effects) {
    guard let session = table[link] else { return }
    offended(session, at: now, into: &effects)
  }

  private mutating func offended(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) {
    records.removeAll(keepingCapacity: true)
    effects.notes.append(.drop(.malformedRecord))
    refusals.offended(session.node, at: now)
    sayClose(session, CloseReason.malformed, at: now, into: &effects)
    end(session, .malformed, at: now, into: &effects)
  }

  /// Acts on the link's records and moves the owner's together.
  ///
  /// False when one is malformed.
  private mutating func use(
    _ session: Session, at now: Instant, into effects: inout Effects
  ) -> Bool {
    let head = RecordType.mailHead
    var kept = 0
    var ping: Record?
    defer { if let ping, session.standing == .current { answerPing(ping, session) } }
    for index in records.indices {
      var record = records[index]
      if record.type == RecordType.part {
        switch partArrived(record, session) {
        case .none: return false
        case .some(.none): continue
        case .some(.some(let whole)): record = whole
        }
      }
      if record.type >= RecordType.ownersFirst {
        records[kept] = record
        kept += 1
      } else if record.type == RecordType.mail {
        guard record.count >= head, plain[record.start + 4] >= RecordType.ownersFirst else {
          return false
        }
        switch mailArrived(record, session, at: now) {
        case .impossible: return false
        case .duplicate: effects.notes.append(.drop(.duplicateMessage))
        case .fresh:
          records[kept] = Record(
            type: plain[record.start + 4], start: record.start + head,
            count: record.count - head)
          kept += 1
        }
      } else if record.type == RecordType.ping, record.count == 4 {
        // One answer for each datagram, so that it is never more than what came.
        ping = record
      } else {
        guard act(on: record, session, at: now, into: &effects) else { return false }
        // A CLOSE ends it: nothing behind it counts.
        if session.standing != .current { return true }
      }
    }
    records.removeSubrange(kept...)
    return true
  }

  /// The record of which this was the last part, behind what the datagram held; `.some(nil)` when
  /// parts are missing, nil when it cannot be one.
  private mutating func partArrived(_ part: Record, _ session: Session) -> Record?? {
    switch session.parts.arrived(plain[part.start..<part.start + part.count]) {
    case .malformed: return nil
    case .incomplete: return .some(nil)
    case .complete(let bytes):
      let start = plain.count
      guard let whole = Record.whole(bytes, at: start) else { return nil }
      plain.append(contentsOf: bytes)
      return whole
    }
  }

  private mutating func act(
    on record: Record, _ session: Session, at now: Instant,
    into effects: inout Effects
  ) -> Bool {
    switch (record.type, record.count) {
    case (RecordType.pong, 4 + Endpoint.wireCount):
      pongArrived(record, session, at: now)
    case (RecordType.cover, 1):
      return wished(session, slots: plain[record.start], at: now)
    case (RecordType.close, 1):
      let code = plain[record.start]
      records.removeAll(keepingCapacity: true)
      end(session, .closedByPeer(code), at: now, into: &effects)
    case (RecordType.rekey, 64), (RecordType.rekeyAnswer, 64):
      return rekeyArrived(record, session, at: now, into: &effects)
    case (RecordType.acknowledgement, 12):
      let largest = UInt32(truncatingIfNeeded: plain.integer(at: record.start, bytes: 4))
      let bitmap = plain.integer(at: record.start + 4, bytes: 8)
      guard session.mail.acknowledged(largest, bitmap) else { return false }
      if session.mail.hasRoom { soil(session) }
    default:
      return false
    }
    return true
  }

  private mutating func mailArrived(
    _ record: Record, _ session: Session, at now: Instant
  ) -> MailReceipts.Arrival {
    let sequence = UInt32(truncatingIfNeeded: plain.integer(at: record.start, bytes: 4))
    let arrival = session.receipts.arrived(
      sequence, at: now, delay: settings.acknowledgeDelay)
    if let due = session.receipts.due {
      if due <= now { soil(session) }
      schedule(due, .flush)
    }
    return arrival
  }

  /// Where the peer is taken to be is told, not where this came from: an old PING that somebody
  /// held back and sent from elsewhere would make the peer tell others of that place.
  private mutating func answerPing(_ record: Record, _ session: Session) {
    let seen = session.endpoint
    session.queue.appendRecordHeader(RecordType.pong, count: 4 + Endpoint.wireCount)
    session.queue.append(contentsOf: plain[record.start..<record.start + 4])
    session.queue.appendInteger(seen.address.high, bytes: 8)
    session.queue.appendInteger(seen.address.low, bytes: 8)
    session.queue.appendInteger(UInt64(seen.port), bytes: 2)
    soil(session)
  }

  private mutating func pongArrived(_ record: Record, _ session: Session, at now: Instant) {
    let start = record.start
    let token = UInt32(truncatingIfNeeded: plain.integer(at: start, bytes: 4))
    if session.path.answered(token, at: now), !session.isProven {
      session.proven = session.endpoint
      soil(session)
    }
    let seen = Endpoint(
      address: Bytes16(
        high: plain.integer(at: start + 4, bytes: 8),
        low: plain.integer(at: start + 12, bytes: 8)),
      port: UInt16(truncatingIfNeeded: plain.integer(at: start + 20, bytes: 2)))
    reflected(seen, by: session)
  }

  /// Told once per address and link.
  mutating func reflected(_ seen: Endpoint, by session: Session) {
    guard session.reflected != seen, seen.isDiallable,
      !session.paths.isTunnel(session.endpoint)
    else { return }
    session.reflected = seen
    events.append(.reflected(seen, from: session.node))
  }

  /// `key 32 | header key 32`, both ways.
  private mutating func rekeyArrived(
    _ record: Record, _ session: Session, at now: Instant, into effects: inout Effects
  ) -> Bool {
    let half = record.start + 32
    guard
      let key = Bytes32(plain[record.start..<half]),
      let header = Bytes32(plain[half..<half + 32])
    else { return false }
    if record.type == RecordType.rekey {
      guard session.keys.requestArrived(key, at: now, &entropy) else { return false }
      if session.keys.owesAnswer { soil(session) }
    } else {
      guard session.keys.answerArrived(key, at: now) else { return false }
      if session.keys.awaitsPeer {
        effects.notes.append(.rekeyed)
        session.pulse.hurry(at: now)
        ping(session, at: now)
      }
    }
    if let headerKey = try? Secret(header) { session.headerKey = headerKey }
    schedule(session.keys.due, .rekey)
    return true
  }

  /// The peer has moved, or its NAT has: what it sends last tells where it is (WireGuard §2.1).
  ///
  /// Until it answers a ping there, it gets little: the source may be somebody else's.
  mutating func move(
    _ session: Session, to source: Endpoint, at now: Instant, into effects: inout Effects
  ) {
    guard !session.isClosed else { return }
    session.paths.moved(from: session.endpoint, to: source)
    session.endpoint = source
    if session.isProven {
      soil(session)
    } else {
      session.path.forgetPings()
      ping(session, at: now)
      session.pulse.hurry(at: now + settings.awaitedPing)
      schedule(now + settings.awaitedPing, .keepAlive)
    }
    session.reflected = nil
    effects.notes.append(.roamed)
    events.append(.roamed(session.id))
  }
}
