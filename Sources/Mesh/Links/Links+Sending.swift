import Keys
import Wire

// The way out. Media goes at once; everything else waits for the flush and shares datagrams.

extension Links {
  /// Sends one record, complete with its type, in a datagram of its own and now: for media.
  ///
  /// What a short record leaves of the cell is filled with zeros, so a media record, which has no
  /// length, must tell itself where it ends. Nothing is allocated.
  ///
  /// - Parameter isSpare: the link carries the same in another record as well, so where there are
  ///   too few slots it may go.
  package mutating func sendNow(
    _ record: [UInt8], on link: LinkID, isSpare: Bool = false, at now: Instant,
    into effects: inout Effects
  ) {
    precondition(!record.isEmpty && record.count <= LinkSpec.plaintext)
    guard let session = table[link], session.isProven else { return }
    if let cover = session.cover, session.isPaced {
      if !cover.offer(sound: record, isSpare: isSpare, at: now, settings.cover) {
        drop(1, &effects)
      }
      return
    }
    let start = session.begin(&effects.outbox)
    effects.outbox.bytes.append(contentsOf: record)
    session.finish(&effects.outbox, from: start, media: true)
  }

  /// Sends a record that is repeated until it has arrived: once, in any order.
  package mutating func send(
    type: UInt8, _ body: [UInt8], on link: LinkID, at now: Instant, into effects: inout Effects
  ) {
    precondition(type >= RecordType.ownersFirst && body.count <= Limits.record)
    guard let session = table[link] else { return }
    guard session.mail.post(type, body) else {
      sayClose(session, CloseReason.leaving, at: now, into: &effects)
      end(session, .undelivered, at: now, into: &effects)
      return
    }
    soil(session)
  }

  /// Sends a record that may be lost.
  package mutating func sendOnce(type: UInt8, _ body: [UInt8], on link: LinkID) {
    precondition(
      type >= RecordType.ownersFirst && type != RecordType.media && body.count <= Limits.record)
    guard let session = table[link], session.isProven,
      session.queue.count < settings.queueBytes
    else { return }
    session.queue.appendRecordHeader(type, count: body.count)
    session.queue.append(contentsOf: body)
    soil(session)
  }

  /// Packs what was said since the last flush into datagrams.
  package mutating func flush(at now: Instant, into effects: inout Effects) {
    guard !dirty.isEmpty else { return }
    for session in dirty {
      session.isDirty = false
      guard session.standing == .current else { continue }
      if let cover = session.cover, session.isPaced {
        hand(session, to: cover, at: now, &effects)
        continue
      }
      if session.isProven {
        session.mail.collect(at: now, patience: session.path.patience)
        if let due = session.mail.due { schedule(due, .retransmit) }
      }
      pack(session, at: now, into: &effects)
    }
    dirty.removeAll(keepingCapacity: true)
  }

  mutating func soil(_ session: Session) {
    session.touch()
    guard !session.isDirty else { return }
    session.isDirty = true
    dirty.append(session)
  }

  mutating func ping(_ session: Session, at now: Instant) {
    let token = UInt32(truncatingIfNeeded: entropy.next())
    session.path.pinged(token, at: now)
    session.queue.appendRecordHeader(RecordType.ping, count: 4)
    session.queue.appendInteger(UInt64(token), bytes: 4)
    soil(session)
  }

  mutating func sayClose(
    _ session: Session, _ reason: UInt8, at now: Instant, into effects: inout Effects
  ) {
    let start = session.begin(&effects.outbox)
    effects.outbox.bytes.appendRecordHeader(RecordType.close, count: 1)
    effects.outbox.bytes.append(reason)
    session.finish(&effects.outbox, from: start)
  }

  private mutating func pack(_ session: Session, at now: Instant, into effects: inout Effects) {
    var taken = 0
    var isDone = false
    while !isDone {
      let start = session.begin(&effects.outbox)
      let first = effects.outbox.bytes.count
      let limit = first + LinkSpec.plaintext
      if session.receipts.due != nil { session.receipts.append(to: &effects.outbox.bytes) }
      appendKeyRecords(session, to: &effects.outbox.bytes)
      let isMailDone = session.mail.append(to: &effects.outbox.bytes, limit: limit)
      let isQueueDone = appendQueued(
        session, from: &taken, to: &effects.outbox.bytes, limit: limit)
      isDone = isMailDone && isQueueDone
      if effects.outbox.bytes.count == first {
        effects.outbox.bytes.removeSubrange(start...)
        break
      }
      session.finish(&effects.outbox, from: start)
    }
    session.queue.removeAll(keepingCapacity: true)
  }

  /// Queued records while they fit; true when none is left.
  private func appendQueued(
    _ session: Session, from taken: inout Int, to bytes: inout [UInt8], limit: Int
  ) -> Bool {
    while taken < session.queue.count {
      let size = RecordType.header + Int(session.queue.integer(at: taken + 1, bytes: 2))
      guard bytes.count + size <= limit else { return false }
      bytes.append(contentsOf: session.queue[taken..<taken + size])
      taken += size
    }
    return true
  }

  func appendKeyRecords(_ session: Session, to bytes: inout [UInt8]) {
    if session.keys.owesRequest, let key = session.keys.takeRequest() {
      appendKeyRecord(RecordType.rekey, key, to: &bytes)
    }
    if session.keys.owesAnswer, let key = session.keys.takeAnswer() {
      appendKeyRecord(RecordType.rekeyAnswer, key, to: &bytes)
    }
  }

  private func appendKeyRecord(_ type: UInt8, _ key: Bytes32, to bytes: inout [UInt8]) {
    bytes.appendRecordHeader(type, count: 2 * LinkSpec.key)
    for word in [key.high.high, key.high.low, key.low.high, key.low.low] {
      bytes.appendInteger(word, bytes: 8)
    }
    headerKeys.current.withBytes { span in
      for index in span.indices { bytes.append(span[index]) }
    }
  }
}
