import Keys
import OrderedCollections
import Wire

/// What people here ask for about the stage, each with the operation or hand it becomes.
extension Room {
  func moderate(_ wish: Moderation, _ ctx: inout Context) -> Refusal? {
    switch wish {
    case .promote(let person): write(.grantModerator, about: person.raw, &ctx)
    case .letSpeak(let person): write(.grantSpeaker, about: person.raw, &ctx)
    case .admit(let person): write(.grantListener, about: person.raw, &ctx)
    case .lendRelay(let person): write(.grantRelay, about: person.raw, &ctx)
    case .demote(let person): write(.revoke, about: person.raw, &ctx)
    case .mute(let person, let seconds):
      write(.mute, about: person.raw, lifetime: seconds, &ctx)
    case .unmute(let person): write(.unmute, about: person.raw, &ctx)
    case .remove(let person, let seconds, let isImmediate):
      write(.remove, about: person.raw, lifetime: seconds, isImmediate: isImmediate, &ctx)
    case .unban(let person): write(.unban, about: person.raw, &ctx)
    case .offerSeat(let person):
      write(
        .stageInvite, about: person.raw,
        lifetime: UInt32(ctx.settings.entry.seatOffer.milliseconds / 1_000), &ctx)
    case .lowerHand(let person): raise(false, of: person, &ctx)
    case .handOver(let person): write(.handOver, about: person.raw, &ctx)
    case .setPolicy(let policy): write(.policy, argument: policy.rawValue, &ctx)
    case .revokeInvite(let key): write(.inviteRevoke, about: key.raw, &ctx)
    case .close: write(.close, &ctx)
    }
  }

  /// Takes the seat that was offered last.
  func takeSeat(_ ctx: inout Context) -> Refusal? {
    guard let log, standing?[me.person].seatOfferedUntil != nil else { return .noSeatOffered }
    for chain in log.chains.values {
      let offer = chain.operations.last {
        $0.operation.kind == .stageInvite && $0.operation.person == me.person
          && $0.operation.expiry ?? 0 > ctx.now.milliseconds
      }
      guard let offer else { continue }
      let refusal = write(
        .stageAccept, about: chain.author.raw, argument: offer.operation.sequence, &ctx)
      guard refusal != nil else { return raiseMine(false, &ctx) }
    }
    return .noSeatOffered
  }

  /// Back to the audience: for good by an operation, if a role was given by name.
  func stepDown(_ ctx: inout Context) -> Refusal? {
    guard myRights.isOnStage else { return .notSpeaking }
    if talker?.isActive == true { _ = stopSpeaking(&ctx) }
    guard let role = standing?[me.person].role, role >= .speaker, role < .host else { return nil }
    return write(.stepDown, about: me.person.raw, argument: UInt32(Role.listener.rawValue), &ctx)
  }

  // MARK: Hands

  func raise(_ ctx: inout Context, _ isUp: Bool) -> Refusal? {
    guard !isUp || !myRights.isOnStage else { return .alreadyOnStage }
    guard !isUp || standing?.policy.contains(.handsDown) != true else { return .handsClosed }
    return raise(isUp, of: me.person, &ctx)
  }

  private func raiseMine(_ isUp: Bool, _ ctx: inout Context) -> Refusal? {
    guard hands.queue.contains(where: { $0.person == me.person }) else { return nil }
    return raise(isUp, of: me.person, &ctx)
  }

  private func raise(_ isUp: Bool, of person: PersonaID, _ ctx: inout Context) -> Refusal? {
    guard let subject = roster.members.values.first(where: { $0.person == person })?.session,
      let standing
    else { return .noSuchPerson }
    guard isUp || hands.queue.contains(where: { $0.person == person }) else { return .noHand }
    var hand = Hand(
      session: me.session, subject: subject, isUp: isUp, time: ctx.now.milliseconds)
    hand.signature = me.sign("VR1-hand", id.raw.array + hand.unsigned)
    switch hands.receive(hand, of: person, by: me.person, standing: standing, at: ctx.now) {
    case .changed: break
    case .known, .dropped(.tooOften): return .tooOften
    case .dropped: return .notAllowed
    }
    flood(.hand, except: nil, &ctx) { hand.encoded(tag: $0) }
    handMoved(person, isUp, &ctx)
    return nil
  }

  func received(_ hand: Hand, from link: LinkID, _ ctx: inout Context) {
    guard let standing else { return ctx.drop(.badHand) }
    guard let author = roster[hand.session], let subject = roster[hand.subject] else {
      return holdBack(hand, from: link, &ctx)
    }
    // Told by several neighbours: the signature is looked at once.
    guard !hands.hands.contains(hand) else { return }
    guard
      Signatures.verify(
        hand.signature, by: author.key, "VR1-hand", id.raw.array + hand.unsigned)
    else { return wasFutile(.badHand, from: link, &ctx) }
    let isBacklog = ctx.now < memberSince + ctx.settings.entry.backlog
    let outcome = hands.receive(
      hand, of: subject.person, by: author.person, standing: standing, isBacklog: isBacklog,
      at: ctx.now)
    switch outcome {
    case .changed:
      flood(.hand, except: link, &ctx) { hand.encoded(tag: $0) }
      handMoved(subject.person, hand.isUp, &ctx)
    case .known: break
    case .dropped(.tooMany), .dropped(.tooOften), .dropped(.full): ctx.drop(.rateLimited)
    case .dropped: ctx.drop(.badHand)
    }
  }

  /// What a newcomer cannot know; in a crowd, whoever may be one.
  func tellHands(to link: LinkID, _ ctx: inout Context) {
    for hand in hands.hands { send(.hand, to: link, &ctx) { hand.encoded(tag: $0) } }
  }

  private func handMoved(_ person: PersonaID, _ isUp: Bool, _ ctx: inout Context) {
    ctx.tell(.hand(id, person, isUp: isUp))
    if person == me.person { showName(&ctx) }
  }

  /// Hands of those who are on stage or gone go down by themselves.
  func settleHands(_ ctx: inout Context) {
    guard let standing else { return }
    let before = hands.queue
    guard !before.isEmpty else { return }
    let isOpen = !standing.policy.contains(.handsDown)
    var waiting: OrderedDictionary<PersonaID, Bool> = [:]
    for member in roster.members.values {
      waiting[member.person] = isOpen && !member.rights.isOnStage && belongs(member)
    }
    hands.settle { waiting[$0] ?? false }
    for raised in before where waiting[raised.person] != true {
      handMoved(raised.person, false, &ctx)
    }
  }

  func expireHands(_ ctx: inout Context) {
    guard let due = hands.nextExpiry, due <= ctx.now.milliseconds else { return }
    let before = hands.queue
    hands.expire(at: ctx.now)
    let left = OrderedSet(hands.queue.lazy.map(\.person))
    for raised in before where !left.contains(raised.person) {
      handMoved(raised.person, false, &ctx)
    }
  }
}
