import OrderedCollections
import Wire

/// What a person sees of the room.
extension Room {
  func status() -> RoomStatus? {
    guard let charter, isMember else { return nil }
    var status = RoomStatus(
      id: id, title: charter.genesis.title, access: charter.access, me: me.session)
    status.colour = me.presence.colour
    status.members = roster.members.values.map { member in
      MemberStatus(
        session: member.session, node: member.node, name: member.introduction.name,
        onStage: member.isSpeaking, relays: member.relays, colour: member.presence.colour,
        audible: member.session == me.session || keyring.lacks(member.session) == nil)
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
    return status
  }
}
