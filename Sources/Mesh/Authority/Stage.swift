import OrderedCollections
package import Wire

/// Rules of the stage that every node works out alike from what all of them know.
package enum Stage {
  /// Seats (product: at most 16).
  package static let seats = 16
  /// Streams that go to the audience at once (3-mesh: three voices at once are understood).
  package static let streams = 3

  /// Somebody in the room who would sit on the stage.
  package struct Candidate: Hashable, Sendable {
    package var person: PersonaID
    package var invite: SigningKey?
    /// Milliseconds since 1970, as its signed record says.
    package var since: UInt64

    package init(person: PersonaID, invite: SigningKey?, since: UInt64) {
      self.person = person
      self.invite = invite
      self.since = since
    }
  }

  /// Who sits: those who may speak, the higher role first, then the more senior, then whoever came
  /// earlier.
  package static func seated(_ candidates: [Candidate], standing: Standing) -> [PersonaID] {
    let entitled = candidates.compactMap { candidate -> (Candidate, Role)? in
      let role = standing.role(of: candidate.person, via: candidate.invite)
      guard let role, role >= .speaker, !standing.isClosed else { return nil }
      return (candidate, role)
    }
    let inOrder = entitled.sorted { left, right in
      if left.1 != right.1 { return left.1 > right.1 }
      let (one, other) = (path(left.0.person, standing), path(right.0.person, standing))
      if one != other { return one < other }
      return (left.0.since, left.0.person) < (right.0.since, right.0.person)
    }
    // However many devices somebody brings.
    return Array(OrderedSet(inOrder.lazy.map(\.0.person)).prefix(seats))
  }

  /// One stream as its attestations show it.
  package struct Talk: Hashable, Sendable {
    package var session: SessionID
    package var isModerator: Bool
    /// When it began to talk, in milliseconds since 1970, as its signed record says.
    package var began: UInt64
    /// Frames attested since then.
    package var frames: UInt32

    package init(session: SessionID, isModerator: Bool, began: UInt64, frames: UInt32) {
      self.session = session
      self.isModerator = isModerator
      self.began = began
      self.frames = frames
    }
  }

  /// Who said nothing for so long has given its place away; 25 frames. A guess.
  static let lately = Duration.milliseconds(500)

  /// A minute of frames: whoever talked longer gives way while others wait. A guess.
  package static let turn: UInt32 = 3_000

  /// Which of the streams that are talking now go to the audience: moderators before others, who is
  /// in its first minute before who is beyond it, then who began earlier. A fourth voice waits and
  /// interrupts nobody.
  package static func forwarded(_ talks: [Talk]) -> [SessionID] {
    let inOrder = talks.sorted { left, right in
      if left.isModerator != right.isModerator { return left.isModerator }
      let (one, other) = (left.frames >= turn, right.frames >= turn)
      if one != other { return other }
      return (left.began, left.session) < (right.began, right.session)
    }
    return inOrder.prefix(streams).map(\.session)
  }

  /// Who acts as host: the host while its record lasts, then the most senior moderator there is,
  /// then the most senior speaker. Nobody is asked and nobody votes. It brings no right that the
  /// person does not have: only the host's own signature hands the room over or closes it.
  package static func actingHost(
    _ standing: Standing, isPresent: (PersonaID) -> Bool
  ) -> PersonaID? {
    standing.stage.first(where: isPresent)
  }

  /// Those without a grant by name come after those with one.
  private static func path(_ person: PersonaID, _ standing: Standing) -> Rank {
    standing[person].seniority ?? Rank(path: [.max])
  }
}
