import Keys
import OrderedCollections
package import Wire

/// What a shell may ask at any time; nothing here changes anything.
extension Participant {
  package func status(at now: Instant) -> Status {
    var status = Status(node: ctx.contact.node, contact: ctx.contact)
    status.reachability = reachability
    status.cover = ctx.links.coverStatus
    status.peers = ctx.links.up.compactMap { link in
      guard let node = ctx.links.node(of: link), let endpoint = ctx.links.endpoint(of: link),
        let measured = ctx.links.statistics(of: link, at: now)
      else { return nil }
      return PeerStatus(
        node: node, endpoint: endpoint, rtt: measured.rtt.map { .microseconds($0) },
        lossPermille: measured.lossPermille, bytesIn: measured.bytesIn,
        bytesOut: measured.bytesOut, isTunnelled: ctx.links.isTunnelled(link),
        isCovered: measured.isCovered, isPeerCovered: measured.isPeerCovered)
    }
    status.rooms = rooms.compactMap { $0.status() }
    status.listings = lobby.board.entries.values.map {
      ListingStatus(room: $0.room, title: $0.best.genesis.title, members: Int($0.best.members))
    }
    return status
  }

  /// Where a member of a room says to be.
  package func contact(of session: SessionID, in room: RoomID) -> Contact? {
    rooms.first { $0.id == room }?.roster[session]?.introduction.contact
  }

  /// Where the members whom this node has links with say to be, whoever called whom.
  package var companions: [Contact] {
    rooms.filter(\.isMember).flatMap { room in
      room.links.values.compactMap { peer -> Contact? in
        let told = room.roster[peer.session]?.introduction.contact
        return told?.node == peer.node ? told : nil
      }
    }
  }

  /// The newest word of a member that it is there, as far as is known here.
  package func presence(of session: SessionID, in room: RoomID) -> Presence? {
    rooms.first { $0.id == room }?.roster[session]?.presence
  }

  /// The person's key in a room, for a moderator to let in by name.
  package func persona(in room: RoomID) -> PersonaID? {
    if let known = rooms.first(where: { $0.id == room }) { return known.me.person }
    guard let pair = try? identity.persona(room: room, index: 0) else { return nil }
    return PersonaID(pair.publicKey.raw)
  }

  /// An invite link to a room this node is in; nil when it is in no such room.
  package func invite(to room: RoomID, lifetime: Duration? = nil) -> Invite? {
    rooms.first { $0.id == room }?
      .invite(ctx, lifetime: lifetime ?? ctx.settings.inviteLifetime)
  }
}
