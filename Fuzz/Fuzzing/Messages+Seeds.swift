import Wire

extension Messages {
  /// One valid message of each kind.
  static var seeds: [[UInt8]] { untagged + tagged + authority + kinds + tunnels }

  static let room = RoomID(Bytes16(high: 1, low: 2))
  static let persona = PersonaID(Bytes32(high: .zero, low: Bytes16(high: 3, low: 4)))
  static let key = SigningKey(Bytes32(high: .zero, low: Bytes16(high: 5, low: 6)))
  static let contact = Contact(
    node: NodeID(persona.raw), token: Bytes16(high: 7, low: 8),
    endpoints: [
      Endpoint(ipv4: 0xC000_0201, port: 4_000),
      Endpoint(address: Bytes16(high: 0x2001_0DB8 << 32, low: 1), port: 4_001),
    ])
  static let genesis = Genesis(
    mode: 1, creator: persona, created: 1_790_000_000_000, lifetimeSeconds: 86_400,
    nonce: Bytes16(high: 9, low: 9), title: "flock ö")
  static let certificate = SessionCertificate(
    room: room, persona: persona, session: key, issued: 1_790_000_000_000,
    lifetimeSeconds: 86_400)
  static let admission = Admission(
    room: room, invite: key, persona: persona, time: 1_790_000_000_000)
  static let presence = Presence(
    session: SessionID(0x12_3456), version: 2, beat: 3, flags: [.relays, .root], uplink: 50,
    expiry: 1_790_000_180_000, frameMilliseconds: 20, frameBytes: 84)
  static let operation = RoomOperation(
    kind: .inviteAdd, room: room, author: persona, sequence: 1, previous: .zero,
    time: 1_790_000_000_000, subject: key.raw, argument: 0, lifetimeSeconds: 86_400)

  private static var untagged: [[UInt8]] {
    let session = presence.session
    let join = Join(
      tag: 3, hungry: true, genesis: genesis, operation: operation, certificate: certificate,
      admission: admission, signature: Signature(.zero))
    let stamped = Join(
      tag: 3, hungry: false, genesis: nil, operation: nil, certificate: certificate,
      admission: nil, stamp: Stamp(hour: 497_222, nonce: 7), signature: Signature(.zero))
    let listing = Listing(
      version: 1, expiry: 1_790_000_120_000, members: 4, genesis: genesis,
      certificate: certificate, contacts: [contact])
    var media: [UInt8] = []
    MediaHead(
      tag: 3, session: session, counter: Limits.firstCounter + 7, hasPrevious: true,
      repaired: false, step: 0, previousStep: 0
    ).append(to: &media)
    return [
      [0] + written { admission.encode(into: &$0) },
      [1] + written { genesis.encode(into: &$0) },
      [2] + written { operation.encode(into: &$0) },
      [3] + written { certificate.encode(into: &$0) },
      [4] + written { presence.encode(into: &$0) },
      [5] + written { contact.encode(into: &$0) },
      [6] + written { GrantHeader(session: session, generation: 1, step: 2).encode(into: &$0) },
      [7] + join.encoded, [7] + stamped.encoded,
      [36] + written { Stamp(hour: 497_222, nonce: 7).encode(into: &$0) },
      [37] + HybridPart.halves(of: [UInt8](repeating: 3, count: HybridPart.keyBytes))[0].encoded,
      [38] + HybridPart.halves(of: [UInt8](repeating: 4, count: HybridPart.answerBytes))[1].encoded,
      [8] + listing.encoded,
      [9] + media + [UInt8](repeating: 0xA5, count: 154),
      [30, 0, 1, 2, 0x39, 3, 0x61, 0x62, 0x63, 0x2A, 1, 2, 0x1B, 9, 0x2C, 7, 7],
    ]
  }

  private static var tagged: [[UInt8]] {
    let session = presence.session
    let introduction = Introduction(
      version: 1, certificate: certificate, admission: admission, name: "guest",
      contact: contact)
    let announcement = KeyAnnouncement(
      session: session, generation: 1, counterStart: Limits.firstCounter,
      activeMilliseconds: 300, commitment: key.raw)
    let attestation = Attestation(
      session: session, last: Limits.firstCounter + 40, mask: 0x8000_0155,
      leaves: [1, 2, 3, 4, 5, 6])
    let summary = RosterSummary(
      buckets: 5,
      entries: [RosterSummary.Entry(session: session, version: 1, beat: 2, introduction: 1)])
    let walk = Shuffle(timeToLive: 6, origin: contact, contacts: [contact, contact])
    return [
      [10] + MemberRecord(introduction: introduction, presence: presence).encoded(tag: 3),
      [11] + RosterHash(versions: 1, beats: 2).encoded(tag: 3),
      [12] + RosterBuckets(hashes: (0..<64).map { UInt64($0) }).encoded(tag: 3),
      [13] + summary.encoded(tag: 3), [14] + SessionWant(sessions: [session]).encoded(tag: 3),
      [15] + announcement.encoded(tag: 3),
      [16] + GrantRequest(session: session, generation: 1).encoded(tag: 3),
      [17] + NeighbourRequest(.alone).encoded(tag: 3),
      [18] + NeighbourReply(accepted: true).encoded(tag: 3),
      [19] + ForwardJoin(timeToLive: 6, contact: contact).encoded(tag: 3),
      [20] + walk.encoded(tag: 3),
      [21] + Offer(tree: .b, open: true, isRoot: false, delay: 900, path: [1, 2]).encoded(tag: 3),
      [22]
        + Graft(tree: .a, mirror: false, interior: true, uplink: 50, number: 9).encoded(tag: 3),
      [23] + GraftReply(tree: .a, accepted: true, number: 9).encoded(tag: 3),
      [24] + Prune(tree: .b, fromParent: true, number: 9).encoded(tag: 3),
      [25] + Pull(session: session, first: Limits.firstCounter, mask: 5).encoded(tag: 3),
      [26] + attestation.encoded(tag: 3),
      [40] + Meeting.ask(NodeID(key.raw), contact).encoded(tag: 3),
      [40] + Meeting.call(contact).encoded(tag: 3),
    ]
  }

  private static var authority: [[UInt8]] {
    let author = AuthorID(0x0102_0304_0506_0708)
    let hash = Bytes16(high: 11, low: 12)
    let reference = OperationReference(author: author, sequence: 4, head: 13)
    let removal = RoomOperation(
      kind: .remove, room: room, author: persona, sequence: 2, previous: hash,
      time: 1_790_000_000_000, subject: key.raw, argument: 3, lifetimeSeconds: 600,
      seen: [reference, reference], cut: hash)
    let later = RoomOperation(
      kind: .later(200), room: room, author: persona, sequence: 3, previous: hash,
      time: 1_790_000_000_000, subject: key.raw, argument: 3, lifetimeSeconds: 600)
    var queue = [operation, removal, later][...]
    let vector = OperationVector(
      first: AuthorID(0), last: AuthorID(.max),
      entries: [
        OperationVector.Entry(author: author, sequence: 4, isForked: false, head: 13),
        OperationVector.Entry(author: AuthorID(.max), sequence: 0, isForked: true, head: 0),
      ])
    let want = OperationWant(ranges: [OperationWant.Range(author: author, first: 1, last: 9)])
    let hand = Hand(
      session: presence.session, subject: presence.session, isUp: true, time: 1_790_000_000_000)
    return [
      [2] + removal.encoded, [2] + later.encoded,
      [27] + OperationHash(hash: 5, count: 6).encoded(tag: 3), [28] + vector.encoded(tag: 3),
      [29] + want.encoded(tag: 3),
      [31] + OperationBundle(takingFrom: &queue).encoded(tag: 3), [32] + hand.encoded(tag: 3),
      [33] + PairCheckMessage.commitment(key.raw).encoded(tag: 3),
      [33] + PairCheckMessage.end.encoded(tag: 3),
    ]
  }

  /// Each kind of operation, as sparing as it may be.
  private static var kinds: [[UInt8]] {
    (OperationKind.known + [.later(128)]).compactMap { kind in
      let wish = RoomOperation(
        kind: kind, room: room, author: persona, sequence: 1, previous: .zero,
        time: 1_790_000_000_000, subject: key.raw, argument: 1, lifetimeSeconds: 60,
        cut: kind.hasCut ? Bytes16(high: 1, low: 1) : nil)
      return LogScript.formed(wish).map { [2] + $0.encoded }
    }
  }

  private static var tunnels: [[UInt8]] {
    let reaction = Reaction(session: presence.session, sign: .clap, time: 1_790_000_000_000)
    var seeds = [
      [39] + reaction.encoded(tag: 3), [35, 0, 3, 1, 2, 3, 0, 1, 9, 0, 0, 0],
      [33] + PairCheckMessage.reveal(key.raw).encoded(tag: 3),
    ]
    for text in ["example.org/a", "[2001:db8::7]:8443/b", "192.0.2.7,obfs4,cert=AbC"] {
      guard let address = TunnelAddress(text: text) else { continue }
      seeds.append([34] + written { address.encode(into: &$0) })
    }
    return seeds
  }

  static func written(_ body: (inout Writer) -> Void) -> [UInt8] {
    var writer = Writer()
    body(&writer)
    return writer.bytes
  }
}
