import Keys
import OrderedCollections
import Wire

/// A frame's way out: down the tree of its colour to our children there, together with the frame
/// before it, so that each tree alone carries the whole stream.
extension Room {
  func forward(
    _ counter: UInt32, of stream: Stream, except source: LinkID?, _ ctx: inout Context
  ) {
    let tree = Tree(counter: counter)
    // Other roots hear everybody, the audience three at a time.
    let children = isAired(stream, at: ctx.now) ? forest.children[Int(tree.rawValue)] : []
    let mesh = stream.isOwn ? meshLinks : []
    guard !children.isEmpty || !mesh.isEmpty else { return }
    build(counter, of: stream, repaired: false)
    if !stream.holds(counter - 1) { stream.markLonely(counter) }
    // Who hangs on us in both trees has each frame from us twice.
    let twice = tree == .b ? forest.children[Int(Tree.a.rawValue)] : []
    for (index, child) in children.enumerated()
    where child.link != source && child.session != stream.session {
      guard stream.isOwn || ctx.mayGive(packet.count) else {
        ctx.drop(.uplinkFull)
        continue
      }
      packet[1] = child.tag
      let record =
        ctx.mischief.isEmpty ? packet : spoiled(counter, of: stream, child: index, ctx.mischief)
      let isSpare = twice.contains { $0.link == child.link }
      ctx.links.sendNow(
        record, on: child.link, isSpare: isSpare, at: ctx.now, into: &ctx.effects)
      stream.status.forwarded += 1
    }
    for peer in mesh where !children.contains(where: { $0.link == peer.link }) {
      packet[1] = peer.theirTag
      ctx.links.sendNow(
        packet, on: peer.link, isSpare: tree == .b, at: ctx.now, into: &ctx.effects)
    }
  }

  /// Other roots get our frames directly, of both trees.
  private var meshLinks: [RoomLink] {
    links.values.filter { roster[$0.session]?.isRoot == true }
  }

  /// Lays out a media record for `counter` in `packet`, with the frame before it when we have it.
  /// The size is the same either way.
  func build(_ counter: UInt32, of stream: Stream, repaired: Bool) {
    let hasPrevious = stream.holds(counter - 1)
    packet.removeAll(keepingCapacity: true)
    MediaHead(
      tag: 0, session: stream.session, counter: counter, hasPrevious: hasPrevious,
      repaired: repaired, step: stream.step(of: counter),
      previousStep: hasPrevious ? stream.step(of: counter - 1) : 0
    ).append(to: &packet)
    stream.appendBody(of: counter, to: &packet)
    if hasPrevious {
      stream.appendBody(of: counter - 1, to: &packet)
    } else {
      packet.append(contentsOf: repeatElement(0, count: stream.bodyBytes))
    }
  }

  // MARK: Repair

  /// A neighbour missed frames or an attestation: send what we hold, within its allowance.
  func received(_ pull: Pull, from link: LinkID, _ ctx: inout Context) {
    guard let peer = links[link], let stream = stream(of: pull.session), !stream.isSilenced,
      isAired(stream, at: ctx.now) || roster[peer.session]?.isRoot == true
    else { return }
    guard peer.pullTokens < ctx.settings.frames.pullsPerSecond else {
      return ctx.drop(.rateLimited)
    }
    links[link]?.pullTokens += 1
    for bit in 0..<UInt32(32) where pull.mask >> bit & 1 == 1 {
      let counter = pull.first + bit
      guard stream.holds(counter) else { continue }
      guard stream.isOwn || ctx.mayGive(packet.count) else { return ctx.drop(.uplinkFull) }
      build(counter, of: stream, repaired: true)
      packet[1] = peer.theirTag
      ctx.links.sendNow(packet, on: link, at: ctx.now, into: &ctx.effects)
    }
    for attestation in stream.attestations
    where attestation.last >= pull.first && attestation.last < pull.first + 64 {
      sendAttestation(attestation, to: peer, &ctx)
    }
  }

  /// Asks for what should have come since the last frame we have.
  func pull(_ stream: Stream, from link: LinkID, _ ctx: inout Context) {
    guard stream.highest > 0, stream.highest < Limits.lastCounter else { return }
    expectFrames(from: link, &ctx)
    let pull = Pull(session: stream.session, first: stream.highest + 1, mask: 0x1FF_FFFF)
    send(.pull, to: link, &ctx) { pull.encoded(tag: $0) }
    ctx.note(.pulled)
  }
}
