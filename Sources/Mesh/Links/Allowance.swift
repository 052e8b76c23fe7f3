/// Something that may happen `burst` times at once, and then once in every `pause`.
struct Allowance: Sendable {
  private let pause: Duration
  private let burst: Int
  /// When nothing of the burst is used any more; each use moves it on by one pause.
  private var wholeAt = Instant(nanoseconds: 0)

  init(every pause: Duration, burst: Int) {
    self.pause = pause
    self.burst = burst
  }

  /// Whether it may not be used now.
  func isSpent(at now: Instant) -> Bool { max(wholeAt, now) - now > pause * (burst - 1) }

  /// Uses it once, if it may be used now.
  mutating func take(at now: Instant) -> Bool {
    guard !isSpent(at: now) else { return false }
    wholeAt = max(wholeAt, now) + pause
    return true
  }
}
