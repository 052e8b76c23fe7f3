import Keys
import Wire

/// One generation of one speaker's key: a base key that is hashed forward every 512 frames and
/// never back, so that whoever gets it hears nothing older.
final class Chain {
  let session: SessionID
  let generation: UInt16
  let counterStart: UInt32
  private(set) var step: UInt32
  private var base: Secret
  private var current: FrameKey
  /// The step before, for frames that arrive late.
  private var previous: FrameKey?
  private var previousUntil = Instant(nanoseconds: 0)
  private let shift: UInt32
  /// Its first step matched the speaker's commitment, or a frame was opened with it. Until then it
  /// is one neighbour's word and goes no further.
  private(set) var isProven: Bool
  /// Who handed it over; nil for our own.
  let source: LinkID?

  init(
    session: SessionID, generation: UInt16, counterStart: UInt32, step: UInt32,
    base: consuming Secret, isProven: Bool, source: LinkID?, settings: KeySettings
  ) throws(KeysError) {
    self.isProven = isProven
    self.source = source
    self.session = session
    self.generation = generation
    self.counterStart = counterStart
    self.step = step
    shift = settings.stepShift
    current = try FrameKey(
      base: base, keyID: Chain.keyID(session: session, generation: generation, step: step))
    self.base = base
  }

  static func keyID(session: SessionID, generation: UInt16, step: UInt32) -> UInt64 {
    UInt64(session.raw) << 8 | UInt64(stepByte(generation: generation, step: step))
  }

  /// The low byte of a key id, all that a media record carries of it.
  static func stepByte(generation: UInt16, step: UInt32) -> UInt8 {
    UInt8(generation & 15) << 4 | UInt8(step & 15)
  }

  func step(of counter: UInt32) -> UInt32 { (counter - counterStart) >> shift }

  func commitment(room: RoomID) -> Bytes32 {
    SenderChain.commit(base, room: room, session: session, generation: generation)
  }

  /// Lends the base key of the present step, for granting it.
  func withBase<R>(_ body: (borrowing Secret) -> R) -> R { body(base) }

  /// Lends what frames are opened with now.
  func withFrameKeys(_ body: (borrowing Secret) -> Void) {
    current.withKey(body)
    switch previous {
    case .some(let key): key.withKey(body)
    case .none: break
    }
  }

  /// Lends what frames are sealed with now.
  func withFrameKey<R>(_ body: (borrowing FrameKey) -> R) -> R { body(current) }

  /// Seals one frame at the end of `out`, moving to the counter's step first.
  func seal(
    _ plain: [UInt8], counter: UInt32, room: RoomID, into out: inout [UInt8]
  ) throws(KeysError) {
    while step < step(of: counter) { try advance() }
    current.seal(plain.span, counter: UInt64(counter), room: room, into: &out)
  }

  func proved() { isProven = true }

  /// Moves on to the step of a frame that its speaker attested, so that whoever is handed the key
  /// later hears nothing from before that.
  func advance(to counter: UInt32, at now: Instant, settings: KeySettings) {
    guard counter >= counterStart else { return }
    let wanted = step(of: counter)
    guard wanted > step, wanted - step <= settings.stepsAhead else { return }
    guard let base = try? base(at: wanted), let key = try? frameKey(base, wanted) else { return }
    move(to: wanted, base: base, key: key, at: now, settings: settings)
  }

  /// Opens one frame. State moves forward only when a frame of a later step proves genuine.
  func open(
    _ frame: Span<UInt8>, counter: UInt32, stepByte: UInt8, room: RoomID, at now: Instant,
    settings: KeySettings, into plain: inout [UInt8]
  ) -> Bool {
    guard counter >= counterStart else { return false }
    let wanted = step(of: counter)
    guard Chain.stepByte(generation: generation, step: wanted) == stepByte else { return false }
    if wanted == step { return current.open(frame, room: room, into: &plain) }
    if wanted < step {
      guard wanted + 1 == step, now < previousUntil else { return false }
      switch previous {
      case .some(let key): return key.open(frame, room: room, into: &plain)
      case .none: return false
      }
    }
    guard wanted - step <= settings.stepsAhead else { return false }
    return openAhead(frame, wanted, room: room, at: now, settings: settings, into: &plain)
  }

  func forgetOld(at now: Instant) {
    if now >= previousUntil { previous = nil }
  }

  private func openAhead(
    _ frame: Span<UInt8>, _ wanted: UInt32, room: RoomID, at now: Instant, settings: KeySettings,
    into plain: inout [UInt8]
  ) -> Bool {
    guard let base = try? base(at: wanted), let key = try? frameKey(base, wanted),
      key.open(frame, room: room, into: &plain)
    else { return false }
    move(to: wanted, base: base, key: key, at: now, settings: settings)
    return true
  }

  private func move(
    to wanted: UInt32, base: consuming Secret, key: consuming FrameKey, at now: Instant,
    settings: KeySettings
  ) {
    swap(&current, &key)
    previous = wanted == step + 1 ? .some(key) : nil
    previousUntil = now + settings.keepOld
    self.base = base
    step = wanted
  }

  /// The base key of a later step.
  private func base(at wanted: UInt32) throws(KeysError) -> Secret {
    var ahead = try SenderChain.ratchet(base)
    for _ in step + 1..<wanted { ahead = try SenderChain.ratchet(ahead) }
    return ahead
  }

  private func frameKey(_ base: borrowing Secret, _ step: UInt32) throws(KeysError) -> FrameKey {
    try FrameKey(
      base: base, keyID: Chain.keyID(session: session, generation: generation, step: step))
  }

  private func advance() throws(KeysError) {
    let next = try SenderChain.ratchet(base)
    current = try frameKey(next, step + 1)
    base = next
    step += 1
  }
}
