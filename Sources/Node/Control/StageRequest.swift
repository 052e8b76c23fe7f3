import Mesh
package import Wire

/// What a client may ask about the stage of a room; part of ``ControlRequest``.
package enum StageRequest: Hashable, Sendable {
  /// What a moderator does to a person.
  package enum Action: String, Hashable, Sendable, CaseIterable {
    case promote, speaker, admit, relay, demote, mute, unmute, remove, unban, invite, lower
    case handover

    /// - Parameter seconds: 0 for no end.
    func wish(_ person: PersonaID, _ seconds: UInt32, _ isImmediate: Bool) -> Moderation {
      switch self {
      case .promote: .promote(person)
      case .speaker: .letSpeak(person)
      case .admit: .admit(person)
      case .relay: .lendRelay(person)
      case .demote: .demote(person)
      case .mute: .mute(person, seconds: seconds)
      case .unmute: .unmute(person)
      case .remove: .remove(person, seconds: seconds, isImmediate: isImmediate)
      case .unban: .unban(person)
      case .invite: .offerSeat(person)
      case .lower: .lowerHand(person)
      case .handover: .handOver(person)
      }
    }
  }

  case hand(isUp: Bool)
  case react(Reaction.Sign)
  case takeSeat, stepDown
  case moderate(Action, person: String, seconds: UInt32, isImmediate: Bool)
  case close
  case policy(RoomPolicy)
  /// By the beginning of the invite's key.
  case revoke(String)
  /// `lifetime` in seconds.
  case makeInvite(InviteTerms, lifetime: Int)
  /// The room's code; with a person, its safety number too.
  case verify(person: String?)
  /// Both ends are shown pictures, by the events.
  case compare(person: String)
}
