import Keys
import OrderedCollections
import Wire

/// Keys that should be here and are not.
extension Room {
  /// Somebody was shut out: whoever speaks makes a new key.
  func awaitKeys(isImmediate: Bool, _ ctx: inout Context) {
    shutOutAt = ctx.now
    let settings = ctx.settings.keys
    let due = ctx.now + settings.awaited + (isImmediate ? .zero : settings.collect)
    for member in roster.members.values where member.isSpeaking && member.session != me.session {
      guard let known = keyring.announcement(of: member.session) else { continue }
      awaited[member.session] = AwaitedKey(generation: known.generation &+ 1, askAt: due)
    }
  }

  func askForAwaited(_ ctx: inout Context) {
    for (session, key) in awaited {
      let known = keyring.announcement(of: session)?.generation ?? .max
      guard known < key.generation, key.requests < ctx.settings.keys.awaitedRequests else {
        awaited.removeValue(forKey: session)
        continue
      }
      guard key.askAt <= ctx.now else { continue }
      awaited[session]?.requests += 1
      awaited[session]?.askAt = ctx.now + ctx.settings.keys.requestAfter
      request(session, key.generation, of: nil, &ctx)
    }
  }

  /// A frame is sealed under a key that nobody told us of.
  func missing(_ stepByte: UInt8, of stream: Stream, from link: LinkID?, _ ctx: inout Context) {
    let session = stream.session
    guard myRights.listens, keyring.lacks(session) == nil,
      let known = keyring.announcement(of: session)?.generation,
      keyring.mayAsk(for: session, at: ctx.now, every: ctx.settings.keys.requestAfter)
    else { return }
    let ahead = (UInt16(stepByte >> 4) &- known) & 15
    // The key before is still in use, or it is no step that could follow.
    guard (1...2).contains(ahead) else { return }
    keyring.asked(session, at: ctx.now)
    request(session, known &+ ahead, of: link, &ctx)
  }

  func request(
    _ session: SessionID, _ generation: UInt16, of wished: LinkID?, _ ctx: inout Context
  ) {
    let able = links.values.filter {
      !$0.distrusted.contains(session) && standing?.mayListen($0.person, via: $0.invite) == true
    }.map(\.link)
    guard let link = able.first(where: { $0 == wished }) ?? ctx.entropy.pick(able) else { return }
    let request = GrantRequest(session: session, generation: generation)
    sendOnce(.grantRequest, to: link, &ctx) { request.encoded(tag: $0) }
  }
}
