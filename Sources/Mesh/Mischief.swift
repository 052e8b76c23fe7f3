package import Keys
import OrderedCollections
package import Wire

/// Lies that only a participant itself can tell, for the simulator to show that they are met.
///
/// Empty in every node: nothing but ``Participant/misbehave(_:)`` sets it, and no setting, message
/// or file leads there.
package struct Mischief: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Says to be right behind the stage.
  package static let lieDelay = Mischief(rawValue: 1)
  /// Leaves out who stands above it.
  package static let liePath = Mischief(rawValue: 2)
  /// Passes on frames of its own making, sealed with the speaker's key, which every listener has.
  package static let forge = Mischief(rawValue: 4)
  /// Spreads presence records it has altered.
  package static let poison = Mischief(rawValue: 8)
  /// Recommends nobody but itself.
  package static let eclipse = Mischief(rawValue: 16)
  /// As a speaker, says one thing to some and another to others.
  package static let equivocate = Mischief(rawValue: 32)

  /// As a listener, compares no frame with what its speaker swore: shows what that is good for.
  package static let gullible = Mischief(rawValue: 64)

  /// Each poisoning fills a quarter of what may be asked for at once.
  static let ghostsShare = 4

  func lied(_ offer: Offer) -> Offer {
    guard !isEmpty, !offer.path.isEmpty else { return offer }
    var lie = offer
    if contains(.lieDelay) {
      lie.delay = 0
      lie.open = true
    }
    if contains(.liePath), offer.path.count > 2, let top = offer.path.first,
      let own = offer.path.last
    {
      lie.path = [top, own]
    }
    return lie
  }

  func recommended(_ contacts: [Contact], me: Contact) -> [Contact] {
    contains(.eclipse) ? [me] : contacts
  }
}

/// Makes another body for a sealed frame, out of all that a listener has.
package typealias Forger = (
  _ frame: [UInt8], _ counter: UInt32, _ room: RoomID, _ key: borrowing FrameKey
) -> [UInt8]?

extension Participant {
  /// Passes frames on as `forger` makes them.
  package mutating func forge(with forger: @escaping Forger) {
    beHostile(.forge)
    for room in rooms { room.forger = forger }
  }

  package mutating func misbehave(_ mischief: Mischief) { beHostile(mischief) }
}

extension Room {
  /// `packet` as a liar sends it to one child.
  func spoiled(
    _ counter: UInt32, of stream: Stream, child: Int, _ mischief: Mischief
  ) -> [UInt8] {
    guard lies(in: stream, to: child, mischief), let body = lie(counter, of: stream) else {
      return packet
    }
    var lie = packet
    let start = packet.count - 2 * stream.bodyBytes
    guard start > 0 else { return packet }
    lie.replaceSubrange(start..<start + stream.bodyBytes, with: body)
    if stream.isOwn, stream.holds(counter - 1), let older = self.lie(counter - 1, of: stream) {
      lie.replaceSubrange(start + stream.bodyBytes..<lie.count, with: older)
    }
    return lie
  }

  /// What a speaker swears to one child that it said: to each what it told it.
  func sworn(
    _ attestation: Attestation, of stream: Stream, child: Int, _ mischief: Mischief
  ) -> Attestation {
    guard stream.isOwn, lies(in: stream, to: child, mischief) else { return attestation }
    var other = attestation
    for (index, entry) in attestation.entries.enumerated() {
      guard let body = lie(entry.counter, of: stream) else { return attestation }
      var sealed: [UInt8] = []
      FrameHeader.append(
        session: stream.session, step: stream.step(of: entry.counter), counter: entry.counter,
        to: &sealed)
      other.leaves[index] = Digest.leaf(room: id, frame: (sealed + body).span)
    }
    other.signature = me.sign("VR1-att", id.raw.array + other.unsigned)
    return other
  }

  private func lies(in stream: Stream, to child: Int, _ mischief: Mischief) -> Bool {
    stream.isOwn
      ? mischief.contains(.equivocate) && child % 2 == 1 : mischief.contains(.forge)
  }

  /// Another body for a frame, sealed with the speaker's key, which every listener holds.
  private func lie(_ counter: UInt32, of stream: Stream) -> [UInt8]? {
    let chain = stream.isOwn ? talker?.chain : keyring.newest(of: stream.session)
    if let forger {
      var genuine: [UInt8] = []
      FrameHeader.append(
        session: stream.session, step: stream.step(of: counter), counter: counter, to: &genuine)
      stream.appendBody(of: counter, to: &genuine)
      return chain?.withFrameKey { forger(genuine, counter, id, $0) }
    }
    var sealed: [UInt8] = []
    var plain = [UInt8](repeating: 0x5A, count: stream.bodyBytes - FrameKey.tagCount)
    plain[0] = 20
    guard let chain, (try? chain.seal(plain, counter: counter, room: id, into: &sealed)) != nil
    else { return nil }
    let body = sealed.dropFirst(FrameHeader.count)
    return body.count == stream.bodyBytes ? Array(body) : nil
  }

  /// A frame and the one before it, both made up, to the children of its tree.
  func impersonate(_ counter: UInt32, of stream: Stream, _ ctx: inout Context) {
    guard let chain = keyring.newest(of: stream.session), counter > chain.counterStart,
      let older = lie(counter - 1, of: stream), let newer = lie(counter, of: stream)
    else { return }
    func step(_ counter: UInt32) -> UInt8 {
      Chain.stepByte(generation: chain.generation, step: chain.step(of: counter))
    }
    for child in forest.children[Int(Tree(counter: counter).rawValue)] {
      var record: [UInt8] = []
      MediaHead(
        tag: child.tag, session: stream.session, counter: counter, hasPrevious: true,
        repaired: false, step: step(counter), previousStep: step(counter - 1)
      ).append(to: &record)
      ctx.links.sendNow(record + newer + older, on: child.link, at: ctx.now, into: &ctx.effects)
    }
  }

  /// Somebody's record, made to say that it leaves; presence of people who do not exist, more than
  /// may be asked for; and word that everybody's records are newer elsewhere.
  func poison(_ ctx: inout Context) {
    guard ctx.mischief.contains(.poison) else { return }
    if let member = ctx.entropy.pick(roster.members.values), member.session != me.session {
      var lie = member.presence
      lie.version += 1_000
      lie.flags = [.leaving]
      flood(.presence, except: nil, &ctx) { lie.encoded(tag: $0) }
    }
    let expiry = (ctx.now + ctx.settings.presence.lifetime).milliseconds
    for _ in 0..<ctx.settings.presence.askedMaximum / Mischief.ghostsShare {
      let ghost = Presence(
        session: SessionID(UInt32(truncatingIfNeeded: ctx.entropy.next())), version: 1, beat: 1,
        flags: [.relays], uplink: 255, expiry: expiry)
      flood(.presence, except: nil, &ctx) { ghost.encoded(tag: $0) }
    }
    let rumours = roster.members.values.prefix(RosterSummary.maximum).map {
      RosterSummary.Entry(
        session: $0.session, version: $0.presence.version + 1_000, beat: 0,
        introduction: $0.introduction.version + 1_000)
    }
    let rumour = RosterSummary(buckets: 0, entries: rumours)
    for link in overlay.active {
      sendOnce(.rosterSummary, to: link, &ctx) { rumour.encoded(tag: $0) }
    }
  }

  /// One old frame to everybody, asked for or not.
  func repeatFrame(_ counter: UInt32, of stream: Stream, _ ctx: inout Context) {
    guard stream.holds(counter) else { return }
    build(counter, of: stream, repaired: false)
    for peer in links.values {
      packet[1] = peer.theirTag
      ctx.links.sendNow(packet, on: peer.link, at: ctx.now, into: &ctx.effects)
    }
  }

  /// All that a few bytes can ask of a neighbour.
  func pester(_ link: LinkID, _ ctx: inout Context) {
    let everybody = SessionWant(sessions: Array(roster.members.keys))
    let nothing = RosterHash(versions: ctx.entropy.next(), beats: 0)
    sendOnce(.rosterHash, to: link, &ctx) { nothing.encoded(tag: $0) }
    sendOnce(.presenceWant, to: link, &ctx) { everybody.encoded(tag: $0) }
    sendOnce(.memberWant, to: link, &ctx) { everybody.encoded(tag: $0) }
    sendOnce(.offerWant, to: link, &ctx) { OfferWant().encoded(tag: $0) }
    for stream in streams where stream.highest > 32 {
      let pull = Pull(session: stream.session, first: stream.highest - 31, mask: .max)
      sendOnce(.pull, to: link, &ctx) { pull.encoded(tag: $0) }
    }
    for tree in Tree.allCases {
      let graft = Graft(
        tree: tree, mirror: true, interior: true, uplink: 255, number: forest.number())
      sendOnce(.graft, to: link, &ctx) { graft.encoded(tag: $0) }
    }
  }
}
