/// Mail on its way in: which sequence numbers arrived, and which of them the sender has not been
/// told of.
struct MailReceipts: Sendable {
  enum Arrival: Sendable {
    case fresh, duplicate
    /// No sender that keeps the rules can be so far ahead.
    case impossible
  }

  /// More owed acknowledgements than this do not wait.
  ///
  /// Guess: a quarter of a datagram.
  private static let owedLimit = 16
  /// Acknowledgements that leave at once; a sender that keeps its span of 512 needs no more, and
  /// with a PONG beside them they fill one cell: no answer is larger than what it answers.
  private static let recordLimit = 8
  /// Of all that leave at once.
  static let bytesMost = recordLimit * (RecordType.header + 12)
  private static let bitmapSpan: UInt32 = 64

  private var words = InlineArray<16, UInt64>(repeating: 0)
  /// One above the highest sequence number that arrived.
  private var ceiling: UInt32 = 0
  private var owed: [UInt32] = []
  /// When the owed acknowledgements must leave.
  private(set) var due: Instant?

  mutating func arrived(_ sequence: UInt32, at now: Instant, delay: Duration) -> Arrival {
    let ahead = Int32(bitPattern: sequence &- ceiling)
    if ahead >= Int32(LinkSpec.mailSpan) { return .impossible }
    // Acknowledged long ago by whatever rule: its sender has moved on.
    if ahead < 0, ceiling &- sequence > LinkSpec.mailWindow { return .duplicate }
    let isDuplicate = ahead < 0 && holds(sequence)
    if ahead >= 0 {
      for passed in 0...UInt32(ahead) { set(ceiling &+ passed, false) }
      ceiling = sequence &+ 1
    }
    if !isDuplicate { set(sequence, true) }
    if !owed.contains(sequence) { owed.append(sequence) }
    let isUrgent = isDuplicate || owed.count >= Self.owedLimit
    let latest = isUrgent ? now : now.advanced(by: delay)
    due = min(due ?? latest, latest)
    return isDuplicate ? .duplicate : .fresh
  }

  /// Appends the owed acknowledgements: `largest 4 | bitmap 8` each.
  mutating func append(to bytes: inout [UInt8]) {
    owed.sort { Int32(bitPattern: $0 &- $1) > 0 }
    var covered: UInt32?
    var count = 0
    for sequence in owed {
      if let covered, covered &- sequence <= Self.bitmapSpan { continue }
      guard count < Self.recordLimit else { break }
      count += 1
      covered = sequence
      bytes.appendRecordHeader(RecordType.acknowledgement, count: 12)
      bytes.appendInteger(UInt64(sequence), bytes: 4)
      bytes.appendInteger(bitmap(below: sequence), bytes: 8)
    }
    owed.removeAll(keepingCapacity: true)
    due = nil
  }

  private func bitmap(below sequence: UInt32) -> UInt64 {
    var bitmap: UInt64 = 0
    for bit in 0..<Self.bitmapSpan {
      let earlier = sequence &- 1 &- bit
      let isKnown =
        ceiling &- earlier <= LinkSpec.mailWindow && holds(earlier)
      if isKnown { bitmap |= 1 << UInt64(bit) }
    }
    return bitmap
  }

  /// What lies below the window was acknowledged long ago: the sender's span is half of it.
  private func holds(_ sequence: UInt32) -> Bool {
    guard ceiling &- sequence <= LinkSpec.mailWindow else { return true }
    return words[Self.index(sequence)] & 1 << UInt64(sequence % 64) != 0
  }

  private mutating func set(_ sequence: UInt32, _ value: Bool) {
    let bit: UInt64 = 1 << UInt64(sequence % 64)
    if value {
      words[Self.index(sequence)] |= bit
    } else {
      words[Self.index(sequence)] &= ~bit
    }
  }

  private static func index(_ sequence: UInt32) -> Int {
    Int(sequence % LinkSpec.mailWindow / 64)
  }
}
