import Keys
import OrderedCollections
import Wire

/// Two people on one link compare what a third cannot make equal.
extension Room {
  /// Asks another person to compare codes, over a link of our own.
  func compareCodes(_ person: PersonaID, _ ctx: inout Context) -> Refusal? {
    guard let member = roster.members.values.first(where: { $0.person == person }),
      person != me.person
    else { return .noSuchPerson }
    guard let link = links.values.first(where: { $0.session == member.session })?.link else {
      wishedCheck = (member.session, ctx.now + ctx.settings.joinTimeout)
      reach(member.introduction.contact, for: .entry, &ctx)
      return nil
    }
    return beginCheck(on: link, &ctx) ? nil : .tooOften
  }

  /// A link came up: perhaps the one a check waits for.
  func beginWishedCheck(on link: LinkID, _ ctx: inout Context) {
    guard let wish = wishedCheck, links[link]?.session == wish.session else { return }
    wishedCheck = nil
    if ctx.now < wish.until { _ = beginCheck(on: link, &ctx) }
  }

  private func beginCheck(on link: LinkID, _ ctx: inout Context) -> Bool {
    guard var check = check(on: link, ctx),
      let message = check.ask(nonce: ctx.entropy.bytes32(), at: ctx.now)
    else { return false }
    checks[link] = check
    send(.pairCheck, to: link, &ctx) { message.encoded(tag: $0) }
    return true
  }

  func received(_ message: PairCheckMessage, from link: LinkID, _ ctx: inout Context) {
    guard var check = check(on: link, ctx), let session = links[link]?.session,
      let person = roster[session]?.person
    else { return ctx.drop(.notJoined) }
    let step = check.receive(message, nonce: ctx.entropy.bytes32(), at: ctx.now)
    checks[link] = check
    switch step {
    case .send(let answer):
      send(.pairCheck, to: link, &ctx) { answer.encoded(tag: $0) }
    case .sendAndShow(let answer, let code):
      send(.pairCheck, to: link, &ctx) { answer.encoded(tag: $0) }
      ctx.tell(.compared(id, person, .code(code)))
    case .show(let code): ctx.tell(.compared(id, person, .code(code)))
    case .fraud: ctx.tell(.compared(id, person, .fraud))
    case .ended: ctx.tell(.compared(id, person, .ended))
    case .ignore: break
    }
  }

  private func check(on link: LinkID, _ ctx: borrowing Context) -> PairCheck? {
    if let known = checks[link] { return known }
    guard let transcript = ctx.links.transcript(of: link), let session = links[link]?.session,
      let person = roster[session]?.person
    else { return nil }
    return PairCheck(transcript: transcript, me: me.person, other: person)
  }
}

/// How a comparison of codes came out here.
package enum PairOutcome: Hashable, Sendable {
  /// Both people say it aloud; nobody sits between them if it is the same.
  case code(PairCode)
  /// The other is not who it was: somebody tried.
  case fraud
  case ended
}
