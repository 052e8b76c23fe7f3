import Wire

/// Records that must arrive, on their way out: each is sent again until it is acknowledged.
///
/// Order is not kept: what the owner sends must make sense in any. How much is under way adapts
/// to loss, so that a roster sent at once does not drown the voice beside it.
struct Mail: Sendable {
  private struct Letter {
    /// The complete MAIL record.
    let record: [UInt8]
    var firstSent: Instant?
    var due = Instant(nanoseconds: .max)
    var pause = Duration.zero
    var isAcknowledged = false
  }

  private let settings: LinkSettings
  /// Sequence number of the first letter.
  private var base: UInt32 = 0
  private var letters: [Letter] = []
  /// Index of the first letter never sent.
  private var unsent = 0
  /// Bytes sent and not acknowledged, and how many may be.
  private var flight = 0
  private var window: Int
  /// Not after the earliest repetition; may lie before it.
  private var earliestDue: Instant?
  /// Indices to be sent in this flush.
  private var ready: [Int] = []

  init(settings: LinkSettings) {
    self.settings = settings
    window = settings.mailFlightFirst
  }

  var isEmpty: Bool { letters.isEmpty }

  /// False when too much waits already.
  mutating func post(_ type: UInt8, _ body: [UInt8]) -> Bool {
    guard letters.count < settings.mailQueue else { return false }
    let sequence = base &+ UInt32(letters.count)
    var record: [UInt8] = []
    record.reserveCapacity(RecordType.header + RecordType.mailHead + body.count)
    record.appendRecordHeader(RecordType.mail, count: RecordType.mailHead + body.count)
    record.appendInteger(UInt64(sequence), bytes: 4)
    record.append(type)
    record.append(contentsOf: body)
    letters.append(Letter(record: record))
    return true
  }

  /// Takes note of what has to be sent now: what nobody acknowledged in time, then new letters as
  /// far as the flight allows.
  mutating func collect(at now: Instant, patience: Duration?) {
    ready.removeAll(keepingCapacity: true)
    let pause = pause(patience)
    if let due = earliestDue, due <= now { collectOverdue(at: now) }
    while hasRoom { collectUnsent(at: now, pause) }
    ready.reverse()
  }

  /// For a link with a clock: the bytes of the letter that leaves next; nil when none does.
  ///
  /// One letter at a time, so that none counts as sent while it waits for a slot.
  mutating func next(at now: Instant, patience: Duration?) -> Int? {
    while let index = ready.last, letters[index].isAcknowledged { ready.removeLast() }
    if ready.isEmpty, let due = earliestDue, due <= now {
      collectOverdue(at: now)
      ready.reverse()
    }
    if ready.isEmpty, hasRoom { collectUnsent(at: now, pause(patience)) }
    return ready.last.map { letters[$0].record.count }
  }

  /// Whether ``next(at:patience:)`` has something, or is about to look.
  func hasNext(at now: Instant) -> Bool {
    !ready.isEmpty || hasRoom || earliestDue.map { $0 <= now } ?? false
  }

  /// The letter that leaves next.
  mutating func take() -> [UInt8] {
    guard let index = ready.popLast() else { return [] }
    return letters[index].record
  }

  /// Appends collected records while they fit below `limit` bytes; true when none is left.
  mutating func append(to bytes: inout [UInt8], limit: Int) -> Bool {
    while let index = ready.last {
      guard bytes.count + letters[index].record.count <= limit else { return false }
      bytes.append(contentsOf: letters[index].record)
      ready.removeLast()
    }
    return true
  }

  /// `largest` arrived, and `largest - 1 - i` for each bit i of `bitmap`.
  ///
  /// False when that was never sent.
  mutating func acknowledged(_ largest: UInt32, _ bitmap: UInt64) -> Bool {
    guard settle(largest) else { return false }
    var bits = bitmap
    while bits != 0 {
      let bit = UInt32(bits.trailingZeroBitCount)
      bits &= bits - 1
      guard settle(largest &- 1 &- bit) else { return false }
    }
    let settled = letters.prefix(while: \.isAcknowledged).count
    if settled > 0 {
      letters.removeFirst(settled)
      base &+= UInt32(settled)
      unsent -= settled
      ready = ready.compactMap { $0 < settled ? nil : $0 - settled }
    }
    return true
  }

  /// The oldest letter waited too long.
  func isHopeless(at now: Instant) -> Bool {
    guard let since = letters.first?.firstSent else { return false }
    return now - since >= settings.mailPatience
  }

  /// When to look again.
  var due: Instant? {
    guard let since = letters.first?.firstSent, let earliestDue else { return nil }
    return min(earliestDue, since.advanced(by: settings.mailPatience))
  }

  /// Letters that could leave now, were they collected.
  var hasRoom: Bool {
    guard unsent < letters.count, unsent < Int(LinkSpec.mailSpan) else { return false }
    return flight == 0 || flight + letters[unsent].record.count <= window
  }

  private func pause(_ patience: Duration?) -> Duration {
    min(
      settings.mailPauseLimit,
      max(settings.mailPause, (patience ?? .milliseconds(250)) + settings.acknowledgeDelay))
  }

  private mutating func collectUnsent(at now: Instant, _ pause: Duration) {
    flight += letters[unsent].record.count
    letters[unsent].firstSent = now
    letters[unsent].pause = pause
    letters[unsent].due = now.advanced(by: pause)
    lower(letters[unsent].due)
    ready.append(unsent)
    unsent += 1
  }

  private mutating func collectOverdue(at now: Instant) {
    earliestDue = nil
    for index in 0..<unsent where !letters[index].isAcknowledged {
      if letters[index].due <= now {
        let pause = min(letters[index].pause * 2, settings.mailPauseLimit)
        letters[index].pause = pause
        letters[index].due = now.advanced(by: pause)
        ready.append(index)
      }
      lower(letters[index].due)
    }
    if !ready.isEmpty { window = max(settings.mailFlightLeast, window / 2) }
  }

  private mutating func settle(_ sequence: UInt32) -> Bool {
    let index = Int(Int32(bitPattern: sequence &- base))
    guard index >= 0 else { return true }
    guard index < unsent else { return false }
    guard !letters[index].isAcknowledged else { return true }
    letters[index].isAcknowledged = true
    flight -= letters[index].record.count
    window = min(settings.mailFlightMost, window + letters[index].record.count)
    return true
  }

  private mutating func lower(_ due: Instant) {
    earliestDue = min(earliestDue ?? due, due)
  }
}
