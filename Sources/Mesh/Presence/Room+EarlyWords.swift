import Wire

/// Words that overtook the record of whom they are by or about.
extension Room {
  /// Keeps a hand until the people it names are known. Whoever brought it must know them.
  func holdBack(_ hand: Hand, from link: LinkID, _ ctx: inout Context) {
    let lacking = [hand.session, hand.subject].filter { roster[$0] == nil }
    guard let first = lacking.first, !lacking.contains(where: { roster.hasDeparted($0) }) else {
      return ctx.drop(.badHand)
    }
    guard !earlyHands.holds(hand) else { return }
    let isHeld = earlyHands.hold(
      hand, lacking: first, from: link, until: ctx.now + ctx.settings.keys.keepEarly,
      atMost: ctx.settings.hands.early)
    guard isHeld else { return ctx.drop(.rateLimited) }
    for session in lacking { ask(for: session, link, &ctx) }
  }

  /// The same for half of a proof.
  func holdBack(_ oath: Attestation, from link: LinkID, _ ctx: inout Context) {
    guard !roster.hasDeparted(oath.session), !earlyOaths.holds(oath) else { return }
    let isHeld = earlyOaths.hold(
      oath, lacking: oath.session, from: link, until: ctx.now + ctx.settings.keys.keepEarly,
      atMost: ctx.settings.frames.oaths)
    guard isHeld else { return ctx.drop(.rateLimited) }
    ask(for: oath.session, link, &ctx)
  }

  /// The record of `session` has come: now they count.
  func hearEarly(of session: SessionID, _ ctx: inout Context) {
    for (hand, link) in earlyHands.take(lacking: session) { received(hand, from: link, &ctx) }
    for (oath, link) in earlyOaths.take(lacking: session) { received(oath, from: link, &ctx) }
  }

  func expireEarly(_ ctx: borrowing Context) {
    earlyHands.expire(at: ctx.now)
    earlyOaths.expire(at: ctx.now)
  }
}
