import Keys
import OrderedCollections
import Wire

/// Speakers that swear one thing to some and another to others. No frame and no word is wrong in
/// itself then, and innocent relays look like forgers; two signed words about the same frames are
/// the proof.
extension Room {
  /// A frame and the speaker's word about it differ: whoever brought the frame may have been given
  /// another word. Asked once for each word.
  func askForOtherWord(
    about counter: UInt32, of stream: Stream, from link: LinkID, _ ctx: inout Context
  ) {
    let last = (counter / stream.attestEvery + 1) * stream.attestEvery - 1
    guard last > stream.doubted else { return }
    stream.doubted = last
    let pull = Pull(session: stream.session, first: last, mask: 0)
    send(.pull, to: link, &ctx) { pull.encoded(tag: $0) }
  }

  /// Both are the speaker's own: nobody hears it any more, and everybody near is shown why.
  func contradicted(
    _ one: Attestation, _ other: Attestation, by member: Roster.Member, _ ctx: inout Context
  ) {
    guard liars[member.person] == nil, liars.count < ctx.settings.frames.liars else { return }
    ctx.drop(.contradiction)
    liars[member.person] = Perjury(one: one, other: other)
    ctx.tell(.contradicted(id, member.person))
    for peer in links.values where peer.session != member.session {
      sendAttestation(one, to: peer, &ctx)
      sendAttestation(other, to: peer, &ctx)
    }
    for link in links.keys { links[link]?.offence = nil }
    judgeMembers(&ctx)
  }

  /// Whoever comes later is shown it too, with the record under which it can be checked.
  func tellPerjuries(to link: LinkID, _ ctx: inout Context) {
    for perjury in liars.values {
      guard let liar = roster[perjury.session], links[link]?.session != perjury.session else {
        continue
      }
      send(.member, to: link, &ctx) { liar.record.encoded(tag: $0) }
      for word in [perjury.one, perjury.other] {
        send(.attestation, to: link, &ctx) { word.encoded(tag: $0) }
      }
    }
  }

  /// A word about frames that are not here, and were before our time: it may be half of a proof.
  func receivedOath(_ oath: Attestation, from link: LinkID, _ ctx: inout Context) {
    guard oath.session != me.session, oaths[oath.session] != oath else { return }
    guard let member = roster[oath.session] else { return holdBack(oath, from: link, &ctx) }
    guard liars[member.person] == nil else { return }
    guard oathsLookedAt.take(at: ctx.now) else { return ctx.drop(.rateLimited) }
    guard
      Signatures.verify(
        oath.signature, by: member.key, "VR1-att", id.raw.array + oath.unsigned)
    else { return wasFutile(.badAttestation, from: link, &ctx) }
    if let other = oaths[oath.session], other.last == oath.last, other.unsigned != oath.unsigned {
      oaths.removeValue(forKey: oath.session)
      return contradicted(other, oath, by: member, &ctx)
    }
    oaths[oath.session] = oath
    if oaths.count > ctx.settings.frames.liars { oaths.removeFirst() }
  }
}
