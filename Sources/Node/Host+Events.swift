// What the participant tells: logged, remembered, handed to the clients that wait for it.
import Logging
import Mesh
import Wire

/// What the participant tells: log lines, answers to clients, sound.
extension Host {
  /// A client that waits to hear whether it is in a room.
  struct WaitingJoin {
    let client: Int
    /// Nil for a room that is being made.
    let room: RoomID?
  }

  /// A client that waits to hear whether a peer answers.
  struct WaitingLink {
    let client: Int
    let node: NodeID
  }

  /// What made an event happen.
  enum Origin {
    /// A datagram, or the time.
    case world
    /// A command to make or join a room.
    case joining
    /// Any other command; its refusal is nobody else's.
    case asking
  }

  /// Tells clients, remembers, and logs: without names and addresses above debug.
  func happened(_ event: Event, from origin: Origin) {
    followBlocked(event)
    guard !isHidden(event) else { return }
    publish(event)
    switch event {
    case .linkUp(let node):
      logger.info("Link up.")
      logger.debug("Link up.", metadata: ["node": "\(Base64.url.encode(node.raw.array))"])
      linked(node)
    case .linkDown(let node):
      logger.info("Link down.")
      logger.debug("Link down.", metadata: ["node": "\(Base64.url.encode(node.raw.array))"])
    case .reached(let contact):
      remembered.remember(contact)
    case .unanswered(let contact):
      unanswered(contact)
    case .reflected(let endpoint):
      logger.debug("Seen from outside.", metadata: ["endpoint": "\(endpoint.text)"])
    case .joined(let room):
      logger.info("In a room.")
      perform(.listen(room, false))
      findBlocked()
      settle(room: room)
    case .refused(let refusal, let room):
      logger.info("Refused.", metadata: ["reason": "\(refusal.rawValue)"])
      refuse(refusal, room, origin)
    case .left(let room):
      logger.info("Left a room.")
      left(room)
    case .roster, .listings, .speaking, .changed, .hand, .reacted, .actingHost, .invited, .entered,
      .departed, .compared, .contradicted:
      break
    case .waiting(let room):
      logger.info("Waiting to be let in.", metadata: ["room": "\(room.text)"])
    case .silenced(let room): silenced(room)
    case .heard(let heard):
      hear(heard)
    case .repeated(let room, let session, let counter):
      listenings[room]?.hearAgain(session, counter, at: clock.bootTime(clock.now))
    }
  }

  /// Answers clients that wait for a link to `node`.
  func linked(_ node: NodeID) {
    missed.remove(node)
    for waiting in waitingLinks where waiting.node == node {
      answer(waiting.client, DoneReport())
    }
    waitingLinks.removeAll { $0.node == node }
  }

  /// Who was named by a person is missed aloud, once.
  private func unanswered(_ contact: Contact) {
    let node = contact.node
    logger.debug(
      "No answer.",
      metadata: [
        "node": "\(node.text)",
        "endpoints": "\(contact.endpoints.map(\.text).joined(separator: " "))",
      ])
    if named.contains(node), missed.insert(node).inserted {
      logger.warning(
        "A named peer does not answer. Check its address, that it runs, and that UDP gets out."
      )
    }
    for waiting in waitingLinks where waiting.node == node {
      answer(waiting.client, error: .noAnswer)
    }
    waitingLinks.removeAll { $0.node == node }
  }

  private func settle(room: RoomID) {
    guard
      let index = waitingJoins.firstIndex(where: { $0.room == room })
        ?? waitingJoins.firstIndex(where: { $0.room == nil })
    else { return }
    let waiting = waitingJoins.remove(at: index)
    let title = status().rooms.first { $0.id == room }?.title ?? ""
    answer(waiting.client, RoomReport(room: room.text, title: title))
  }

  /// Of several who ask for the same room, the last is refused at once, the first later.
  private func refuse(_ refusal: Refusal, _ room: RoomID?, _ origin: Origin) {
    guard origin != .asking,
      let index = origin == .joining
        ? waitingJoins.lastIndex(where: { $0.room == room })
        : waitingJoins.firstIndex(where: { $0.room == room })
    else { return }
    let waiting = waitingJoins.remove(at: index)
    answer(waiting.client, error: ControlError(refusal))
  }
}

extension Command {
  /// Answered by ``Event/joined(_:)`` or ``Event/refused(_:_:)``, perhaps much later.
  var isJoining: Bool {
    switch self {
    case .create, .join, .joinListed: true
    default: false
    }
  }
}

extension RoomID {
  /// 32 hexadecimal digits: easy to type and never mistaken for an option.
  package var text: String {
    raw.array.map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}

extension NodeID {
  /// base64url, as in a peer address.
  package var text: String { Base64.url.encode(raw.array) }
}
