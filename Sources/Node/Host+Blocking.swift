// People the one at this node does not want to hear: left out here, and nowhere else.
import Mesh
import Wire

/// Blocking people, for this node alone.
extension Host {
  func carryOut(_ request: ControlRequest.Block, for id: Int) throws(ControlError) {
    switch request {
    case .list: answer(id, BlocksReport(people: blocks?.people.map(\.text) ?? []))
    case .set(let name, let who, let isBlocked):
      let person = try blockable(who, in: name, isBlocked)
      try block(person, isBlocked)
      answer(id, DoneReport())
    }
  }

  private func block(_ person: PersonaID, _ isBlocked: Bool) throws(ControlError) {
    guard let blocks else {
      throw ControlError(.other, "This node has nowhere to keep whom it blocks.")
    }
    guard blocks.contains(person) != isBlocked else { return }
    let isKept: Bool
    do throws(SystemError) {
      isKept = try blocks.set(person, isBlocked)
    } catch {
      throw ControlError(.other, "This cannot be written down: \(error.sentence).")
    }
    guard isKept else {
      throw ControlError(
        .other, "\(BlockList.most) people are blocked. Unblock somebody first.")
    }
    findBlocked()
    publish(.blocked(person, isBlocked))
  }

  /// Who was blocked may be nowhere now.
  private func blockable(
    _ who: String, in name: ControlRequest.RoomName, _ isBlocked: Bool
  ) throws(ControlError) -> PersonaID {
    let prefix = who.lowercased()
    let known = blocks?.people.filter { prefix.utf8.count >= 4 && $0.text.hasPrefix(prefix) } ?? []
    if !isBlocked, let only = known.first, known.count == 1 { return only }
    if let bytes = Bytes32(hexadecimal: who) { return PersonaID(bytes) }
    let room = try room(name)
    let found = try person(who, in: room)
    guard status().rooms.first(where: { $0.id == room })?.person != found else {
      throw ControlError(.notAllowed, "That is this node's own person.")
    }
    return found
  }

  // MARK: What is left out

  func withoutBlocked(_ room: RoomStatus) -> RoomStatus {
    guard blocks?.people.isEmpty == false else { return room }
    var room = room
    room.hands.removeAll(where: isBlocked)
    room.invites.removeAll { isBlocked($0.inviter) }
    return room
  }

  func isBlocked(_ person: PersonaID) -> Bool { blocks?.contains(person) ?? false }

  /// Sound, raised hands and invites of whoever is blocked: no client learns of them.
  func isHidden(_ event: Event) -> Bool {
    guard blocks?.people.isEmpty == false else { return false }
    switch event {
    case .heard(let heard): return isSilenced(heard.session, in: heard.room)
    case .repeated(let room, let session, _): return isSilenced(session, in: room)
    case .hand(_, let person, let isUp): return isUp && isBlocked(person)
    case .changed(let room, .invite(let key, true)):
      let invite = status().rooms.first { $0.id == room }?.invites.first { $0.key == key }
      return invite.map { isBlocked($0.inviter) } ?? false
    default: return false
    }
  }

  private func isSilenced(_ session: SessionID, in room: RoomID) -> Bool {
    silencedSessions[room]?.contains(session) ?? false
  }

  /// Keeps the sessions of the blocked at hand, for every frame is asked about.
  func followBlocked(_ event: Event) {
    switch event {
    case .entered(let room, let session, let person) where isBlocked(person):
      silencedSessions[room, default: []].insert(session)
    case .departed(let room, let session, _): silencedSessions[room]?.remove(session)
    case .left(let room): silencedSessions[room] = nil
    default: break
    }
  }

  func findBlocked() {
    silencedSessions = [:]
    for room in status().rooms {
      let sessions = room.members.filter { isBlocked($0.person) }.map(\.session)
      if !sessions.isEmpty { silencedSessions[room.id] = Set(sessions) }
    }
  }
}
