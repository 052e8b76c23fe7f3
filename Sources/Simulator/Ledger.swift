/// Every frame that was said, and when each listener heard it first.
struct Ledger {
  /// One speaker's frames.
  struct Voice {
    let node: Int
    /// Of its session.
    let session: UInt32
    let firstCounter: UInt32
    /// When each frame was said.
    var saidAt: [Int64] = []
    /// Silence behind speech: nobody misses it.
    var tails: Set<Int> = []
  }

  /// Not heard.
  static let never: Int32 = -1

  private(set) var voices: [Voice] = []
  /// By listener, then by voice: delay of each frame in microseconds.
  private(set) var ears: [[[Int32]]] = []
  private(set) var forged = 0
  private(set) var unknown = 0
  private var bySession: [UInt32: Int] = [:]

  mutating func open(node: Int, session: UInt32, firstCounter: UInt32) -> Int {
    voices.append(Voice(node: node, session: session, firstCounter: firstCounter))
    bySession[session] = voices.count - 1
    return voices.count - 1
  }

  mutating func said(_ voice: Int, at moment: Int64, isTail: Bool) {
    if isTail { voices[voice].tails.insert(voices[voice].saidAt.count) }
    voices[voice].saidAt.append(moment)
  }

  /// The bytes of a frame tell which it is, so that no other passes for it.
  static func payload(voice: Int, frame: Int, count: Int) -> [UInt8] {
    let word = Chance.mix(UInt64(voice), UInt64(frame))
    return (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt64($0 % 8 * 8)) ^ UInt8($0) }
  }

  /// Returns the frame's delay, or nil when nobody ever said it.
  mutating func heard(
    by listener: Int, session: UInt32, counter: UInt32, payload: [UInt8], at moment: Int64
  ) -> Int64? {
    guard let voice = bySession[session], counter >= voices[voice].firstCounter else {
      unknown += 1
      return nil
    }
    let frame = Int(counter - voices[voice].firstCounter)
    guard frame < voices[voice].saidAt.count,
      payload == Ledger.payload(voice: voice, frame: frame, count: payload.count)
    else {
      forged += 1
      return nil
    }
    let delay = moment - voices[voice].saidAt[frame]
    makeRoom(listener, voice, frame)
    if ears[listener][voice][frame] == Ledger.never {
      ears[listener][voice][frame] = Int32(clamping: delay / 1_000)
    }
    return delay
  }

  /// Delay in microseconds, or ``never``.
  func delay(_ listener: Int, _ voice: Int, _ frame: Int) -> Int32 {
    guard listener < ears.count, voice < ears[listener].count,
      frame < ears[listener][voice].count
    else { return Ledger.never }
    return ears[listener][voice][frame]
  }

  private mutating func makeRoom(_ listener: Int, _ voice: Int, _ frame: Int) {
    if listener >= ears.count {
      ears.append(contentsOf: repeatElement([], count: listener + 1 - ears.count))
    }
    if voice >= ears[listener].count {
      ears[listener].append(
        contentsOf: repeatElement([], count: voice + 1 - ears[listener].count))
    }
    let missing = frame + 1 - ears[listener][voice].count
    if missing > 0 {
      ears[listener][voice].append(contentsOf: repeatElement(Ledger.never, count: missing))
    }
  }
}
