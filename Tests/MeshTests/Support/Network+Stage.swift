import Keys
import Mesh
import Wire

extension Network {
  func status(_ node: Node, _ room: RoomID) -> RoomStatus? {
    node.status(at: now).rooms.first { $0.id == room }
  }

  func person(_ node: Node, _ room: RoomID) -> PersonaID {
    status(node, room)?.person ?? PersonaID(.zero)
  }

  /// Its key there, whether it is in the room or not.
  func ownPerson(_ node: Node, _ room: RoomID) -> PersonaID {
    node.participant.persona(in: room) ?? PersonaID(.zero)
  }

  /// What was refused at once.
  @discardableResult
  func moderate(_ node: Node, _ room: RoomID, _ wish: Moderation) -> Refusal? {
    attempt(node, .moderate(room, wish))
  }

  @discardableResult
  func attempt(_ node: Node, _ command: Command) -> Refusal? {
    let before = node.refusals.count
    self.command(node, command)
    return node.refusals.dropFirst(before).first
  }

  func role(_ node: Node, _ room: RoomID) -> Role? { status(node, room)?.role }

  /// The different standings of all who are in the room.
  func standings(_ room: RoomID) -> Set<Bytes16> {
    Set(nodes.filter(\.isAlive).compactMap { status($0, room)?.standing })
  }

  func invite(
    _ node: Node, _ room: RoomID, role: Role, uses: UInt32, lifetime: Duration = .seconds(3_600)
  ) -> (key: SigningKey, invite: Invite)? {
    command(
      node, .makeInvite(room, InviteTerms(role: role, uses: uses), lifetime: lifetime))
    for case .invited(_, let key, let invite) in node.events.reversed() { return (key, invite) }
    return nil
  }

  /// Goes on speaking, without the pauses at both ends.
  func speakOn(_ node: Node, in room: RoomID, frames: Int) {
    for frame in 0..<frames {
      let bytes = (0..<60).map { UInt8(truncatingIfNeeded: frame &* 31 &+ $0) }
      command(node, .speak(room, payload: bytes, level: 30))
      run(for: .milliseconds(20))
    }
  }

  func changes(_ node: Node) -> [Change] {
    node.events.compactMap { if case .changed(_, let change) = $0 { change } else { nil } }
  }

  /// Who speaks and is heard, as this node sees it.
  func onStage(_ node: Node, _ room: RoomID) -> [SessionID] {
    status(node, room)?.members.filter(\.onStage).map(\.session) ?? []
  }

  /// Whom it was told acts as host, one after another.
  func actingHosts(_ node: Node) -> [PersonaID?] {
    node.events.compactMap {
      if case .actingHost(_, let person) = $0 { .some(person) } else { nil }
    }
  }

  /// Silent death as soon as everybody has its newest record; says when that runs out.
  func killWhenKnown(_ node: Node, _ room: RoomID) throws -> Instant {
    guard let me = status(node, room)?.me else { throw Refusal.notIn }
    for _ in 0..<1_000 {
      let known = nodes.filter(\.isAlive).map { $0.participant.presence(of: me, in: room)?.expiry }
      if let expiry = known[0], Set(known).count == 1 {
        kill(node)
        return Instant(nanoseconds: Int64(expiry) * 1_000_000)
      }
      run(for: .milliseconds(50))
    }
    throw Refusal.nobodyAnswered
  }

  /// A room whose guests only listen: made by the first node, the others in by a link of its own.
  func audience(nodes count: Int, settings: Settings = Settings()) throws -> RoomID {
    for _ in 0..<count { try add(settings: settings) }
    command(nodes[0], .create(title: "hall", access: .closed, name: "host"))
    guard let room = nodes[0].joined.first?.room,
      let link = invite(nodes[0], room, role: .listener, uses: 0)
    else { throw Refusal.noSuchRoom }
    for (index, node) in nodes.enumerated().dropFirst() {
      command(node, .join(link.invite, name: "guest \(index)"))
      run(for: .milliseconds(50))
    }
    run(for: .seconds(8))
    return room
  }
}
