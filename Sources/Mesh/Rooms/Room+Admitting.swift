import Keys
import OrderedCollections
import Wire

/// Who may come in: at once, after somebody said yes, or not at all.
extension Room {
  /// Lets in whom nothing stands against. Who could still be let in waits for the operation that
  /// does it; while we come in ourselves, everybody may be such.
  func consider(_ join: Join, link: LinkID, node: NodeID, _ ctx: inout Context) {
    guard let objection = objection(to: join, ctx) else {
      return admit(join, link: link, node: node, &ctx)
    }
    ctx.drop(objection)
    guard objection == .notAdmitted || mayBeBehind(objection) else {
      return refuse(link, objection, &ctx)
    }
    guard guests[link] != nil || guests.count < ctx.settings.entry.waiting else {
      ctx.drop(.waitingFull)
      return refuse(link, .badAdmission, &ctx)
    }
    hold(join, link: link, node: node, for: ctx.settings.entry.pleaEvery, &ctx)
    if isMember { plead(for: join, &ctx) } else { receiveEarly(from: link, &ctx) }
  }

  /// Nothing stands against it but, in an open room, what it costs to be unknown.
  private func admit(_ join: Join, link: LinkID, node: NodeID, _ ctx: inout Context) {
    switch toll(of: join, on: link, &ctx) {
    case .paid:
      guests.removeValue(forKey: link)
      welcome(join, link: link, node: node, &ctx)
    case .wanted:
      guests.removeValue(forKey: link)
      ctx.drop(.unpaid)
      refuse(link, .unpaid, &ctx)
    case .later:
      guard guests[link] != nil || guests.count < ctx.settings.entry.waiting else {
        ctx.drop(.waitingFull)
        return refuse(link, .badAdmission, &ctx)
      }
      hold(join, link: link, node: node, for: ctx.settings.entry.stampPause * 4, &ctx)
    }
  }

  private func hold(
    _ join: Join, link: LinkID, node: NodeID, for pause: Duration, _ ctx: inout Context
  ) {
    let known = guests[link]
    guests[link] = Guest(
      join: join, node: node, until: known?.until ?? ctx.now + ctx.settings.entry.patience,
      pleaAt: ctx.now + pause)
    if isMember, known == nil { refuse(link, .notAdmitted, &ctx) }
  }

  /// A joiner knows no operations yet; its first neighbour tells it.
  private func mayBeBehind(_ objection: Drop) -> Bool {
    !isMember && (objection == .badAdmission || objection == .notAdmitted)
  }

  private func objection(to join: Join, _ ctx: borrowing Context) -> Drop? {
    guard let charter, let standing else { return .badJoin }
    let person = join.certificate.persona
    return charter.objection(
      to: person, join.admission, standing: standing, isEntering: !isHere(person), at: ctx.now)
  }

  /// An operation came: somebody who waits may be admitted by it, or waits in vain from now on.
  func reconsider(_ ctx: inout Context) {
    for (link, guest) in guests {
      if objection(to: guest.join, ctx) == nil {
        consider(guest.join, link: link, node: guest.node, &ctx)
      } else if isUsedUp(guest.join.admission) {
        guests.removeValue(forKey: link)
        refuse(link, .badAdmission, &ctx)
      }
    }
    for (session, stranger) in strangers {
      guard let link = links.keys.first else { break }
      strangers.removeValue(forKey: session)
      received(stranger.record, from: link, &ctx)
    }
  }

  /// What admits are counted, so a log that is not all here can only say too little.
  private func isUsedUp(_ admission: Admission?) -> Bool {
    guard isMember, let admission else { return false }
    return standing?.invites[admission.invite]?.isUsedUp == true
  }

  func tickGuests(_ ctx: inout Context) {
    paid.removeAll { $0.value <= ctx.now }
    for (link, guest) in guests {
      guard guest.until > ctx.now else {
        guests.removeValue(forKey: link)
        refuse(link, .badAdmission, &ctx)
        continue
      }
      guard guest.pleaAt <= ctx.now else { continue }
      guests[link]?.pleaAt = ctx.now + ctx.settings.entry.pleaEvery
      guard objection(to: guest.join, ctx) != nil else {
        consider(guest.join, link: link, node: guest.node, &ctx)
        continue
      }
      if isMember { plead(for: guest.join, &ctx) }
    }
  }

  // MARK: Invites that are burnt

  private func plead(for join: Join, _ ctx: inout Context) {
    guard let admission = join.admission else { return }
    honour(admission, from: nil, &ctx)
  }

  /// The inviter's node says yes by its log; others pass the plea on.
  private func honour(_ admission: Admission, from source: LinkID?, _ ctx: inout Context) {
    guard let standing else { return }
    switch InviteBurning.decide(on: admission, by: me.person, standing: standing, at: ctx.now) {
    case .admit(let sequence):
      _ = write(.admit, about: admission.persona.raw, argument: sequence, &ctx)
    case .notMine: passOn(admission, from: source, &ctx)
    case .refuse: ctx.drop(.badAdmission)
    case .isIn, .notNeeded: break
    }
  }

  func received(_ admission: Admission, from link: LinkID, _ ctx: inout Context) {
    if let known = pleas[admission.persona], ctx.now < known { return }
    guard pleas.count < ctx.settings.entry.pleas else { return ctx.drop(.rateLimited) }
    honour(admission, from: link, &ctx)
  }

  /// To the inviter itself if we know it well enough, to everybody otherwise; once.
  private func passOn(_ admission: Admission, from source: LinkID?, _ ctx: inout Context) {
    guard let inviter = standing?.invites[admission.invite]?.inviter else { return }
    pleas[admission.persona] = ctx.now + ctx.settings.entry.pleaEvery / 2
    let direct = links.values.first { $0.person == inviter }
    let encoded = { (tag: RoomTag) -> [UInt8] in
      var writer = Writer(capacity: 152)
      writer.u8(tag)
      admission.encode(into: &writer)
      return writer.bytes
    }
    if let direct { return send(.admissionPlea, to: direct.link, &ctx, encoded) }
    flood(.admissionPlea, except: source, &ctx, encoded)
  }

  // MARK: Refusals

  /// - Parameter isOnce: the same is told by operations, so this may be lost.
  func refuse(_ link: LinkID, _ drop: Drop, isOnce: Bool = false, _ ctx: inout Context) {
    guard isMember, let transcript = ctx.links.transcript(of: link) else { return }
    let theirs = mark(
      key(on: link), transcript, initiator: ctx.links.isInitiator(of: link) == false)
    let reason: EntryRefusal =
      switch drop {
      case .badAdmission: .notAdmitted
      case .notAdmitted: .waits
      case .removedPerson: .removed
      case .roomClosed: .closed
      case .doorShut: .doorShut
      case .unpaid: .unpaid
      case .expiredInvite: .expired
      default: .clock
      }
    let body = theirs.array + [reason.rawValue]
    guard isOnce else { return ctx.send(.refusal, body, on: link) }
    ctx.links.sendOnce(type: MessageType.refusal.rawValue, body, on: link)
  }

  /// A neighbour says it is not in this room, or that we may not be, or not yet.
  func receivedRefusal(_ reason: UInt8, from link: LinkID, _ ctx: inout Context) {
    let reason = EntryRefusal(rawValue: reason)
    if reason == .waits, case .joining = phase, joinsSent[link] != nil {
      let end = ctx.now + ctx.settings.entry.patience
      joinsSent[link] = end
      phase = .joining(until: end)
      refusal = .notAdmitted
      return ctx.tell(.waiting(id))
    }
    if reason == .unpaid { return pay(on: link, &ctx) }
    joinsSent.removeValue(forKey: link)
    guests.removeValue(forKey: link)
    if let node = ctx.links.node(of: link) {
      reaching.removeValue(forKey: node)
      overlay.failed(node)
    }
    refusal = reason?.refusal ?? refusal
    giveUpIfAlone(&ctx)
  }
}

/// Why a member does not let somebody in, as the last byte of a REFUSAL says it.
private enum EntryRefusal: UInt8 {
  case unknownRoom = 0
  case notAdmitted = 1
  case clock = 2
  /// Its inviter has to say yes first.
  case waits = 3
  case removed = 4
  case closed = 5
  case doorShut = 6
  case expired = 7
  /// A stamp is to be found first.
  case unpaid = 8

  var refusal: Refusal? {
    switch self {
    case .unknownRoom, .waits, .unpaid: nil
    case .notAdmitted: .notAdmitted
    case .clock: .clockWrong
    case .removed: .removed
    case .closed: .roomClosed
    case .doorShut: .doorShut
    case .expired: .linkExpired
    }
  }
}
