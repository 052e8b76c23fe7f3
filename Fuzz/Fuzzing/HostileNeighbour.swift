import Keys
import Mesh
import Wire

/// A member of a room and its only neighbour, which holds every key a member may hold and says what
/// it likes: written from the specification, beside the program's own sending side.
final class HostileNeighbour {
  static let start = Instant(nanoseconds: 1_790_000_000_000_000_000)
  private static let place = Endpoint(ipv4: 0x0A00_0001, port: 4_000)
  static let ownPlace = Endpoint(ipv4: 0x0A00_0002, port: 4_000)
  /// What one message may make a node send: a full roster comparison is dozens of datagrams.
  private static let mostAtOnce = 2_000
  private static let mostWakes = 20_000

  var victim: Participant
  var links: Links
  private var hybrid = HybridLinks(scheme: AgreementStandIn())
  var effects = Effects()
  var now = HostileNeighbour.start
  let room: RoomID
  let contact: Contact
  let key: SigningPair
  let persona: SigningPair
  private let invite: SigningPair?
  private let roomKey: Bytes32
  private(set) var certificate: SessionCertificate
  private(set) var admission: Admission?
  let victimSession: SessionID
  /// Operations that the victim told, oldest first.
  private(set) var learnt: [RoomOperation] = []
  private static let mostLearnt = 100

  init(access: Access) throws(KeysError) {
    var entropy = Entropy.seeded(21)
    victim = try Participant(
      identity: try Identity.make(&entropy), token: nil, settings: Settings(),
      entropy: .seeded(22), at: now, encapsulation: AgreementStandIn())
    var start = Effects()
    victim.handle(.reachableAt([Self.place]), at: now, into: &start)
    victim.handle(.create(title: "flock", access: access, name: "host"), at: now, into: &start)
    let known = victim.status(at: now).rooms.first
    room = known?.id ?? Messages.room
    victimSession = known?.me ?? SessionID(0)
    let pair = try AgreementPair(random: &entropy)
    contact = Contact(node: pair.publicKey, endpoints: [Self.ownPlace])
    links = try Links(node: pair, token: nil, settings: LinkSettings(), entropy: entropy)
    persona = try SigningPair(random: &entropy)
    key = try SigningPair(random: &entropy)
    let secret = victim.invite(to: room)?.secret
    let invite: SigningPair? =
      if let secret { try InviteKey.pair(secret: secret, room: room) } else { nil }
    var inviteName = Bytes32.zero
    switch invite {
    case .some(let pair): inviteName = pair.publicKey.raw
    case .none: break
    }
    roomKey = Digest.hash32("VR1-roomk", room.raw.array + inviteName.array)
    self.invite = consume invite
    certificate = Messages.certificate
    writePapers()
  }

  var session: SessionID { Self.session(key.publicKey, in: room) }

  static func session(_ key: SigningKey, in room: RoomID) -> SessionID {
    let hash = Digest.hash16("VR1-sid", room.raw.array + key.raw.array)
    return SessionID(UInt32(truncatingIfNeeded: hash.high >> 40))
  }

  private func writePapers() {
    let person = PersonaID(persona.publicKey.raw)
    certificate = SessionCertificate(
      room: room, persona: person, session: key.publicKey, issued: now.milliseconds,
      lifetimeSeconds: Limits.sessionLifetimeSeconds)
    certificate.personaSignature = persona.sign("VR1-cert", certificate.unsigned)
    certificate.sessionSignature = key.sign("VR1-cert-pop", certificate.unsigned)
    switch invite {
    case .some(let pair):
      var signed = Admission(
        room: room, invite: pair.publicKey, persona: person, time: now.milliseconds)
      signed.signature = pair.sign("VR1-adm", signed.unsigned)
      admission = signed
    case .none: admission = nil
    }
  }

  // MARK: Saying things

  /// One record, repeated until it has arrived.
  func say(_ type: UInt8, _ body: [UInt8]) throws(Finding) {
    guard let link = links.up.first, type >= RecordType.ownersFirst, body.count <= Limits.record
    else { return }
    links.send(type: type, body, on: link, at: now, into: &effects)
    try exchange()
  }

  /// Plain text of one datagram as it is.
  func sayNow(_ plain: [UInt8]) throws(Finding) {
    guard let link = links.up.first, !plain.isEmpty, plain.count <= LinkSpec.plaintext else {
      return
    }
    links.sendNow(plain, on: link, at: now, into: &effects)
    try exchange()
  }

  /// Dials the victim and proves to be a member.
  func enter(hungry: Bool = true) throws(Finding) {
    links.dial(victim.contact, at: now, into: &effects)
    try exchange()
    try join(hungry: hungry)
  }

  /// `spoil` may change the JOIN before it is sealed.
  func join(hungry: Bool, spoil: (inout [UInt8]) -> Void = { _ in }) throws(Finding) {
    guard let link = links.up.first, let transcript = links.transcript(of: link),
      let initiator = links.isInitiator(of: link)
    else { return }
    let role: [UInt8] = [initiator ? 0 : 1]
    let join = Join(
      tag: 0, hungry: hungry, genesis: nil, operation: nil, certificate: certificate,
      admission: admission,
      signature: key.sign("VR1-join", transcript.array + role + room.raw.array))
    var plain = join.encoded
    spoil(&plain)
    let nonce = Nonce24(high: .zero, low: 9)
    let seal = KDF.derive(roomKey, "VR1-join-key", transcript.array + role)
    let mark = KDF.derive16(roomKey, "VR1-tag", transcript.array + role)
    let box = Box.seal(key: seal, nonce: nonce, associated: [], plain)
    try say(MessageType.join.rawValue, mark.array + nonce.array + box)
    var entropy = Entropy.seeded(23)
    for part in hybrid.begin(link, &entropy) {
      try say(MessageType.hybridKey.rawValue, part.encoded)
    }
  }

  /// A key as it would go to a neighbour.
  func seal(_ secret: borrowing Secret, nonce: Nonce24) -> [UInt8]? {
    links.up.first.flatMap { hybrid.seal(secret, nonce: nonce, on: $0) }
  }

  // MARK: The victim

  func command(_ command: Command) throws(Finding) {
    victim.handle(command, at: now, into: &effects)
    try exchange()
  }

  /// Carries datagrams both ways until nobody has anything to say.
  private func exchange() throws(Finding) {
    links.flush(at: now, into: &effects)
    var queue = take()
    var count = 0
    while !queue.isEmpty, count < Self.mostAtOnce {
      count += 1
      let (target, bytes) = queue.removeFirst()
      if target == Self.place {
        victim.handle(bytes.span, from: Self.ownPlace, at: now, into: &effects)
      } else if target == Self.ownPlace {
        hear(bytes)
      }
      links.flush(at: now, into: &effects)
      queue += take()
    }
    try Finding.unless(queue.isEmpty, "one message leads to a flood")
  }

  private func take() -> [(target: Endpoint, bytes: [UInt8])] {
    defer { effects.removeAll() }
    return effects.outbox.datagrams.map { datagram in
      let range = datagram.start..<datagram.start + datagram.count
      return (datagram.target, Array(effects.outbox.bytes[range]))
    }
  }

  private func hear(_ bytes: [UInt8]) {
    if let link = links.receive(bytes.span, from: Self.place, at: now, into: &effects),
      let transcript = links.transcript(of: link)
    {
      for record in links.records {
        let body = Array(links.plain[record.start..<record.start + record.count])
        if record.type == MessageType.operations.rawValue { learn(body) }
        guard record.type == MessageType.hybridAnswer.rawValue else { continue }
        var reader = Reader(body.span)
        guard let part = try? HybridPart(from: &reader, of: HybridPart.answerBytes) else {
          continue
        }
        _ = try? hybrid.received(answer: part, on: link, transcript: transcript)
      }
    }
    links.events.removeAll()
  }

  private func learn(_ body: [UInt8]) {
    var reader = Reader(body.span)
    guard (try? reader.u8()) != nil, let bundle = try? OperationBundle(from: &reader) else {
      return
    }
    for operation in bundle.operations where !learnt.contains(operation) {
      if learnt.count < Self.mostLearnt { learnt.append(operation) }
    }
  }

  func pass(_ duration: Duration) throws(Finding) {
    let finish = now + duration
    var wakes = 0
    while wakes < Self.mostWakes {
      let due = [victim.nextDeadline?.instant, links.nextDeadline?.instant].compactMap { $0 }.min()
      guard let due, due <= finish else { break }
      now = max(now, due) + .microseconds(100)
      wakes += 1
      if let own = links.nextDeadline?.instant, own <= now {
        links.tick(at: now, into: &effects)
        try exchange()
      }
      if let its = victim.nextDeadline?.instant, its <= now {
        victim.wake(at: now, into: &effects)
        try exchange()
      }
    }
    try Finding.unless(wakes < Self.mostWakes, "a node wakes without end")
    now = max(now, finish)
  }
}
