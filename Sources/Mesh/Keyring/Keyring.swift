import Keys
import OrderedCollections
import Wire

/// The keys of a room's speakers that this node holds, and what speakers announced about them.
struct Keyring {
  struct Speaker {
    var announcement: KeyAnnouncement?
    /// Newest last.
    var chains: [Chain] = []
    var askedAt: Instant?
    /// A frame of the newest chain was opened first.
    private(set) var newestSince: Instant?

    mutating func tookOver(at now: Instant) {
      if chains.count > 1, newestSince == nil { newestSince = now }
    }

    mutating func dropReplaced(at now: Instant, after: Duration) {
      guard let since = newestSince, since + after <= now, chains.count > 1 else { return }
      chains.removeFirst(chains.count - 1)
      newestSince = nil
    }

    mutating func add(_ chain: Chain, keep: Int) {
      chains.removeAll { $0.generation == chain.generation }
      chains.append(chain)
      if chains.count > keep { chains.removeFirst() }
      newestSince = nil
    }
  }

  /// A key that came ahead of its announcement.
  struct EarlyGrant {
    let header: GrantHeader
    let sealed: [UInt8]
    let link: LinkID
    let until: Instant
  }

  private(set) var speakers: OrderedDictionary<SessionID, Speaker> = [:]
  private var earlyGrants: OrderedDictionary<SessionID, EarlyGrant> = [:]
  private var earlyAnnouncements:
    OrderedDictionary<SessionID, (announcement: KeyAnnouncement, until: Instant)> = [:]
  /// Of each kind held at once; a guess.
  private static let earlyMaximum = 32

  mutating func early(_ grant: EarlyGrant) {
    guard earlyGrants.count < Keyring.earlyMaximum else { return }
    earlyGrants[grant.header.session] = grant
  }

  mutating func early(_ announcement: KeyAnnouncement, until: Instant) {
    guard earlyAnnouncements.count < Keyring.earlyMaximum else { return }
    earlyAnnouncements[announcement.session] = (announcement, until)
  }

  mutating func takeEarlyGrant(_ session: SessionID) -> EarlyGrant? {
    earlyGrants.removeValue(forKey: session)
  }

  mutating func takeEarlyGrants(from link: LinkID) -> [EarlyGrant] {
    let taken = earlyGrants.values.filter { $0.link == link }
    earlyGrants.removeAll { $0.value.link == link }
    return taken
  }

  mutating func takeEarlyAnnouncement(_ session: SessionID) -> KeyAnnouncement? {
    earlyAnnouncements.removeValue(forKey: session)?.announcement
  }

  func announcement(of session: SessionID) -> KeyAnnouncement? { speakers[session]?.announcement }

  /// One neighbour gave us this key and nothing has shown yet that it is the speaker's.
  func isUnproven(_ session: SessionID) -> Bool {
    speakers[session]?.chains.last?.isProven == false
  }

  func newest(of session: SessionID) -> Chain? { speakers[session]?.chains.last }

  /// Announced, but nobody has handed us the key.
  func lacks(_ session: SessionID) -> KeyAnnouncement? {
    guard let speaker = speakers[session], let announced = speaker.announcement,
      speaker.chains.last?.generation != announced.generation
    else { return nil }
    return announced
  }

  var held: [Inspection.Key] {
    speakers.compactMap { session, speaker in
      speaker.chains.last.map {
        Inspection.Key(
          speaker: session, generation: $0.generation, start: $0.counterStart, step: $0.step)
      }
    }
  }

  mutating func announced(_ announcement: KeyAnnouncement) {
    speakers[announcement.session, default: Speaker()].announcement = announcement
  }

  mutating func hold(_ chain: Chain, keep: Int) {
    var speaker = speakers[chain.session] ?? Speaker()
    speaker.add(chain, keep: keep)
    speaker.askedAt = nil
    speakers[chain.session] = speaker
  }

  /// Gives up a key that does not open what its speaker attested. Says who handed it over.
  mutating func distrust(_ session: SessionID) -> LinkID? {
    guard let chain = speakers[session]?.chains.last, !chain.isProven else { return nil }
    speakers[session]?.chains.removeLast()
    speakers[session]?.askedAt = nil
    return chain.source
  }

  func advance(
    _ session: SessionID, to counter: UInt32, at now: Instant, settings: KeySettings
  ) {
    let chain = speakers[session]?.chains.last { $0.counterStart <= counter }
    chain?.advance(to: counter, at: now, settings: settings)
  }

  func mayAsk(for session: SessionID, at now: Instant, every pause: Duration) -> Bool {
    speakers[session]?.askedAt.map { $0 + pause <= now } ?? true
  }

  mutating func asked(_ session: SessionID, at now: Instant) {
    speakers[session]?.askedAt = now
  }

  mutating func forget(_ session: SessionID) { speakers.removeValue(forKey: session) }

  /// Opens a frame with the one key its header names; never tries a second (RFC 9605 ciphertexts do
  /// not commit to their key).
  mutating func open(
    _ frame: Span<UInt8>, session: SessionID, counter: UInt32, stepByte: UInt8, room: RoomID,
    at now: Instant, settings: KeySettings, into plain: inout [UInt8]
  ) -> KeyOutcome {
    guard let speaker = speakers[session] else { return .noKey }
    let nibble = UInt16(stepByte >> 4)
    guard let chain = speaker.chains.last(where: { $0.generation & 15 == nibble }) else {
      return .noKey
    }
    let opened = chain.open(
      frame, counter: counter, stepByte: stepByte, room: room, at: now, settings: settings,
      into: &plain)
    guard opened else { return .broken }
    if chain === speaker.chains.last { speakers[session]?.tookOver(at: now) }
    guard !chain.isProven else { return .opened }
    chain.proved()
    return .proved
  }

  /// The newest key of a speaker is in use.
  mutating func tookOver(_ session: SessionID, at now: Instant) {
    speakers[session]?.tookOver(at: now)
  }

  mutating func forgetOld(at now: Instant, settings: KeySettings) {
    for session in speakers.keys {
      speakers[session]?.dropReplaced(at: now, after: settings.keepReplaced)
    }
    earlyGrants.removeAll { $0.value.until <= now }
    earlyAnnouncements.removeAll { $0.value.until <= now }
    for speaker in speakers.values {
      for chain in speaker.chains { chain.forgetOld(at: now) }
    }
  }
}

enum KeyOutcome {
  case opened, broken, noKey
  /// Opened, and that shows for the first time that the key is the speaker's.
  case proved
}
