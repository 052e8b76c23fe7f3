import OrderedCollections
import Wire

/// A message about this room from a neighbour that has proved to be in it.
extension Room {
  /// `reader` stands behind the tag.
  func received(
    _ type: MessageType, _ reader: inout Reader, from link: LinkID, _ ctx: inout Context
  ) throws(WireError) {
    guard links[link] != nil || isTelling(type, link) else {
      return try hold(type, &reader, from: link, &ctx)
    }
    if Room.signed.contains(type), links[link]?.futile.isSpent(at: ctx.now) == true {
      return ctx.drop(.rateLimited)
    }
    switch type {
    case .leave:
      let session = SessionID(try reader.u24())
      try reader.finish()
      receivedLeave(session, from: link, &ctx)
    case .member: received(try MemberRecord(from: &reader), from: link, &ctx)
    case .presence: received(try presence(&reader), from: link, &ctx)
    case .rosterHash: received(try RosterHash(from: &reader), from: link, &ctx)
    case .rosterBuckets: received(try RosterBuckets(from: &reader), from: link, &ctx)
    case .rosterSummary: received(try RosterSummary(from: &reader), from: link, &ctx)
    case .memberWant: answer(members: try SessionWant(from: &reader), from: link, &ctx)
    case .presenceWant: answer(presences: try SessionWant(from: &reader), from: link, &ctx)
    case .keyAnnouncement: received(try KeyAnnouncement(from: &reader), from: link, &ctx)
    case .grant: try receivedGrant(&reader, from: link, &ctx)
    case .grantRequest: received(try GrantRequest(from: &reader), from: link, &ctx)
    default:
      if try receivedAuthority(type, &reader, from: link, &ctx) { return }
      try receivedTopology(type, &reader, from: link, &ctx)
    }
  }

  /// Each costs a check of a signature, whatever it is worth.
  private static let signed: OrderedSet<MessageType> = [
    .member, .presence, .keyAnnouncement, .hand,
  ]

  /// It sent what no honest node would have: so much is borne with, and then its word is not even
  /// looked at.
  func wasFutile(_ drop: Drop, from link: LinkID, _ ctx: inout Context) {
    ctx.drop(drop)
    _ = links[link]?.futile.take(at: ctx.now)
  }

  /// Operations prove themselves: a joiner takes them from whom it cannot yet tell to be a member.
  private func isTelling(_ type: MessageType, _ link: LinkID) -> Bool {
    !isMember && guests[link] != nil && (type == .operations || type == .operationVector)
  }

  /// False when it is about something else.
  private func receivedAuthority(
    _ type: MessageType, _ reader: inout Reader, from link: LinkID, _ ctx: inout Context
  ) throws(WireError) -> Bool {
    switch type {
    case .operationHash: received(try OperationHash(from: &reader), from: link, &ctx)
    case .operationVector: received(try OperationVector(from: &reader), from: link, &ctx)
    case .operationWant: received(try OperationWant(from: &reader), from: link, &ctx)
    case .operations: received(try OperationBundle(from: &reader), from: link, &ctx)
    case .hand: received(try Hand(from: &reader), from: link, &ctx)
    case .reaction: received(try Reaction(from: &reader), from: link, &ctx)
    case .pairCheck: received(try PairCheckMessage(from: &reader), from: link, &ctx)
    case .admissionPlea:
      let admission = try Admission(from: &reader)
      try reader.finish()
      received(admission, from: link, &ctx)
    default: return false
    }
    return true
  }

  /// Whoever uses our tag has our JOIN; its own is under way.
  private func hold(
    _ type: MessageType, _ reader: inout Reader, from link: LinkID, _ ctx: inout Context
  ) throws(WireError) {
    guard joinsSent[link] != nil, early[link, default: []].count < ctx.settings.earlyMessages else {
      return ctx.drop(.notJoined)
    }
    early[link, default: []].append((type, try reader.bytes(reader.remaining)))
  }

  /// The JOIN has come: now the rest counts.
  func receiveEarly(from link: LinkID, _ ctx: inout Context) {
    for (type, body) in early.removeValue(forKey: link) ?? [] {
      var reader = Reader(body.span)
      do {
        try received(type, &reader, from: link, &ctx)
      } catch {
        ctx.drop(.malformedRecord)
      }
    }
  }

  private func receivedTopology(
    _ type: MessageType, _ reader: inout Reader, from link: LinkID, _ ctx: inout Context
  ) throws(WireError) {
    switch type {
    case .neighbour: received(try NeighbourRequest(from: &reader), from: link, &ctx)
    case .neighbourReply: received(try NeighbourReply(from: &reader), from: link, &ctx)
    case .disconnect: received(try Disconnect(from: &reader), from: link, &ctx)
    case .forwardJoin: received(try ForwardJoin(from: &reader), from: link, &ctx)
    case .meeting: received(try Meeting(from: &reader), from: link, &ctx)
    case .offerWant: receivedOfferWant(from: link, &ctx)
    case .offer: received(try Offer(from: &reader), from: link, &ctx)
    case .graft: received(try Graft(from: &reader), from: link, &ctx)
    case .graftReply: received(try GraftReply(from: &reader), from: link, &ctx)
    case .prune: received(try Prune(from: &reader), from: link, &ctx)
    case .pull: received(try Pull(from: &reader), from: link, &ctx)
    case .attestation: received(try Attestation(from: &reader), from: link, &ctx)
    default: ctx.drop(.unknownRecord)
    }
  }

  private func presence(_ reader: inout Reader) throws(WireError) -> Presence {
    let presence = try Presence(from: &reader)
    try reader.finish()
    return presence
  }

  private func receivedGrant(
    _ reader: inout Reader, from link: LinkID, _ ctx: inout Context
  ) throws(WireError) {
    let header = try GrantHeader(from: &reader)
    let sealed = try reader.bytes(reader.remaining)
    received(header, sealed: sealed, from: link, &ctx)
  }

  // MARK: Time

  func tick(_ ctx: inout Context) {
    tickOverlay(&ctx)
    tickMeetings(&ctx)
    tickPresence(&ctx)
    tickKeys(&ctx)
    tickOperations(&ctx)
    tickForest(&ctx)
    forgetUnanswered(&ctx)
    reaching.removeAll { $0.value.until <= ctx.now }
  }

  func nextDeadline(_ settings: Settings) -> Deadline? {
    var next = overlay.nextDeadline
    next = .earlier(next, Deadline(min(nextCompare, nextBeat), .antiEntropy))
    next = .earlier(next, authorityDeadline)
    next = .earlier(next, meetings.nextDue.map { Deadline($0, .dialling) })
    next = .earlier(next, Deadline(forest.nextOptimise, .optimise))
    next = .earlier(next, repairDeadline(settings).map { Deadline($0, .repair) })
    if case .joining(let until) = phase { next = .earlier(next, Deadline(until, .dialling)) }
    return next
  }
}
