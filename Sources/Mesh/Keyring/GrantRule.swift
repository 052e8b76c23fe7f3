package import Wire

/// Whether a node may hand a speaker's key to a neighbour (Spec 9 §6).
///
/// Keys go from neighbour to neighbour, so everybody has to know whom not to give them to. What
/// must not happen is that an honest node that has not heard of a removal gives the removed the key
/// that was made because of it. So the speaker says what it knew when it made the key, and whoever
/// knows less waits.
package enum GrantRule {
  /// What becomes of a key and a neighbour.
  package enum Verdict: Hashable, Sendable {
    case give
    /// We have yet to learn what the speaker knew.
    case wait
    /// It may not hear.
    case refuse
  }

  package static func verdict(
    on person: PersonaID, via invite: SigningKey?, standing: Standing, log: OperationLog,
    announced frontier: [OperationReference]
  ) -> Verdict {
    guard standing.mayListen(person, via: invite) else { return .refuse }
    return log.covers(frontier) ? .give : .wait
  }
}
