import Keys
import OrderedCollections
import Wire

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

extension Participant {
  package mutating func misbehave(_ mischief: Mischief) { beHostile(mischief) }
}

extension Room {
  /// `packet` as a liar sends it to one child.
  func spoiled(
    _ counter: UInt32, of stream: Stream, child: Int, _ mischief: Mischief
  ) -> [UInt8] {
    let forges = mischief.contains(.forge) && !stream.isOwn
    let equivocates = mischief.contains(.equivocate) && stream.isOwn && child % 2 == 1
    guard forges || equivocates else { return packet }
    let chain = stream.isOwn ? talker?.chain : keyring.newest(of: stream.session)
    var sealed: [UInt8] = []
    var plain = [UInt8](
      repeating: 0x5A, count: stream.bodyBytes - FrameKey.tagCount)
    plain[0] = 20
    guard let chain, (try? chain.seal(plain, counter: counter, room: id, into: &sealed)) != nil
    else { return packet }
    let body = sealed.dropFirst(FrameHeader.count)
    var lie = packet
    let start = packet.count - 2 * stream.bodyBytes
    guard body.count == stream.bodyBytes, start > 0 else { return packet }
    lie.replaceSubrange(start..<start + stream.bodyBytes, with: body)
    return lie
  }

  /// Somebody's record, made to say that it leaves.
  func poison(_ ctx: inout Context) {
    guard ctx.mischief.contains(.poison),
      let member = ctx.entropy.pick(roster.members.values), member.session != me.session
    else { return }
    var lie = member.presence
    lie.version += 1_000
    lie.flags = [.leaving]
    flood(.presence, except: nil, &ctx) { lie.encoded(tag: $0) }
  }
}
