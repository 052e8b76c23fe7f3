import OrderedCollections
package import Wire

/// Bounds of the queue of raised hands (specification 2.4, rule 7, where not said otherwise).
package struct HandSettings: Sendable {
  package var lifetime: Duration = .seconds(600)
  /// Between two raises of one person.
  package var pause: Duration = .seconds(10)
  package var places = 200
  /// Of these for people whom no operation names. A guess: known people find a place in any crowd.
  package var placesOfNewcomers = 150
  /// Hands of newcomers passed on in a second, and at once.
  package var newcomersPerSecond = 20
  package var newcomersAtOnce = 40
  /// How far from the own clock a hand may be dated that was just raised. A guess: what a liar can
  /// gain in the queue, and what clocks at home are off.
  package var dating: Duration = .seconds(120)
  /// Hands of people whose records are still asked for. A guess: as many as a newcomer can be told.
  package var early = 200

  package init() {}
}

/// Who wants to speak, in the order in which hands went up.
///
/// The order is that of the times the people signed, and of their keys where times are equal: all
/// nodes that heard of the same hands show the same queue, whatever came first.
package struct Hands: Sendable {
  /// One raised hand.
  package struct Raised: Hashable, Sendable {
    package let person: PersonaID
    package let session: SessionID
    package let time: UInt64
    /// No operation names this person.
    package let isNewcomer: Bool
  }

  /// What became of a hand.
  package enum Outcome: Hashable, Sendable {
    /// It counts and is to be passed on.
    case changed
    case known
    case dropped(HandDrop)
  }

  private struct Statement {
    var hand: Hand
    var isNewcomer: Bool
    var heard: Instant
  }

  package let settings: HandSettings
  private var statements: OrderedDictionary<PersonaID, Statement> = [:]
  private var tokens: Int64
  private var refilled: Instant

  package init(settings: HandSettings = HandSettings(), at now: Instant) {
    self.settings = settings
    tokens = Int64(settings.newcomersAtOnce) * Hands.token
    refilled = now
  }

  private static let token: Int64 = 1_000_000_000

  /// Longest raised first.
  package var queue: [Raised] {
    statements.lazy.filter { $0.value.hand.isUp }
      .map {
        Raised(
          person: $0.key, session: $0.value.hand.subject, time: $0.value.hand.time,
          isNewcomer: $0.value.isNewcomer)
      }
      .sorted { ($0.time, $0.person) < ($1.time, $1.person) }
  }

  func isUp(_ person: PersonaID) -> Bool { statements[person]?.hand.isUp == true }

  /// What a newcomer to the room is told.
  package var hands: [Hand] { statements.values.map(\.hand) }

  /// - Parameters:
  ///   - hand: rightly signed by a member's session.
  ///   - person: whose hand it is.
  ///   - author: who signed.
  ///   - isBacklog: told on joining, and so not just raised.
  package mutating func receive(
    _ hand: Hand, of person: PersonaID, by author: PersonaID, standing: Standing,
    isBacklog: Bool = false, at now: Instant
  ) -> Outcome {
    guard author == person || standing.mayModerate(author) else { return .dropped(.notAllowed) }
    let isNewcomer = standing.people[person] == nil
    if let objection = objection(to: hand, of: person, standing: standing, isBacklog, at: now) {
      return .dropped(objection)
    }
    if let known = statements[person] {
      guard supersedes(hand, known.hand) else { return .known }
      if hand.isUp, !isBacklog, now < known.heard + settings.pause { return .dropped(.tooOften) }
    } else if !hand.isUp, statements.count >= 2 * settings.places {
      return .dropped(.full)
    }
    if hand.isUp, isNewcomer, !isBacklog, !spend(at: now) { return .dropped(.tooMany) }
    statements[person] = Statement(hand: hand, isNewcomer: isNewcomer, heard: now)
    return trim(keeping: person)
  }

  /// Hands of those who are on stage or gone go down.
  package mutating func settle(isWaiting: (PersonaID) -> Bool) {
    statements.removeAll { $0.value.hand.isUp && !isWaiting($0.key) }
  }

  package mutating func expire(at now: Instant) {
    let lifetime = UInt64(settings.lifetime.milliseconds)
    statements.removeAll { $0.value.hand.time + lifetime <= now.milliseconds }
  }

  /// When the next hand goes down by itself, in milliseconds since 1970.
  package var nextExpiry: UInt64? {
    statements.values.lazy.map(\.hand.time).min().map {
      $0 + UInt64(settings.lifetime.milliseconds)
    }
  }

  private func objection(
    to hand: Hand, of person: PersonaID, standing: Standing, _ isBacklog: Bool, at now: Instant
  ) -> HandDrop? {
    let moment = now.milliseconds
    let dating = UInt64(settings.dating.milliseconds)
    guard hand.time <= moment + dating,
      hand.time + UInt64(settings.lifetime.milliseconds) > moment,
      isBacklog || hand.time + dating >= moment
    else { return .badTime }
    guard hand.isUp else { return nil }
    guard !standing.policy.contains(.handsDown), !standing[person].isRemoved else {
      return .notAllowed
    }
    return standing[person].role.map({ $0 >= .speaker }) ?? false ? .onStage : nil
  }

  /// The later counts; of two at once the one that is down, then that of the smaller session.
  private func supersedes(_ new: Hand, _ old: Hand) -> Bool {
    if new.time != old.time { return new.time > old.time }
    if new.isUp != old.isUp { return !new.isUp }
    return new.subject < old.subject
  }

  private mutating func spend(at now: Instant) -> Bool {
    let full = Int64(settings.newcomersAtOnce) * Hands.token
    let elapsed = min(max(0, (now - refilled).nanoseconds), 60 * Hands.token)
    tokens = min(full, tokens + elapsed * Int64(settings.newcomersPerSecond))
    refilled = now
    guard tokens >= Hands.token else { return false }
    tokens -= Hands.token
    return true
  }

  /// Too many: the newest newcomer goes first, then the newest of all. Whom that is does not depend
  /// on who came first.
  private mutating func trim(keeping person: PersonaID) -> Outcome {
    let raised = queue
    let newcomers = raised.filter(\.isNewcomer)
    var leaving: PersonaID?
    if newcomers.count > settings.placesOfNewcomers {
      leaving = newcomers.last?.person
    } else if raised.count > settings.places {
      leaving = newcomers.last?.person ?? raised.last?.person
    }
    guard let leaving else { return .changed }
    statements.removeValue(forKey: leaving)
    return leaving == person ? .dropped(.full) : .changed
  }
}

/// Why a hand was not taken.
package enum HandDrop: String, Hashable, CaseIterable, Sendable {
  case notAllowed, onStage, badTime, tooOften, tooMany, full
}
