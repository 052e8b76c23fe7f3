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
  private(set) var highestAttested: UInt32 = 0
  /// Highest frame that came first from the tree's parent, by tree.
  var primary: [UInt32] = [0, 0]
  var lastArrival: Instant
  private(set) var provenAt: Instant
  private(set) var attestations: [Attestation] = []
  var pulledAttestation: UInt32 = 0
  var status: StreamStatus

  /// Frames per attestation.
  let attestEvery: UInt32
  private let quiet: Duration
  private let ring: Int
  private let floor: UInt32
  private var counters: [UInt32]
  private var steps: [UInt8]
  private var leaves: [UInt64]
  private var sources: [LinkID?]
  private var attested: [(counter: UInt32, leaf: UInt64)]
  /// Frames passed on without the one before them.
  private var lonely: [UInt32]
  private var bodies: [UInt8]
  private var tokens: Int64
  private var refilled: Instant

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
    attestEvery = UInt32(max(1, settings.attestEvery.nanoseconds / duration.duration.nanoseconds))
    quiet = settings.quiet
    ring = settings.ring
    counters = [UInt32](repeating: 0, count: ring)
    steps = [UInt8](repeating: 0, count: ring)
    leaves = [UInt64](repeating: 0, count: ring)
    sources = [LinkID?](repeating: nil, count: ring)
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

  private func slot(_ counter: UInt32) -> Int { Int(counter) % ring }

  func holds(_ counter: UInt32) -> Bool { counters[slot(counter)] == counter }

  func step(of counter: UInt32) -> UInt8 { steps[slot(counter)] }

  func leaf(of counter: UInt32) -> UInt64 { leaves[slot(counter)] }

  func source(of counter: UInt32) -> LinkID? { sources[slot(counter)] }

  func attestedLeaf(of counter: UInt32) -> UInt64? {
    let entry = attested[slot(counter)]
    return entry.counter == counter ? entry.leaf : nil
  }

  /// F3 and F4 of Spec 6: seen before, too old to matter, too far ahead of what is proven, too
  /// many.
  func judge(_ counter: UInt32, at now: Instant, settings: FrameSettings) -> Verdict {
    if holds(counter) { return .duplicate }
    if counter < floor || (highest > 0 && counter + UInt32(ring) <= highest) { return .tooOld }
    if highest > 0, counter > max(highestAttested, floor) + settings.ahead, counter > highest + 64 {
      return .tooFar
    }
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
    counters[slot] = counter
    steps[slot] = step
    leaves[slot] = leaf
    sources[slot] = source
    let start = slot * bodyBytes
    for index in 0..<bodyBytes { bodies[start + index] = body[index] }
    if highest == 0 {
      // Neither tree is late for what came before we listened.
      primary = [counter + 2, counter + 2]
    }
    // Who begins to speak cannot be proven yet.
    if now > lastArrival + quiet || highest == 0 { provenAt = now }
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

  func hasAttestation(_ last: UInt32) -> Bool { attestations.contains { $0.last == last } }

  /// Files a verified attestation. Returns the counters of frames we hold that it disowns.
  func file(_ attestation: Attestation, at now: Instant) -> [UInt32] {
    attestations.append(attestation)
    if attestations.count > 8 { attestations.removeFirst() }
    highestAttested = max(highestAttested, attestation.last)
    var forged: [UInt32] = []
    var confirmed = false
    for (counter, leaf) in attestation.entries {
      attested[slot(counter)] = (counter, leaf)
      guard holds(counter) else { continue }
      if leaves[slot(counter)] == leaf {
        confirmed = true
        status.proven += 1
      } else {
        forged.append(counter)
      }
    }
    if confirmed { provenAt = now }
    return forged
  }

  /// Throws a disowned frame out, so that the true one can still come.
  func discard(_ counter: UInt32) {
    guard holds(counter) else { return }
    counters[slot(counter)] = 0
  }

  /// A frame that came after its attestation and matches it.
  func confirm(at now: Instant) {
    provenAt = now
    status.proven += 1
  }
}
