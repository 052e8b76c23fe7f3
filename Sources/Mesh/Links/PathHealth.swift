/// How a path does: round trips in microseconds, smoothed as RFC 6298 §2 does.
struct PathHealth: Sendable {
  private static let pingsRemembered = 4

  private(set) var smoothed: Int64?
  private var variation: Int64 = 0
  private var pings: [(token: UInt32, sent: Instant)] = []
  /// By a ping; a handshake tells less than a fresh ping does.
  private(set) var lastMeasured = Instant(nanoseconds: .min)

  /// A ping leaves; its answer will be a measurement.
  mutating func pinged(_ token: UInt32, at now: Instant) {
    if pings.count == Self.pingsRemembered { pings.removeFirst() }
    pings.append((token, now))
  }

  /// Answers to what was asked elsewhere mean nothing.
  mutating func forgetPings() { pings.removeAll() }

  /// An answer to a ping; others' tokens mean nothing, which is then said.
  mutating func answered(_ token: UInt32, at now: Instant) -> Bool {
    guard let index = pings.firstIndex(where: { $0.token == token }) else { return false }
    measured(now - pings[index].sent)
    lastMeasured = now
    pings.removeSubrange(...index)
    return true
  }

  mutating func measured(_ roundTrip: Duration) {
    let sample = max(1, roundTrip.nanoseconds / 1_000)
    guard let mean = smoothed else {
      smoothed = sample
      variation = sample / 2
      return
    }
    variation += (abs(sample - mean) - variation) / 4
    smoothed = mean + (sample - mean) / 8
  }

  /// How long to wait for an answer that is given at once.
  var patience: Duration? {
    smoothed.map { .microseconds($0 + $0 / 2 + 4 * variation) }
  }
}
