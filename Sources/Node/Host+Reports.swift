// The state of the node as the control socket reports it.
import Mesh
import Voice
import Wire

/// The state of the node as clients read it.
extension Host {
  var introduction: IdentityReport {
    let status = status()
    return IdentityReport(
      node: status.node.text, addresses: addresses(status).map(\.text), version: identity.version)
  }

  var report: StatusReport {
    let status = status()
    return StatusReport(
      node: status.node.text, version: identity.version,
      addresses: addresses(status).map(\.text), reach: reach(status.reachability),
      cover: status.cover.map { cover($0, status.peers) },
      uptime: Double((clock.now - startedAt).milliseconds) / 1_000,
      peers: status.peers.map(peer), rooms: status.rooms.map(room),
      listings: status.listings.map {
        StatusReport.Listing(room: $0.room.text, title: $0.title, members: $0.members)
      },
      counters: counters.all(tally))
  }

  var roomList: [RoomsReport.Room] {
    let status = status()
    let joined = status.rooms.map {
      RoomsReport.Room(
        room: $0.id.text, title: $0.title, members: $0.members.count, joined: true)
    }
    let listed = status.listings.filter { listing in
      !status.rooms.contains { $0.id == listing.room }
    }
    return joined
      + listed.map {
        RoomsReport.Room(
          room: $0.room.text, title: $0.title, members: $0.members, joined: false)
      }
  }

  /// For people to pass on.
  package func peerAddresses() -> [String] { addresses(status()).map(\.text) }

  /// This node's peer address at every place it may be reached.
  private func addresses(_ status: Status) -> [PeerAddress] {
    status.contact.endpoints.map {
      PeerAddress(
        node: status.node, host: $0.host, port: $0.port, token: status.contact.token,
        tunnel: status.contact.tunnel)
    }
  }

  private func cover(_ cover: CoverStatus, _ peers: [PeerStatus]) -> StatusReport.Cover {
    StatusReport.Cover(
      datagramsPerSecond: cover.slots, bytesPerSecond: cover.bytesPerSecondOfLink,
      linksMost: cover.linksMost, links: peers.count(where: \.isCovered))
  }

  private func reach(_ reachability: Reachability) -> StatusReport.Reach {
    StatusReport.Reach(
      ipv4: reachability.ipv4.rawValue, ipv6: reachability.ipv6.rawValue,
      found: reachability.isFound)
  }

  private func peer(_ peer: PeerStatus) -> StatusReport.Peer {
    StatusReport.Peer(
      node: peer.node.text, endpoint: peer.endpoint.text, rtt: peer.rtt.map(Self.milliseconds),
      lossPermille: peer.lossPermille, bytesIn: peer.bytesIn, bytesOut: peer.bytesOut,
      tunnel: peer.isTunnelled ? true : nil,
      cover: peer.isCovered ? peer.isPeerCovered ? "both" : "out" : nil)
  }

  private func room(_ room: RoomStatus) -> StatusReport.Room {
    StatusReport.Room(
      room: room.id.text, title: room.title, access: room.access.text,
      session: room.me.raw, colour: room.colour.text, members: room.members.map(member),
      trees: room.trees.map(tree), neighbours: room.neighbours.map(\.text),
      streams: room.streams.map { stream($0, in: room.id) }, stage: withoutBlocked(room).stageReport
    )
  }

  private func member(_ member: MemberStatus) -> StatusReport.Member {
    StatusReport.Member(
      session: member.session.raw, node: member.node.text, name: member.name,
      onStage: member.onStage, relays: member.relays, colour: member.colour.text,
      audible: member.audible, person: member.person.text, role: member.role?.text,
      muted: member.isMuted, blocked: isBlocked(member.person) ? true : nil,
      waits: member.waits ? true : nil)
  }

  private func tree(_ tree: TreeStatus) -> StatusReport.Tree {
    StatusReport.Tree(
      tree: tree.tree.text, parent: tree.parent?.text, standbys: tree.standbys.map(\.text),
      children: tree.children.map(\.text), depth: tree.depth,
      delay: Self.milliseconds(tree.delay))
  }

  private func stream(_ stream: StreamStatus, in room: RoomID) -> StatusReport.Stream {
    let played = listenings[room]?.statistics(of: stream.session)
    return StatusReport.Stream(
      session: stream.session.raw, received: stream.received, missing: stream.missing,
      duplicates: stream.duplicates, forwarded: stream.forwarded, proven: stream.proven,
      lastCounter: stream.lastCounter, late: played.map { UInt64(clamping: $0.late) },
      concealed: played.map { UInt64(clamping: $0.concealed) },
      dropped: played.map { UInt64(clamping: $0.dropped) },
      stretched: played.map { UInt64(clamping: $0.stretched) },
      underruns: played.map { UInt64(clamping: $0.underruns) },
      waits: played.map { UInt64(clamping: $0.targetMilliseconds) })
  }

  private static func milliseconds(_ duration: Duration) -> Double {
    Double(duration.nanoseconds) / 1_000_000
  }
}

extension Tree {
  fileprivate var text: String { self == .a ? "A" : "B" }
}
