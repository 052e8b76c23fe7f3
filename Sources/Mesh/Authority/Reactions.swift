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
    var bucket: Bucket
  }

  /// Tokens in billionths, so that a rate of any kind divides them.
  private struct Bucket {
    var tokens: Int64
    var refilled: Instant

    mutating func spend(perSecond rate: Int64, most: Int64, at now: Instant) -> Bool {
      let elapsed = min(max(0, (now - refilled).nanoseconds), 60 * Self.token)
      tokens = min(most * Self.token, tokens + elapsed * rate)
      refilled = now
      guard tokens >= Self.token else { return false }
      tokens -= Self.token
      return true
    }

    static let token: Int64 = 1_000_000_000
  }

  package let settings: ReactionSettings
  private var people: OrderedDictionary<PersonaID, Person> = [:]
  private var room: Bucket

  package init(settings: ReactionSettings = ReactionSettings(), at now: Instant) {
    self.settings = settings
    room = Bucket(tokens: Int64(settings.roomAtOnce) * Bucket.token, refilled: now)
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
    let most = Int64(settings.atOnce)
    var known =
      people[person]
      ?? Person(
        latest: 0, bucket: Bucket(tokens: most * Bucket.token, refilled: now))
    known.latest = time
    let rate = max(1, 1_000 / max(1, settings.pause.milliseconds))
    let isSlow = known.bucket.spend(perSecond: rate, most: most, at: now)
    people[person] = known
    if people.count > settings.places { people.removeFirst() }
    guard isSlow,
      room.spend(
        perSecond: Int64(settings.perSecond), most: Int64(settings.roomAtOnce), at: now)
    else { return .tooOften }
    return .fresh
  }
}
