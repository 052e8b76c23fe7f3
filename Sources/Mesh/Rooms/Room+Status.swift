import OrderedCollections
import Wire

/// What a person sees of the room.
extension Room {
  func status() -> RoomStatus? {
    guard let charter, let standing, isMember else { return nil }
    var status = RoomStatus(
      id: id, title: charter.genesis.title, access: charter.access, me: me.session,
      person: me.person)
    status.colour = me.presence.colour
    status.members = roster.members.values.map { member in
      var shown = MemberStatus(
        session: member.session, node: member.node, name: member.introduction.name,
        onStage: member.isSpeaking, relays: member.relays, colour: member.presence.colour,
        audible: member.session == me.session || keyring.lacks(member.session) == nil,
        person: member.person, role: member.rights.role, isMuted: standing[member.person].isMuted)
      shown.waits = member.isSpeaking && waits(member.session)
      return shown
    }
    status.trees = forest.slots.map { slot in
      let index = Int(slot.tree.rawValue)
      var tree = TreeStatus(tree: slot.tree)
      tree.parent = slot.parent.flatMap { links[$0]?.node }
      tree.standbys = slot.standbys.compactMap { links[$0]?.node }
      tree.children = forest.children[index].compactMap { links[$0.link]?.node }
      tree.depth = slot.path.count
      tree.delay = .microseconds(Int64(slot.delay))
      return tree
    }
    status.neighbours = overlay.active.compactMap { links[$0]?.node }
    status.streams = streams.map(\.status)
    describe(standing, in: &status)
    return status
  }

  private func describe(_ standing: Standing, in status: inout RoomStatus) {
    status.role = myRights.role
    status.isMuted = standing[me.person].isMuted
    status.seatOfferedUntil = standing[me.person].seatOfferedUntil
    status.host = standing.host
    status.actingHost = actingHost
    status.hands = hands.queue.map(\.person)
    status.policy = standing.policy
    status.removed = standing.people.filter(\.value.isRemoved).map(\.key)
    status.invites = standing.invites.map { key, invite in
      InviteStatus(
        key: key, inviter: invite.inviter, terms: invite.terms, used: invite.used,
        expiry: invite.expiry)
    }
    status.code = SpokenDigits.roomCode(standing)
    status.standing = standing.hash
  }
}
