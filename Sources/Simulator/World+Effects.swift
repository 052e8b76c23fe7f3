import Mesh
import Wire

/// What a participant wanted done.
extension World {
  func apply(_ resident: Resident, arrival: Bool) {
    var carriedSound = false
    for event in effects.events { carriedSound = happened(event, resident) || carriedSound }
    for note in effects.notes {
      resident.notes.add(note)
      trace.detail("node \(resident.index): \(note)", at: now)
    }
    if arrival, isMeasuring, !carriedSound { resident.controlIn += 1 }
    if resident.isAlive { sendAll(from: resident, forwarding: arrival && carriedSound) }
    effects.removeAll()
    if resident.fedAt == nil, resident.joinedAt != nil, let room,
      resident.participant.isFedTwice(in: room)
    {
      resident.fedAt = now
    }
    check(resident)
  }

  /// True when sound came with it.
  private func happened(_ event: Event, _ resident: Resident) -> Bool {
    switch event {
    case .heard(let frame):
      if resident.isRemoved { removal?.lastHeard = now }
      heard(frame, resident)
      return true
    case .repeated: return true
    case .joined(let id): joined(id, resident)
    case .refused(let refusal, _): refused(refusal, resident)
    case .roster: watches.rosterChanged(resident, room: room, at: now)
    default: break
    }
    return false
  }

  private func heard(_ frame: Heard, _ resident: Resident) {
    trace.mix(UInt64(frame.counter) << 32 | UInt64(resident.index))
    let delay = ledger.heard(
      by: resident.index, session: frame.session.raw, counter: frame.counter,
      payload: frame.payload, at: now)
    guard delay != nil else {
      if resident.isHonest {
        checks.forgedHeard += 1
        let first = checks.firstForgery ?? now
        checks.firstForgery = first
        if now > first + World.timeToFindOut { checks.forgedLate += 1 }
        trace.note("node \(resident.index) heard what nobody said", at: now)
      }
      return
    }
    guard let healedAt, let voice = voices.compactMap(\.self).first else { return }
    let talker = residents[ledger.voices[voice].node]
    if resident.side != talker.side { watches.heardAcross(resident.index, after: now - healedAt) }
  }

  private func joined(_ id: RoomID, _ resident: Resident) {
    if room == nil { room = id }
    guard resident.joinedAt == nil else { return }
    resident.joinedAt = now
    let inside = resident.participant.inspect(id)
    resident.session = inside?.session
    trace.note("node \(resident.index) is in", at: now)
    if let session = inside?.session, now >= topology.presenceFrom {
      watches.joined(resident, session, others: residents, at: now)
    }
    planDeath(of: resident)
  }

  /// Asks again, by another member's link.
  private func refused(_ refusal: Refusal, _ resident: Resident) {
    trace.note("node \(resident.index) was refused: \(refusal.rawValue)", at: now)
    guard resident.joinedAt == nil else { return }
    checks.refusals += 1
    queue.plan(.join, at: now + chance.within(500_000_000...1_500_000_000), resident.index, 1)
  }

  /// Two seconds (Must show 10).
  private static let timeToFindOut: Int64 = 2_000_000_000
}
