import Keys
import OrderedCollections
import Wire

/// Proof of who speaks. An attestation goes once, down one tree, in a datagram of the same size as
/// media; who misses it asks the other tree's parent.
extension Room {
  /// Attestations take the trees in turn.
  private func tree(of last: UInt32, _ stream: Stream) -> Tree {
    Tree(counter: last / stream.attestEvery)
  }

  /// Signs, files and sends one of our own.
  func publish(_ attestation: Attestation, of stream: Stream, _ ctx: inout Context) {
    var signed = attestation
    signed.signature = me.sign("VR1-att", id.raw.array + attestation.unsigned)
    _ = stream.file(signed, at: ctx.now)
    pass(signed, of: stream, except: nil, &ctx)
  }

  func received(_ attestation: Attestation, from link: LinkID, _ ctx: inout Context) {
    guard links[link] != nil else { return ctx.drop(.unknownSpeaker) }
    guard let stream = stream(of: attestation.session) else {
      return receivedOath(attestation, from: link, &ctx)
    }
    guard !stream.isOwn else { return ctx.drop(.unknownSpeaker) }
    let known = stream.attestation(attestation.last)
    guard known != nil || !stream.isPast(attestation.last) else {
      return receivedOath(attestation, from: link, &ctx)
    }
    guard known?.unsigned != attestation.unsigned else { return }
    guard
      Signatures.verify(
        attestation.signature, by: stream.key, "VR1-att", id.raw.array + attestation.unsigned)
    else {
      ctx.drop(.badAttestation)
      return shun(link, &ctx)
    }
    if let known {
      guard let member = roster[stream.session] else { return }
      return contradicted(known, attestation, by: member, &ctx)
    }
    let judgement = stream.file(
      attestation, isBelieved: ctx.mischief.contains(.gullible), at: ctx.now)
    for counter in judgement.forged {
      if let source = stream.source(of: counter) {
        delivered(forgery: counter, of: stream, source, &ctx)
      }
      stream.discard(counter)
    }
    pullGenuine(judgement.forged, of: stream, &ctx)
    if judgement.unopenable != nil { distrustKey(of: stream.session, &ctx) }
    keyring.advance(
      stream.session, to: attestation.last, at: ctx.now, settings: ctx.settings.keys)
    pass(attestation, of: stream, except: link, &ctx)
    playWaiting(stream, &ctx)
  }

  /// A neighbour delivered what its speaker never said. That may not be its own doing: it could not
  /// tell either until the attestation came. So its frames are left aside for a while, longer the
  /// further down the tree: whoever stands next to the forger judges first, and by the time those
  /// below look again it is over.
  func delivered(
    forgery counter: UInt32, of stream: Stream, _ link: LinkID, _ ctx: inout Context
  ) {
    ctx.drop(.attestationMismatch)
    stream.suspectUntil = ctx.now + ctx.settings.frames.suspicion
    askForOtherWord(about: counter, of: stream, from: link, &ctx)
    guard let peer = links[link] else { return }
    let settings = ctx.settings.forest
    if let offence = peer.offence, ctx.now < offence.at + settings.shun {
      if ctx.now >= offence.probation { shun(link, &ctx) }
      return
    }
    let relays = forest.slots.first { $0.parent == link }?.path.count ?? 1
    let offence = Offence(
      at: ctx.now, probation: ctx.now + settings.offence * max(1, relays),
      isSuspended: isFedBeside(link, ctx))
    links[link]?.offence = offence
  }

  /// The true frames came after the made-up ones, and were taken for copies.
  private func pullGenuine(_ forged: [UInt32], of stream: Stream, _ ctx: inout Context) {
    guard let first = forged.min() else { return }
    let mask = forged.filter { $0 - first < 32 }.reduce(0 as UInt32) { $0 | 1 << ($1 - first) }
    let near = forest.parents + forest.slots.flatMap(\.standbys)
    let clean = near.first { links[$0] != nil && links[$0]?.offence == nil }
    let speaker = links.values.first { $0.session == stream.session }?.link
    guard let link = clean ?? speaker else { return }
    let pull = Pull(session: stream.session, first: first, mask: mask)
    expectFrames(from: link, &ctx)
    send(.pull, to: link, &ctx) { pull.encoded(tag: $0) }
  }

  /// Whether a parent brings everything without this neighbour.
  private func isFedBeside(_ link: LinkID, _ ctx: borrowing Context) -> Bool {
    forest.slots.contains { slot in
      guard let parent = slot.parent, parent != link else { return false }
      return links[parent]?.offence?.suspends(at: ctx.now) != true
    }
  }

  /// When the tree that should have brought an attestation is already two frames past it, the other
  /// parent is asked.
  func pullMissingAttestation(
    of stream: Stream, seen counter: UInt32, on tree: Tree, _ ctx: inout Context
  ) {
    let every = stream.attestEvery
    guard counter > every * 2 else { return }
    let last = counter / every * every - 1
    let due = self.tree(of: last, stream)
    let isPast = due == tree ? counter >= last + 2 : counter >= last + 8
    guard isPast, last > stream.pulledAttestation, !stream.hasAttestation(last),
      stream.holds(last) || stream.holds(last - 1)
    else { return }
    stream.pulledAttestation = last
    let slot = forest.slots[Int(due.other.rawValue)]
    guard
      let link = slot.parent ?? forest.slots[Int(due.rawValue)].parent ?? stream.source(of: counter)
    else { return }
    let pull = Pull(session: stream.session, first: last, mask: 0)
    send(.pull, to: link, &ctx) { pull.encoded(tag: $0) }
  }

  /// After an outage the speaker is further than can be believed without its word.
  func askForProof(
    _ counter: UInt32, of stream: Stream, from link: LinkID, _ ctx: inout Context
  ) {
    let last = counter / stream.attestEvery * stream.attestEvery - 1
    guard last > stream.pulledAttestation, last >= Limits.firstCounter else { return }
    stream.pulledAttestation = last
    let pull = Pull(session: stream.session, first: last, mask: 0)
    send(.pull, to: link, &ctx) { pull.encoded(tag: $0) }
  }

  func sendAttestation(_ attestation: Attestation, to peer: RoomLink, _ ctx: inout Context) {
    let body = attestation.encoded(tag: peer.theirTag)
    var record: [UInt8] = [MessageType.attestation.rawValue]
    record.append(UInt8(body.count >> 8))
    record.append(UInt8(truncatingIfNeeded: body.count))
    record.append(contentsOf: body)
    ctx.links.sendNow(record, on: peer.link, at: ctx.now, into: &ctx.effects)
  }

  private func pass(
    _ attestation: Attestation, of stream: Stream, except source: LinkID?, _ ctx: inout Context
  ) {
    let tree = tree(of: attestation.last, stream)
    var sent: [LinkID] = []
    if aired != nil { air() }
    let children = isAired(stream, at: ctx.now) ? forest.children[Int(tree.rawValue)] : []
    for (index, child) in children.enumerated()
    where child.link != source && child.session != attestation.session {
      guard let peer = links[child.link] else { continue }
      let word =
        ctx.mischief.isEmpty
        ? attestation : sworn(attestation, of: stream, child: index, ctx.mischief)
      sendAttestation(word, to: peer, &ctx)
      sent.append(child.link)
    }
    guard stream.isOwn else { return }
    for peer in links.values
    where roster[peer.session]?.isRoot == true && !sent.contains(peer.link) {
      sendAttestation(attestation, to: peer, &ctx)
    }
  }
}
