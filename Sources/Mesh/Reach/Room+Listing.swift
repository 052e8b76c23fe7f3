import Keys
import OrderedCollections
import Wire

/// An open room lists itself: the two members with the lowest sessions speak for it.
extension Room {
  func listing(_ ctx: borrowing Context, version: UInt32) -> Listing? {
    guard isMember, let charter, charter.access == .open else { return nil }
    let speakers = roster.members.keys.sorted().prefix(2)
    guard speakers.contains(me.session) else { return nil }
    var contacts = [ctx.contact]
    for member in roster.members.values where member.session != me.session {
      guard contacts.count < Listing.contactsMaximum else { break }
      if !member.introduction.contact.endpoints.isEmpty {
        contacts.append(member.introduction.contact)
      }
    }
    var listing = Listing(
      version: version,
      expiry: (ctx.now + ctx.settings.presence.listingLifetime).milliseconds,
      members: UInt16(clamping: roster.count), genesis: charter.genesis,
      certificate: me.certificate, contacts: contacts.filter { !$0.endpoints.isEmpty })
    listing.signature = me.sign("VR1-listing", listing.unsigned)
    return listing
  }

  func makeInvite(
    _ terms: InviteTerms, lifetime: Duration, _ ctx: inout Context
  ) -> Refusal? {
    let secret = ctx.entropy.bytes16()
    guard let key = try? InviteKey.pair(secret: secret, room: id).publicKey else {
      return .memoryFull
    }
    let seconds = UInt32(clamping: max(1, lifetime.milliseconds / 1_000))
    let refusal = write(
      .inviteAdd, about: key.raw, argument: terms.argument,
      lifetime: min(seconds, Limits.roomLifetimeSeconds), &ctx)
    if let refusal { return refusal }
    guard var invite = invite(ctx, lifetime: lifetime) else { return .notIn }
    invite.secret = secret
    ctx.tell(.invited(id, key, invite))
    return nil
  }

  /// An invite link: ourselves first, then roots and relays that can be dialled.
  func invite(_ ctx: borrowing Context, lifetime: Duration) -> Invite? {
    guard let charter, isMember else { return nil }
    var contacts = [ctx.contact]
    let members = roster.members.values.filter { $0.session != me.session }
    for member in members.filter(\.isRoot) + members.filter({ !$0.isRoot && $0.relays }) {
      contacts.append(member.introduction.contact)
    }
    let end = min(charter.genesis.expiry, (ctx.now + lifetime).milliseconds)
    return Invite(
      room: id, secret: secret, expiry: end,
      contacts: contacts.filter { !$0.endpoints.isEmpty })
  }
}
