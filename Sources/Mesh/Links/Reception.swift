import Keys
import OrderedCollections
import Wire

/// A handshake somebody began with us: message 2 is out, message 3 awaited.
final class HalfOpen {
  let index: UInt32
  let theirIndex: UInt32
  /// What message 1 said.
  let time: UInt64
  /// Where message 2 went.
  let source: Endpoint
  let answeredAt: Instant
  var noise: NoiseHandshake?

  init(
    index: UInt32, theirIndex: UInt32, time: UInt64, source: Endpoint, answeredAt: Instant,
    noise: consuming NoiseHandshake
  ) {
    self.index = index
    self.theirIndex = theirIndex
    self.time = time
    self.source = source
    self.answeredAt = answeredAt
    self.noise = consume noise
  }
}

/// What the answering side remembers of strangers; every table bounded.
struct Reception: ~Copyable {
  private let settings: LinkSettings
  /// By index, oldest first.
  private var halfOpen: OrderedDictionary<UInt32, HalfOpen> = [:]
  var cookies: Cookies
  var sources: RateLimit
  var memory: HelloMemory
  private var lastTime: UInt64 = 0
  private var countedSecond: Int64 = 0
  private var hellos = 0
  private var hellosBefore = 0

  init(settings: LinkSettings, answered: [UInt64]) {
    self.settings = settings
    cookies = Cookies(life: settings.cookieLife)
    sources = RateLimit(
      rate: settings.sourceRate, burst: settings.sourceBurst, limit: settings.sources)
    memory = HelloMemory(settings: settings, known: answered)
  }

  /// The time our next message 1 says: later than any before.
  mutating func nextTime(at now: Instant) -> UInt64 {
    lastTime = max(now.milliseconds, lastTime + 1)
    return lastTime
  }

  /// Counts a well-formed message 1 and says whether there are too many to answer without a
  /// cookie.
  mutating func isLoaded(at now: Instant) -> Bool {
    let second = now.nanoseconds / 1_000_000_000
    if second != countedSecond {
      hellosBefore = second == countedSecond + 1 ? hellos : 0
      hellos = 0
      countedSecond = second
    }
    hellos += 1
    // The last second's load holds on for this one, or each second's first would come through.
    return max(hellos, hellosBefore) > settings.helloRate || halfOpen.count >= settings.halfOpenLoad
  }

  mutating func add(_ answer: HalfOpen, _ table: inout SessionTable) {
    while halfOpen.count >= settings.halfOpen { table.release(halfOpen.removeFirst().key) }
    halfOpen[answer.index] = answer
  }

  subscript(index: UInt32) -> HalfOpen? { halfOpen[index] }

  /// The caller keeps the index reserved.
  mutating func remove(_ index: UInt32) { halfOpen.removeValue(forKey: index) }

  mutating func forgetHalfOpen(at now: Instant, _ table: inout SessionTable) {
    while let due = halfOpenDue, due <= now { table.release(halfOpen.removeFirst().key) }
  }

  var halfOpenDue: Instant? {
    halfOpen.values.first.map { $0.answeredAt.advanced(by: settings.halfOpenLife) }
  }
}
