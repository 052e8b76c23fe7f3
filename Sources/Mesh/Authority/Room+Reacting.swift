import Keys
import Wire

/// Reactions: shown for a moment, passed on, forgotten.
extension Room {
  func react(_ sign: Reaction.Sign, _ ctx: inout Context) -> Refusal? {
    guard isHeeded(me.person) else { return .notAllowed }
    var reaction = Reaction(session: me.session, sign: sign, time: ctx.now.milliseconds)
    switch reactions.receive(reaction.time, of: me.person, at: ctx.now) {
    case .fresh: break
    case .known, .tooOften: return .tooOften
    case .badTime: return .clockWrong
    }
    reaction.signature = me.sign("VR1-reaction", id.raw.array + reaction.unsigned)
    flood(.reaction, except: nil, &ctx) { reaction.encoded(tag: $0) }
    ctx.tell(.reacted(id, me.person, sign))
    return nil
  }

  func received(_ reaction: Reaction, from link: LinkID, _ ctx: inout Context) {
    guard let author = roster[reaction.session] else { return ctx.drop(.badReaction) }
    // Told by several neighbours: the signature is looked at once.
    guard !reactions.knows(reaction.time, of: author.person) else { return }
    guard isHeeded(author.person),
      Signatures.verify(
        reaction.signature, by: author.key, "VR1-reaction", id.raw.array + reaction.unsigned)
    else { return ctx.drop(.badReaction) }
    switch reactions.receive(reaction.time, of: author.person, at: ctx.now) {
    case .fresh:
      flood(.reaction, except: link, &ctx) { reaction.encoded(tag: $0) }
      ctx.tell(.reacted(id, author.person, reaction.sign))
    case .known: break
    case .tooOften: ctx.drop(.rateLimited)
    case .badTime: ctx.drop(.badReaction)
    }
  }

  /// Who was muted or removed says nothing in this way either.
  private func isHeeded(_ person: PersonaID) -> Bool {
    guard let standing else { return false }
    return !standing[person].isMuted && !standing[person].isRemoved
  }
}
