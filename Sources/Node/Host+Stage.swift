// The stage, hands, moderation, invites and checks, as clients ask for them.
import Mesh
import Wire

/// What clients ask about the stage, and what they hear of it.
extension Host {
  func carryOut(_ request: StageRequest, in room: RoomID, for id: Int) throws(ControlError) {
    switch request {
    case .hand(let isUp): try carryOut(.raiseHand(room, isUp: isUp))
    case .react(let sign): try carryOut(.react(room, sign))
    case .takeSeat: try carryOut(.takeSeat(room))
    case .stepDown: try carryOut(.stepDown(room))
    case .moderate(let action, let name, let seconds, let isImmediate):
      let person = try person(name, in: room)
      try carryOut(.moderate(room, action.wish(person, seconds, isImmediate)))
    case .close: try carryOut(.moderate(room, .close))
    case .policy(let policy): try carryOut(.moderate(room, .setPolicy(policy)))
    case .revoke(let name): try carryOut(.moderate(room, .revokeInvite(try invite(name, in: room))))
    case .makeInvite(let terms, let lifetime):
      let events = try carryOut(.makeInvite(room, terms, lifetime: .seconds(lifetime)))
      for case .invited(_, let key, let invite) in events {
        return answer(id, InviteReport(link: invite.text, invite: key.raw.text))
      }
      throw ControlError(.other, "There is no link to give.")
    case .verify(let name):
      return answer(id, try codes(room, name))
    case .compare(let name):
      try carryOut(.compareCodes(room, try person(name, in: room)))
    }
    answer(id, DoneReport())
  }

  @discardableResult
  private func carryOut(_ command: Command) throws(ControlError) -> [Event] {
    let events = perform(command)
    for case .refused(let refusal, _) in events { throw ControlError(refusal) }
    return events
  }

  private func codes(_ room: RoomID, _ name: String?) throws(ControlError) -> CodesReport {
    guard let status = status().rooms.first(where: { $0.id == room }) else {
      throw ControlError(Refusal.notIn)
    }
    guard let name else { return CodesReport(room: status.code, safety: nil) }
    let other = try person(name, in: room)
    return CodesReport(
      room: status.code, safety: SpokenDigits.safetyNumber(status.person, other))
  }

  // MARK: Names

  /// The person meant: by its name, its session, or the beginning of its key.
  func person(_ name: String, in room: RoomID) throws(ControlError) -> PersonaID {
    guard let status = status().rooms.first(where: { $0.id == room }) else {
      throw ControlError(Refusal.notIn)
    }
    if let bytes = Bytes32(hexadecimal: name) { return PersonaID(bytes) }
    let isKey = name.utf8.count >= Self.shortestPrefix
    let here = status.members.filter {
      $0.name == name || "\($0.session.raw)" == name
        || isKey && $0.person.text.hasPrefix(name.lowercased())
    }.map(\.person)
    let gone = status.removed.filter { isKey && $0.text.hasPrefix(name.lowercased()) }
    let found = here.isEmpty ? gone : here
    guard let first = found.first else { throw ControlError(Refusal.noSuchPerson) }
    guard found.allSatisfy({ $0 == first }) else {
      throw ControlError(.whichPerson, "Say which person, by its key: there are \(found.count).")
    }
    return first
  }

  private func invite(_ name: String, in room: RoomID) throws(ControlError) -> SigningKey {
    let invites = status().rooms.first { $0.id == room }?.invites ?? []
    let found = invites.filter {
      name.utf8.count >= Self.shortestPrefix && $0.key.raw.text.hasPrefix(name.lowercased())
    }
    guard let first = found.first, found.count == 1 else {
      throw ControlError(.badLink, "There is no such invite, or more than one.")
    }
    return first.key
  }

  /// Of a key, as people type it.
  private static let shortestPrefix = 4

  // MARK: Events

  /// Tells clients that follow events, in order.
  func publish(_ event: Event) {
    guard !followers.isEmpty, let report = EventReport(event) else { return }
    publish(report)
  }

  func publish(_ report: EventReport) {
    guard !followers.isEmpty else { return }
    var report = report
    eventCount += 1
    report.n = eventCount
    report.t = clock.now.nanoseconds
    let line = Line.encode(report)
    for (id, room) in followers
    where room == nil || room?.text == report.room || report.event == "blocked" {
      guard let client = clients[id], client.send(line) else {
        dropClient(id)
        continue
      }
      flush(id)
    }
  }
}

extension RoomStatus {
  var stageReport: StatusReport.Stage {
    StatusReport.Stage(
      person: person.text, role: role?.text, muted: isMuted, seatUntil: seatOfferedUntil,
      host: host?.text, actingHost: actingHost?.text, hands: hands.map(\.text),
      policy: policy.names, removed: removed.map(\.text),
      invites: invites.map {
        StatusReport.Stage.Invite(
          invite: $0.key.raw.text, inviter: $0.inviter.text, role: $0.terms.role.text,
          uses: $0.terms.uses, used: $0.used, expiry: $0.expiry)
      }, code: code, standing: standing.array.hexadecimal)
  }
}
