import Keys
import Wire

/// Our own voice in a room: numbers frames, seals them, remembers what to attest. Counters run on
/// through every pause, for a counter must never be used twice under one session key.
final class Talker {
  private(set) var isActive = false
  private(set) var nextCounter = Limits.firstCounter
  private(set) var generation: UInt16 = 0
  private(set) var chain: Chain?
  /// Announced; takes over at its first counter, when everybody can have it.
  private var nextChain: Chain?
  private(set) var keyedAt = Instant(nanoseconds: 0)
  private(set) var payloadBytes = 0
  private(set) var duration = FrameDuration.ms20
  private var plain: [UInt8] = []
  private var leaves: [(counter: UInt32, leaf: UInt64)] = []

  func start(payload: Int, duration: FrameDuration) {
    isActive = true
    payloadBytes = payload
    self.duration = duration
  }

  func stop() { isActive = false }

  /// Header, level byte, payload, tag.
  var sealedBytes: Int { FrameHeader.count + 1 + payloadBytes + FrameKey.tagCount }

  func adopt(_ chain: Chain, generation: UInt16, at now: Instant) {
    if self.chain == nil || chain.counterStart <= nextCounter {
      self.chain = chain
      nextChain = nil
    } else {
      nextChain = chain
    }
    self.generation = generation
    keyedAt = now
  }

  /// The first counter of a key announced now: with none in use there is nothing to wait on.
  func start(ofKeyAfter activation: Duration) -> UInt32 {
    guard chain != nil else { return nextCounter }
    let frames = activation.nanoseconds / duration.duration.nanoseconds
    return min(Limits.lastCounter, nextCounter + UInt32(clamping: frames))
  }

  /// The next word needs a new key.
  func expireKey() {
    chain = nil
    nextChain = nil
  }

  func isKeyOld(at now: Instant, _ settings: KeySettings) -> Bool {
    chain == nil || keyedAt + settings.generationLifetime <= now
  }

  /// Seals the next frame at the end of `out` and says which number it got.
  func seal(
    _ payload: [UInt8], level: UInt8, room: RoomID, into out: inout [UInt8]
  ) throws(KeysError) -> UInt32? {
    let counter = nextCounter
    if let next = nextChain, counter >= next.counterStart {
      chain = next
      nextChain = nil
    }
    guard let chain, counter < Limits.lastCounter else { return nil }
    plain.removeAll(keepingCapacity: true)
    plain.append(min(level, 127))
    plain.append(contentsOf: payload)
    try chain.seal(plain, counter: counter, room: room, into: &out)
    nextCounter += 1
    return counter
  }

  /// Notes a frame's leaf; every tenth time says what to attest.
  func attest(
    counter: UInt32, leaf: UInt64, session: SessionID, every: UInt32
  ) -> Attestation? {
    leaves.append((counter, leaf))
    if leaves.count > Int(every) { leaves.removeFirst() }
    guard counter % every == every - 1 else { return nil }
    return attestation(session: session)
  }

  /// What is still unattested when the talker stops.
  func attestation(session: SessionID) -> Attestation? {
    guard let last = leaves.last?.counter else { return nil }
    let recent = leaves.filter { last - $0.counter < 32 }.suffix(Attestation.leavesMaximum)
    var mask: UInt32 = 0
    for entry in recent { mask |= 1 << (last - entry.counter) }
    return Attestation(session: session, last: last, mask: mask, leaves: recent.map(\.leaf))
  }
}
