package import Wire

/// What the person at this node asks for. Commands never fail silently: each leads to an ``Event``.
package enum Command: Sendable {
  /// Open a link and keep it: a peer address typed in, a seed, a remembered peer. Answered by
  /// ``Event/linkUp(_:)`` or ``Event/unanswered(_:)``, unless there is a link already.
  case connect(Contact)
  /// Make a room and be in it. Answered by ``Event/joined(_:)`` or
  /// ``Event/refused(_:_:)``.
  case create(title: String, access: Access, name: String)
  /// Join by link. Answered by ``Event/joined(_:)`` or ``Event/refused(_:_:)``.
  case join(Invite, name: String)
  /// Join an open room that was listed.
  case joinListed(RoomID, name: String)
  case leave(RoomID)
  /// The stamp that ``Effects/stamps`` asked for.
  case stamped(RoomID, Stamp)
  /// Go on stage: frames of exactly `payload` bytes, one every `duration`.
  case startSpeaking(RoomID, duration: FrameDuration, payload: Int)
  /// One encoded frame. `level` is 0 (loudest) to 127 (silence) as in RFC 6464.
  case speak(RoomID, payload: [UInt8], level: UInt8)
  case stopSpeaking(RoomID)
  /// Answered by ``Event/changed(_:_:)``, or ``Event/hand(_:_:isUp:)`` for hands.
  case moderate(RoomID, Moderation)
  case raiseHand(RoomID, isUp: Bool)
  case react(RoomID, Reaction.Sign)
  case takeSeat(RoomID)
  /// Off the stage, without a role that was given by name.
  case stepDown(RoomID)
  /// While more speak than the audience can hear: a new turn for us, if we wait for one.
  case takeTurn(RoomID)
  /// Answered by ``Event/compared(_:_:_:)`` at both ends.
  case compareCodes(RoomID, PersonaID)
  /// Answered by ``Event/invited(_:_:_:)``.
  case makeInvite(RoomID, InviteTerms, lifetime: Duration)
  /// Whether anybody at this node listens. While nobody does, frames are relayed unopened; a room
  /// begins with somebody listening.
  case listen(RoomID, Bool)
  /// Addresses under which others may reach this node, as the shell knows them.
  case reachableAt([Endpoint])
  /// Through which web server others may reach this node; nil for none.
  case reachableThrough(TunnelAddress?)
  /// What was wanted by ``Effects/tunnels``: datagrams to this local address reach the node.
  case tunnelOpened(NodeID, Endpoint)
  /// There is nothing behind this local address any more.
  case tunnelClosed(Endpoint)
  /// How much of the uplink may be given to others, and whether to relay at all.
  case give(Capacity)
  /// Leave everything: said before shutting down, so that neighbours need not time out.
  case farewell
}

/// Who may come into a room.
package enum Access: UInt8, Sendable {
  /// Listed to every connected node; whoever sees it may join.
  case open = 0
  /// Joined by a link that carries the invite secret.
  case social = 1
  /// Entered by those whom a moderator lets in, by name or by a link of their own.
  case closed = 2
}

/// Length of one frame. The raw value is milliseconds.
package enum FrameDuration: UInt8, Sendable, CaseIterable {
  case ms20 = 20
  case ms40 = 40
  case ms60 = 60

  package var duration: Duration { .milliseconds(Int64(rawValue)) }
}

/// What a node gives to others.
package struct Capacity: Hashable, Sendable {
  /// Uplink in bit/s, declared or measured. Half of it is planned for relaying (Spec 5 §5).
  package var uplink: Int
  /// False is the "never relay here" switch.
  package var relays: Bool

  package init(uplink: Int, relays: Bool) {
    self.uplink = uplink
    self.relays = relays
  }
}
