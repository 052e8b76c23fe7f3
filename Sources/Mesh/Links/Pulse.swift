import Keys

/// When a link was last heard, when to ask whether it lives, and when to give it up.
struct Pulse: Sendable {
  enum Verdict: Sendable {
    case alive, suspect, dead
  }

  private let settings: LinkSettings
  /// Last valid datagram.
  private var heardAt: Instant
  /// Silence before a link was watched does not count against it.
  private var watchedSince: Instant?
  private(set) var pingDue: Instant
  private(set) var isSuspect = false

  init(settings: LinkSettings, at now: Instant) {
    self.settings = settings
    heardAt = now
    // At once: the first round trip is measured, and the other side confirmed.
    pingDue = now
  }

  var isWatched: Bool { watchedSince != nil }

  mutating func watch(_ on: Bool, at now: Instant) {
    guard on != isWatched else { return }
    watchedSince = on ? now : nil
    isSuspect = false
    if on { pingDue = now }
  }

  /// Returns whether a suspicion ended.
  mutating func heard(at now: Instant) -> Bool {
    heardAt = now
    guard isSuspect else { return false }
    isSuspect = false
    return true
  }

  /// Something must be asked of the peer soon.
  mutating func hurry(at now: Instant) { pingDue = min(pingDue, now) }

  /// Whether a ping has to leave now; sets the time of the next.
  ///
  /// A link on which the peer was heard lately and whose round trip is known needs none.
  mutating func takePing(
    at now: Instant, measuredAt: Instant, isAwaited: Bool, _ entropy: inout Entropy
  ) -> Bool {
    guard pingDue <= now else { return false }
    let pause = isAwaited ? settings.awaitedPing : pause(&entropy)
    let staleness = max(pause, settings.measurePause)
    let isMeasured = measuredAt.advanced(by: staleness) > now
    let quietUntil = heardAt.advanced(by: pause)
    let isNeeded = isAwaited || quietUntil <= now || !isMeasured
    if isNeeded {
      pingDue = now.advanced(by: quietUntil <= now ? min(pause, settings.silentPing) : pause)
    } else {
      pingDue = quietUntil
    }
    return isNeeded
  }

  /// `suspect` is said once per silence.
  mutating func judge(at now: Instant) -> Verdict {
    let silence = now - silentSince
    guard isWatched else { return silence >= settings.death ? .dead : .alive }
    if silence >= settings.watchedDeath { return .dead }
    guard silence >= settings.suspicion, !isSuspect else { return .alive }
    isSuspect = true
    return .suspect
  }

  /// When ``judge(at:)`` may next say something new.
  var verdictDue: Instant {
    guard isWatched else { return silentSince.advanced(by: settings.death) }
    return silentSince.advanced(by: isSuspect ? settings.watchedDeath : settings.suspicion)
  }

  private var silentSince: Instant {
    guard let watchedSince else { return heardAt }
    return max(heardAt, watchedSince)
  }

  private func pause(_ entropy: inout Entropy) -> Duration {
    if isWatched { return settings.watchedPing }
    let spread = UInt64(settings.idlePingJitter.nanoseconds * 2)
    let jitter = Duration.nanoseconds(Int64(entropy.below(spread)))
    return settings.idlePing - settings.idlePingJitter + jitter
  }
}
