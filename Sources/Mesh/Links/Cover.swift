import Wire

/// What waits on a link with a clock for its slots.
///
/// Sound goes before the rest, but for one slot in four; mail waits where it always does, and
/// leaves when there is a slot for it.
final class Cover {
  /// The peer wished for it, and pays as much: how much had come when that was last looked at.
  var answering: Answering?
  /// Records of the link itself: a few bytes each.
  var own = Waiting()
  /// Complete media and attestation records, or parts of such.
  var sound = Waiting()
  /// Sound that comes another time as well: what slots are left for.
  var spareSound = Waiting()
  var once = Waiting()
  /// Parts of the longer record under way.
  var parts = Waiting()
  private var nextNumber: UInt32 = 0
  private var soundInARow = 0
  private var isMailsTurn = true

  struct Answering {
    var slots = 0
    var datagramsIn: UInt64
  }

  /// False when something had to go for it.
  func offer(
    sound record: [UInt8], isSpare: Bool, at now: Instant, _ settings: CoverSettings
  ) -> Bool {
    split(record, into: isSpare ? \.spareSound : \.sound, at: now)
    return sound.trim(to: settings.soundBytes) && spareSound.trim(to: settings.soundBytes)
  }

  /// Records from a queue of such, one behind the other. False when something had to go for them.
  func offer(queue: [UInt8], at now: Instant, _ settings: CoverSettings) -> Bool {
    var start = 0
    while start < queue.count {
      let end =
        start + RecordType.header + Int(queue.integer(at: start + 1, bytes: 2))
      if queue[start] < RecordType.ownersFirst {
        own.append(queue[start..<end], at: now)
      } else {
        once.append(queue[start..<end], at: now)
      }
      start = end
    }
    let isAll = own.trim(to: settings.ownBytes)
    return once.trim(to: settings.onceBytes) && isAll
  }

  /// How many waited too long and are gone.
  func expire(at now: Instant, _ settings: CoverSettings) -> Int {
    let silent = now.advanced(by: .zero - settings.soundLife)
    return sound.expire(before: silent) + spareSound.expire(before: silent)
      + once.expire(before: now.advanced(by: .zero - settings.onceLife))
  }

  func clear() {
    own = Waiting()
    sound = Waiting()
    spareSound = Waiting()
    once = Waiting()
    parts = Waiting()
  }

  /// Whether the next slot is for sound.
  func takesSound(controlWaits: Bool, _ settings: CoverSettings) -> Bool {
    guard !sound.isEmpty || !spareSound.isEmpty,
      !controlWaits || soundInARow < settings.controlEvery - 1
    else {
      soundInARow = 0
      return false
    }
    soundInARow += 1
    return true
  }

  func moveSound(to bytes: inout [UInt8]) {
    if sound.isEmpty { spareSound.move(to: &bytes) } else { sound.move(to: &bytes) }
  }

  /// Mail and everything else take turns at being first: a part of a long letter fits only into an
  /// empty cell.
  func takesMailFirst() -> Bool {
    isMailsTurn.toggle()
    return !isMailsTurn
  }

  /// Cuts a record longer than a cell into parts, which go before anything else of its kind.
  func split(_ record: [UInt8], at now: Instant) { split(record, into: \.parts, at: now) }

  private func split(
    _ record: [UInt8], into queue: ReferenceWritableKeyPath<Cover, Waiting>, at now: Instant
  ) {
    guard record.count > Limits.cell else {
      return self[keyPath: queue].append(record[...], at: now)
    }
    let number = number(of: record)
    let last = (record.count - 1) / Parts.payload
    for place in 0...last {
      let start = place * Parts.payload
      let end = min(record.count, start + Parts.payload)
      var part: [UInt8] = []
      part.reserveCapacity(Limits.cell)
      part.appendRecordHeader(RecordType.part, count: Parts.head + end - start)
      part.appendInteger(UInt64(number), bytes: 4)
      part.append(UInt8(place << 4 | last))
      part.append(contentsOf: record[start..<end])
      self[keyPath: queue].append(part[...], at: now)
    }
  }

  private func number(of record: [UInt8]) -> UInt32 {
    let counted: UInt32 = 0x8000_0000
    if record[0] == RecordType.mail {
      let sequence = record.integer(at: RecordType.header, bytes: 4)
      return UInt32(truncatingIfNeeded: sequence) & (counted - 1)
    }
    nextNumber &+= 1
    return nextNumber | counted
  }
}

/// Records or parts of such, first in first out, in one piece of memory.
struct Waiting: Sendable {
  private var bytes: [UInt8] = []
  private var entries: [(since: Instant, count: Int)] = []

  var isEmpty: Bool { entries.isEmpty }
  /// Bytes of the first; zero when there is none.
  var next: Int { entries.first?.count ?? 0 }

  mutating func append(_ record: ArraySlice<UInt8>, at now: Instant) {
    bytes.append(contentsOf: record)
    entries.append((now, record.count))
  }

  /// Moves the first to the end of `target`.
  mutating func move(to target: inout [UInt8]) {
    guard let first = entries.first else { return }
    target.append(contentsOf: bytes[..<first.count])
    drop()
  }

  /// Takes the first out.
  mutating func take() -> [UInt8] {
    var record: [UInt8] = []
    move(to: &record)
    return record
  }

  /// True when nothing had to go.
  mutating func trim(to most: Int) -> Bool {
    guard bytes.count > most else { return true }
    while bytes.count > most { drop() }
    return false
  }

  /// How many went.
  mutating func expire(before limit: Instant) -> Int {
    var gone = 0
    while let first = entries.first, first.since < limit {
      drop()
      gone += 1
    }
    return gone
  }

  private mutating func drop() {
    bytes.removeSubrange(..<entries.removeFirst().count)
  }
}
