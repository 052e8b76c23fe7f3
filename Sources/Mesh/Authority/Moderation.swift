package import Wire

/// What a moderator may ask for. Each becomes one signed operation, which every node judges alike;
/// what would not count is refused before it is signed.
package enum Moderation: Hashable, Sendable {
  case promote(PersonaID)
  /// May speak from now on, without being asked.
  case letSpeak(PersonaID)
  /// Lets a person in by name: nothing secret travels.
  case admit(PersonaID)
  /// May pass frames on and gets no key.
  case lendRelay(PersonaID)
  /// Back to listening.
  case demote(PersonaID)
  /// `seconds` 0: until it is taken back.
  case mute(PersonaID, seconds: UInt32)
  case unmute(PersonaID)
  /// Out of the room. `isImmediate` changes keys at once, though some listeners miss half a second.
  case remove(PersonaID, seconds: UInt32, isImmediate: Bool)
  case unban(PersonaID)
  case offerSeat(PersonaID)
  case lowerHand(PersonaID)
  case handOver(PersonaID)
  case setPolicy(RoomPolicy)
  case revokeInvite(SigningKey)
  case close
}

/// What has to outlive the process, for a person who wrote operations: whoever goes on with an old
/// copy of its log contradicts itself and loses every role.
package struct Keepsake: Hashable, Sendable {
  package var room: RoomID
  /// Of the genesis, for whoever made the room.
  package var nonce: Bytes16?
  /// The own log, oldest first.
  package var operations: [RoomOperation]
  /// When the room ends, in milliseconds since 1970: then it can be forgotten.
  package var expiry: UInt64

  package init(room: RoomID, nonce: Bytes16?, operations: [RoomOperation], expiry: UInt64) {
    self.room = room
    self.nonce = nonce
    self.operations = operations
    self.expiry = expiry
  }
}
