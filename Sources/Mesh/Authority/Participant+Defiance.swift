package import Wire

/// A member that means harm; see also `Participant+Mischief`.
extension Participant {
  /// From now on this member does as it likes, whatever the operations say. For tests and worlds
  /// that show what the others make of it; nothing in a node calls this.
  package mutating func defy(
    in room: RoomID, at now: Instant, into effects: inout Effects
  ) {
    within(room, at: now, into: &effects) { room, _ in room.isDefiant = true }
  }
}
