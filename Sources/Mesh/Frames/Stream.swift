import Wire

/// One speaker's frames as they pass through this node: the last 64, kept as they came (sealed), so
/// that copies are told apart, lost ones repaired, and forged ones traced to who delivered them.
final class Stream {
  let session: SessionID
  let key: SigningKey
  let bodyBytes: Int
  let duration: FrameDuration
  /// Ours, and so sent to other roots as well.
  let isOwn: Bool

  private(set) var highest: UInt32 = 0
  /// Counters are believed up to a fixed distance from here: the newest attested frame, or the
  /// first one heard while none is.
  private var anchor: UInt32 = 0
  private var hasAnchor = false
  /// Highest frame that came first from the tree's parent, by tree.
  var primary: [UInt32] = [0, 0]
  /// The highest when the line was weighed last (``Thrift``).
  var weighed: UInt32 = 0
  private(set) var lastArrival: Instant
  /// From when on the next frame is awaited. The first may take as long as word of the speaker and
  /// its key take to reach everybody.
  var expectedSince: Instant { highest > 0 ? lastArrival : lastArrival + settings.first }
  private(set) var provenAt: Instant
  private(set) var attestations: [Attestation] = []
  var pulledAttestation: UInt32 = 0
  /// The newest word that frames here contradict.
  var doubted: UInt32 = 0
  var status: StreamStatus
  /// Its speaker may not speak: nothing of it is taken or passed on.
  var isSilenced = false
  /// Somebody made up frames of it: until then only what is proven is played.
  var suspectUntil = Instant(nanoseconds: 0)

  /// Frames per attestation.
  let attestEvery: UInt32
  private let settings: FrameSettings
  private let floor: UInt32
  private var kept: [Kept]
  private var attested: [(counter: UInt32, leaf: UInt64)]
  /// Frames passed on without the one before them.
  private var lonely: [UInt32]
  private var bodies: [UInt8]
  private var tokens: Int64
  private var refilled: Instant

  /// What is known of a frame in the ring, its body apart.
  private struct Kept {
    var counter: UInt32 = 0
    var step: UInt8 = 0
    var fate = Fate.unopened
    var leaf: UInt64 = 0
    var source: LinkID?
    var arrival = Instant(nanoseconds: 0)
  }

  /// What became of a frame at this node's ear.
  enum Fate {
    /// Nobody listens, no key yet, or not yet proven.
    case unopened
    /// The key we hold does not open it.
    case broken
    case played
  }

  init(
    session: SessionID, key: SigningKey, bodyBytes: Int, duration: FrameDuration, isOwn: Bool,
    floor: UInt32, settings: FrameSettings, at now: Instant
  ) {
    self.session = session
    self.key = key
    self.bodyBytes = bodyBytes
    self.duration = duration
    self.isOwn = isOwn
    self.floor = floor
    self.settings = settings
    attestEvery = UInt32(max(1, settings.attestEvery.nanoseconds / duration.duration.nanoseconds))
    let ring = settings.ring
    kept = [Kept](repeating: Kept(), count: ring)
    attested = [(counter: UInt32, leaf: UInt64)](repeating: (0, 0), count: ring)
    lonely = [UInt32](repeating: 0, count: ring)
    bodies = [UInt8](repeating: 0, count: ring * bodyBytes)
    tokens = Int64(settings.burst) * 1_000_000_000
    refilled = now
    lastArrival = now
    provenAt = now
    status = StreamStatus(session: session)
  }

  enum Verdict {
    case new, duplicate, tooOld, tooFar, tooMany
  }

  private func slot(_ counter: UInt32) -> Int { Int(counter) % settings.ring }

  /// Empty places hold counter 0, which no frame has.
  func holds(_ counter: UInt32) -> Bool {
    counter >= Limits.firstCounter && kept[slot(counter)].counter == counter
  }

  func step(of counter: UInt32) -> UInt8 { kept[slot(counter)].step }

  func source(of counter: UInt32) -> LinkID? { kept[slot(counter)].source }

  func attestedLeaf(of counter: UInt32) -> UInt64? {
    let entry = attested[slot(counter)]
    return entry.counter == counter ? entry.leaf : nil
  }

  func settle(_ counter: UInt32, _ fate: Fate) {
    guard holds(counter) else { return }
    kept[slot(counter)].fate = fate
  }

  /// Frames of the last `patience` that wait for a key or a proof, oldest first.
  func waiting(at now: Instant, patience: Duration) -> [UInt32] {
    kept.lazy.filter { $0.counter != 0 && $0.fate == .unopened && $0.arrival + patience >= now }
      .map(\.counter).sorted()
  }

  /// The speaker begins anew: what came of it before is neither late nor proof.
  func resume(at now: Instant) {
    lastArrival = now
    provenAt = now
    primary = [highest, highest]
  }

  /// F3 and F4 of Spec 6: seen before, too old to matter, too far ahead of what is proven, too
  /// many.
  func judge(_ counter: UInt32, at now: Instant) -> Verdict {
    if holds(counter) { return .duplicate }
    if counter < floor || (highest > 0 && counter + UInt32(settings.ring) <= highest) {
      return .tooOld
    }
    if hasAnchor, counter > anchor + settings.ahead { return .tooFar }
    let gained = (now - refilled).nanoseconds &* Int64(settings.rate)
    tokens = min(Int64(settings.burst) * 1_000_000_000, tokens &+ max(0, gained))
    refilled = now
    guard tokens >= 1_000_000_000 else { return .tooMany }
    tokens -= 1_000_000_000
    return .new
  }

  /// Keeps a frame's sealed body. `body` has exactly `bodyBytes`.
  func keep(
    _ counter: UInt32, step: UInt8, leaf: UInt64, source: LinkID?, body: Span<UInt8>,
    at now: Instant
  ) {
    let slot = slot(counter)
    kept[slot] = Kept(counter: counter, step: step, leaf: leaf, source: source, arrival: now)
    let start = slot * bodyBytes
    for index in 0..<bodyBytes { bodies[start + index] = body[index] }
    if highest == 0 {
      // Neither tree is late for what came before we listened.
      primary = [counter + 2, counter + 2]
    }
    if !hasAnchor {
      anchor = counter
      hasAnchor = true
    }
    // Who begins to speak cannot be proven yet.
    if now > lastArrival + settings.quiet || highest == 0 { provenAt = now }
    if counter > highest {
      if highest > 0 { status.missing += UInt64(counter - highest - 1) }
      highest = counter
      status.lastCounter = counter
    } else if status.missing > 0, status.received > 0 {
      status.missing -= 1
    }
    status.received += 1
    lastArrival = now
  }

  func markLonely(_ counter: UInt32) { lonely[slot(counter)] = counter }

  /// Whether a frame went out alone; asked once.
  func takeLonely(_ counter: UInt32) -> Bool {
    guard lonely[slot(counter)] == counter else { return false }
    lonely[slot(counter)] = 0
    return true
  }

  func appendBody(of counter: UInt32, to bytes: inout [UInt8]) {
    let start = slot(counter) * bodyBytes
    bytes.append(contentsOf: bodies[start..<start + bodyBytes])
  }

  func attestation(_ last: UInt32) -> Attestation? { attestations.first { $0.last == last } }

  /// Nothing that is here can be judged by a word about it.
  func isPast(_ last: UInt32) -> Bool {
    last < floor || highest > last && highest - last >= UInt32(settings.ring)
  }

  func hasAttestation(_ last: UInt32) -> Bool { attestation(last) != nil }

  /// What an attestation says about the frames that are here.
  struct Judgement {
    var forged: [UInt32] = []
    /// Genuine, but our key does not open it.
    var unopenable: UInt32?
  }

  /// Files a verified attestation. `isBelieved` says that what is here is what was said, unseen.
  func file(
    _ attestation: Attestation, isBelieved: Bool = false, at now: Instant
  ) -> Judgement {
    attestations.append(attestation)
    if attestations.count > 8 { attestations.removeFirst() }
    if attestation.last > anchor || attestations.count == 1 { moveAnchor(to: attestation.last) }
    var judgement = Judgement()
    var confirmed = false
    for (counter, leaf) in attestation.entries {
      attested[slot(counter)] = (counter, leaf)
      guard holds(counter) else { continue }
      if isBelieved || kept[slot(counter)].leaf == leaf {
        confirmed = true
        status.proven += 1
        if kept[slot(counter)].fate == .broken { judgement.unopenable = counter }
      } else {
        judgement.forged.append(counter)
      }
    }
    if confirmed { provenAt = now }
    return judgement
  }

  /// Frames further ahead than a speaker can be of its own word were made up: the true ones must
  /// not be too old beside them.
  private func moveAnchor(to counter: UInt32) {
    anchor = counter
    hasAnchor = true
    guard highest > counter + settings.ahead else { return }
    for index in kept.indices where kept[index].counter > counter { kept[index] = Kept() }
    highest = counter
    primary = [counter, counter]
  }

  /// Throws a disowned frame out, so that the true one can still come.
  func discard(_ counter: UInt32) {
    guard holds(counter) else { return }
    kept[slot(counter)] = Kept()
  }

  /// A frame that came after its attestation and matches it.
  func confirm(at now: Instant) {
    provenAt = now
    status.proven += 1
  }
}
