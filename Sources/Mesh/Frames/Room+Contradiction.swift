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
    guard !liars.contains(member.person), liars.count < ctx.settings.frames.liars else { return }
    ctx.drop(.contradiction)
    liars.append(member.person)
    for peer in links.values where peer.session != member.session {
      sendAttestation(one, to: peer, &ctx)
      sendAttestation(other, to: peer, &ctx)
    }
    for link in links.keys { links[link]?.offence = nil }
    judgeMembers(&ctx)
  }
}
