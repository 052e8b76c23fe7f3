package import Wire

/// What a person at this node would want to see or hear.
package enum Event: Sendable {
  case linkUp(NodeID)
  case linkDown(NodeID)
  /// A contact that answered: worth remembering for the next start.
  case reached(Contact)
  /// A peer that was asked for does not answer; it is tried again, less and less often.
  case unanswered(Contact)
  /// Others see us at this address.
  case reflected(Endpoint)

  case joined(RoomID)
  /// The room it is about; nil when that room was never made.
  case refused(Refusal, RoomID?)
  case left(RoomID)
  case roster(RoomID)
  /// A right, an invite or a rule is another than before: in the order in which this node learnt
  /// it.
  case changed(RoomID, Change)
  /// A member is here from now on; its name is empty while it only listens.
  case entered(RoomID, SessionID, PersonaID)
  case departed(RoomID, SessionID, PersonaID)
  case compared(RoomID, PersonaID, PairOutcome)
  case hand(RoomID, PersonaID, isUp: Bool)
  case reacted(RoomID, PersonaID, Reaction.Sign)
  /// Who acts as host; nil when nobody with a role is here.
  case actingHost(RoomID, PersonaID?)
  /// A speaker swore two things about the same frames, and is heard by nobody any more.
  case contradicted(RoomID, PersonaID)
  /// Our microphone was switched off by somebody else.
  case silenced(RoomID)
  /// We hold an invite that its inviter has to honour first.
  case waiting(RoomID)
  /// The link that was asked for, and the key by which it is revoked.
  case invited(RoomID, SigningKey, Invite)
  case listings

  /// A frame to play, opened and in the order of arrival.
  case heard(Heard)
  /// A frame came once more, by the other tree: how much later is what a player must be ready to
  /// wait when one of the two is gone.
  case repeated(RoomID, SessionID, UInt32)
  case speaking(RoomID, SessionID, Bool)
}

/// Why a command could not be carried out, for a person to read.
package enum Refusal: String, Error, Sendable {
  case noSuchRoom, alreadyIn, notIn, linkExpired, nobodyAnswered, tooManyRooms
  case notSpeaking, payloadSize, roomExpired, notAdmitted, memoryFull, clockWrong, stageFull
  // The stage
  case notAllowed, noSuchPerson, noSeatOffered, noHand, handsClosed, tooOften, alreadyOnStage
  case removed, roomClosed, doorShut
  /// Nobody here told us yet what we signed before.
  case tooEarly
}

/// One opened frame of one speaker.
package struct Heard: Sendable {
  package let room: RoomID
  package let session: SessionID
  package let counter: UInt32
  package let duration: FrameDuration
  package let level: UInt8
  package let payload: [UInt8]

  package init(
    room: RoomID, session: SessionID, counter: UInt32, duration: FrameDuration, level: UInt8,
    payload: [UInt8]
  ) {
    self.room = room
    self.session = session
    self.counter = counter
    self.duration = duration
    self.level = level
    self.payload = payload
  }
}
