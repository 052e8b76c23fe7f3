package import Keys
package import Wire

/// Stand-in until the participant lands: it links with nobody.
package struct Settings: Sendable {
  package init() {}
}

/// Stand-in until the participant lands.
package struct Participant: ~Copyable {
  private let identity: Identity
  private let token: Bytes16?

  package init(
    identity: consuming Identity, token: Bytes16?, settings: Settings, entropy: Entropy
  ) throws(KeysError) {
    self.identity = identity
    self.token = token
  }

  package mutating func handle(
    _ datagram: Span<UInt8>, from source: Endpoint, at now: Instant, into effects: inout Effects
  ) {
    effects.notes.append(.drop(.notForUs))
  }

  package mutating func handle(
    _ command: Command, at now: Instant, into effects: inout Effects
  ) {
    if case .create = command { effects.events.append(.refused(.notAdmitted)) }
    if case .join = command { effects.events.append(.refused(.nobodyAnswered)) }
  }

  package mutating func wake(at now: Instant, into effects: inout Effects) {}

  package var nextDeadline: Deadline? { nil }

  package func status(at now: Instant) -> Status {
    Status(
      node: identity.node.publicKey,
      contact: Contact(node: identity.node.publicKey, token: token, endpoints: []))
  }

  package func invite(to room: RoomID, at now: Instant, lifetime: Duration?) -> Invite? { nil }
}
