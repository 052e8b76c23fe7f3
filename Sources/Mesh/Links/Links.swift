package import Keys
import OrderedCollections
package import Wire

/// Encrypted datagram links between this node and others (Spec 2).
///
/// No sockets and no clock: the owner hands in datagrams and the time, sends what it finds in
/// ``Effects/outbox``, drains ``events`` after each call, calls ``flush(at:into:)`` when it has
/// said everything, and ``tick(at:into:)`` at ``nextDeadline``.
///
/// A datagram's way in: ``receive(_:from:at:into:)`` → header unmasked (`HeaderKeys`) → `Session`
/// → `ReplayWindow`, `KeySchedule` → `Record` → the link's own records are used up
/// (`Links+Receiving`), the owner's stay in ``records``. What is no datagram of a link may be a
/// handshake: `HandshakeDatagram` → `Links+Answering` or `Links+Dialling`. Everything else gets
/// no answer at all.
///
/// A record's way out: ``send(type:_:on:at:into:)`` → `Mail` → `Links+Sending` packs and pads →
/// `Session` seals. Media skips the queues: ``sendNow(_:on:isSpare:at:into:)``. On a covered link
/// everything waits for the slots of `Links+Cover`.
package struct Links: ~Copyable {
  let settings: LinkSettings
  let node: AgreementPair
  let own: AddressKeys
  var entropy: Entropy
  var headerKeys: HeaderKeys
  var table = SessionTable()
  var dials: [Dial] = []
  var reception: Reception
  var refusals: Refusals
  var redials: DialMemory
  var detours = Detours()
  var acquaintances = Acquaintances()
  /// Links that nobody needed when the owner last looked, oldest first.
  package var spare: ArraySlice<LinkID> = []
  /// Bits a second, which bound how many links are covered.
  var uplink = 0
  /// When all covered links send next.
  var nextSlot: Instant?
  /// Sessions with something to send.
  var dirty: [Session] = []
  /// The earliest moment at which ``tick(at:into:)`` has something to do; may be early, never late.
  package internal(set) var nextDeadline: Deadline?

  /// What happened, for the owner to drain.
  package var events: [LinkEvent] = []
  /// The owner's records of the datagram last opened: positions in ``plain``.
  package internal(set) var records: [Record] = []
  /// The opened bytes of the datagram last opened.
  ///
  /// Overwritten by the next.
  package internal(set) var plain: [UInt8] = []

  /// `token` must be known to whoever dials this node, if there is one; `answered` is what
  /// ``Effects/answered`` held in the node's former lives.
  package init(
    node: consuming AgreementPair, token: Bytes16?, settings: LinkSettings = LinkSettings(),
    entropy: Entropy, answered: [UInt64] = []
  ) throws(KeysError) {
    self.settings = settings
    self.entropy = entropy
    own = AddressKeys(node: node.publicKey, token: token)
    headerKeys = try HeaderKeys(life: settings.headerKeyLife, entropy: &self.entropy)
    reception = Reception(settings: settings, answered: answered)
    refusals = Refusals(settings: settings)
    redials = DialMemory(settings: settings)
    self.node = node
  }

  package var id: NodeID { node.publicKey }

  /// Takes a datagram.
  ///
  /// Returns the link it came by when it was one's; ``records`` then holds what is the owner's.
  package mutating func receive(
    _ datagram: Span<UInt8>, from source: Endpoint, at now: Instant, into effects: inout Effects
  ) -> LinkID? {
    records.removeAll(keepingCapacity: true)
    guard datagram.count <= Limits.datagram else {
      effects.notes.append(.drop(.notForUs))
      return nil
    }
    if let (session, header) = addressee(of: datagram) {
      switch session.open(datagram, header: header, into: &plain, at: now) {
      case .opened(let isNewest, let isRekeyed):
        if isRekeyed {
          if !session.dialled { effects.notes.append(.rekeyed) }
          schedule(session.keys.due, .rekey)
        }
        if receivedProbe(session, from: source, at: now, into: &effects) { return nil }
        session.paths.heard(from: source, inUse: session.endpoint, at: now)
        if isNewest, session.endpoint != source {
          move(session, to: source, at: now, into: &effects)
        }
        return opened(session, at: now, into: &effects)
      case .replayed:
        effects.notes.append(.drop(.replayed))
        return nil
      case .forged:
        // A handshake may look like this by chance.
        if session.forgeries >= settings.forgeries {
          end(session, .malformed, at: now, into: &effects)
        }
      }
    }
    if !receiveHandshake(datagram, from: source, at: now, into: &effects) {
      effects.notes.append(.drop(.notForUs))
    }
    return nil
  }

  /// The link to a node, if there is one.
  package func link(to node: NodeID) -> LinkID? { table[node]?.id }

  package func node(of link: LinkID) -> NodeID? { table[link]?.node }

  /// The hash of the link's handshake: what a signature made for this very link covers.
  package func transcript(of link: LinkID) -> Bytes64? { table[link]?.transcript }

  /// Whether this node dialled.
  package func isInitiator(of link: LinkID) -> Bool? { table[link]?.dialled }

  package func endpoint(of link: LinkID) -> Endpoint? { table[link]?.endpoint }

  /// Whether a link uses a tunnel that this node opened.
  package func isTunnelled(_ link: LinkID) -> Bool {
    table[link].map { $0.paths.isTunnel($0.endpoint) } ?? false
  }

  /// How the peer of a link may be dialled: what this node dialled, or what the peer said of
  /// itself.
  package func contact(of link: LinkID) -> Contact? { table[link]?.contact }

  /// The peer said how it may be dialled. Where it was seen is worth more than where it says it is.
  package mutating func introduced(_ contact: Contact, on link: LinkID) {
    guard let session = table[link], contact.node == session.node else { return }
    let told = contact.endpoints.filter(\.isDiallable)
    // A local socket in front of a tunnel means nothing elsewhere.
    let isLocal = session.endpoint.isLoopback && !told.contains(where: \.isLoopback)
    session.contact = Contact(
      node: contact.node, token: contact.token ?? session.contact?.token,
      endpoints: isLocal ? told : told.led(by: session.endpoint),
      tunnel: contact.tunnel ?? session.contact?.tunnel)
  }

  package func statistics(of link: LinkID, at now: Instant? = nil) -> LinkStatistics? {
    guard let session = table[link] else { return nil }
    var result = session.measured
    result.isCovered = session.isPaced
    if let now, let heard = session.coverHeard {
      result.isPeerCovered = now - heard <= settings.cover.judged
    }
    return result
  }

  package func isDialling(_ node: NodeID) -> Bool { dials.contains { $0.contact.node == node } }

  /// All links that are up, oldest first.
  package var up: [LinkID] {
    table.all.compactMap { $0.standing == .current ? $0.id : nil }
  }

  /// The header's own mask tells in one cipher block whether a datagram is for one of our links.
  private func addressee(of datagram: Span<UInt8>) -> (Session, InlineArray<9, UInt8>)? {
    guard let header = HeaderMask.unmasked(datagram, key: headerKeys.current) else { return nil }
    if let session = session(named: header) { return (session, header) }
    switch headerKeys.previous {
    case .some(let key):
      guard
        let header = HeaderMask.unmasked(datagram, key: key),
        let session = session(named: header)
      else { return nil }
      return (session, header)
    case .none: return nil
    }
  }

  private func session(named header: InlineArray<9, UInt8>) -> Session? {
    guard header[0] & 0xFE == LinkSpec.headerMark else { return nil }
    let index =
      UInt32(header[1]) << 24 | UInt32(header[2]) << 16 | UInt32(header[3]) << 8
      | UInt32(header[4])
    return table[index: index]
  }

  /// Makes sure of a tick at `instant`.
  mutating func schedule(_ instant: Instant, _ reason: Deadline.Reason) {
    if let nextDeadline, nextDeadline.instant <= instant { return }
    nextDeadline = Deadline(instant, reason)
  }
}
