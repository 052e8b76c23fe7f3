import OrderedCollections
package import Wire

/// Bounds of what people show without words. All guesses: as fast as one person taps on purpose,
/// and as much as a room full of people can look at.
package struct ReactionSettings: Sendable {
  /// Of one person, in the long run.
  package var pause: Duration = .seconds(1)
  /// Of one person at once.
  package var atOnce = 4
  /// Of a room in a second, and at once.
  package var perSecond = 10
  package var roomAtOnce = 30
  /// How far from the own clock one may be dated: what clocks at home are off.
  package var dating: Duration = .seconds(120)
  /// People remembered.
  package var places = 1_024

  package init() {}
}

/// What was shown lately, so that nothing is shown twice or too often. Nothing else is kept.
package struct Reactions: Sendable {
  /// What becomes of one.
  package enum Outcome: Hashable, Sendable {
    /// It is to be shown and passed on.
    case fresh
    case known
    case tooOften
    case badTime
  }

  private struct Person {
    var latest: UInt64
    var allowance: Allowance
  }

  package let settings: ReactionSettings
  private var people: OrderedDictionary<PersonaID, Person> = [:]
  private var room: Allowance

  package init(settings: ReactionSettings = ReactionSettings()) {
    self.settings = settings
    room = Allowance(
      every: .seconds(1) / max(1, settings.perSecond), burst: settings.roomAtOnce)
  }

  /// Whether one of `person` at `time` was taken before.
  package func knows(_ time: UInt64, of person: PersonaID) -> Bool {
    people[person].map { time <= $0.latest } ?? false
  }

  /// - Parameter time: what the person signed; later than all before.
  package mutating func receive(
    _ time: UInt64, of person: PersonaID, at now: Instant
  ) -> Outcome {
    let (moment, dating) = (now.milliseconds, UInt64(settings.dating.milliseconds))
    guard time <= moment + dating, time + dating >= moment else { return .badTime }
    guard !knows(time, of: person) else { return .known }
    let fresh = Allowance(every: settings.pause, burst: settings.atOnce)
    var known = people[person] ?? Person(latest: 0, allowance: fresh)
    known.latest = time
    let isSlow = known.allowance.take(at: now)
    people[person] = known
    if people.count > settings.places { people.removeFirst() }
    guard isSlow, room.take(at: now) else { return .tooOften }
    return .fresh
  }
}
