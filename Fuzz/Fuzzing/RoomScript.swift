import Keys
import Mesh
import Wire

/// What a hostile neighbour says to a member of a room, as a script.
struct RoomScript: ~Copyable {
  private static let mostSteps = 200
  /// Time a script may pass: ten minutes.
  private static let longest = Duration.seconds(600)

  let neighbour: HostileNeighbour
  private var version: UInt32 = 1
  var counter = Limits.firstCounter
  var leaves: [UInt64] = []
  var frameKey: FrameKey?
  var frameBody = 77

  static func run(_ tape: inout Tape) throws(Finding) {
    let shape = tape.byte()
    let neighbour: HostileNeighbour
    do throws(KeysError) {
      neighbour = try HostileNeighbour(access: shape & 1 == 0 ? .social : .open)
    } catch {
      throw Finding("no room")
    }
    var script = RoomScript(neighbour: neighbour)
    try neighbour.enter(hungry: shape & 2 == 0)
    if shape & 4 != 0 {
      try neighbour.command(.startSpeaking(neighbour.room, duration: .ms20, payload: 60))
    }
    var steps = 0
    while !tape.isOver, steps < mostSteps {
      steps += 1
      try script.step(&tape)
    }
    try neighbour.pass(.seconds(2))
    _ = neighbour.victim.status(at: neighbour.now)
  }

  private init(neighbour: HostileNeighbour) { self.neighbour = neighbour }

  private mutating func step(_ tape: inout Tape) throws(Finding) {
    switch tape.byte() & 15 {
    case 0, 1: try anything(&tape)
    case 2: try template(&tape)
    case 3: try neighbour.sayNow(tape.take(Int(tape.word() % 1_155)))
    case 4: try presence(&tape)
    case 5: try frame(&tape)
    case 6: try attestation(&tape)
    case 7: try newKey(&tape)
    case 8: try introduction(&tape)
    case 9: try listing(&tape)
    case 10: try pass(.milliseconds(Int64(tape.byte())))
    case 11: try pass(.milliseconds(Int64(tape.word())))
    case 12: try command(&tape)
    case 13: try join(&tape)
    case 14: try speak()
    default: try frames(&tape)
    }
  }

  private func pass(_ duration: Duration) throws(Finding) {
    guard neighbour.now - HostileNeighbour.start < Self.longest else { return }
    try neighbour.pass(duration)
  }

  // MARK: What is not signed

  /// A message of any type; the shape says how its first bytes are made likely.
  private func anything(_ tape: inout Tape) throws(Finding) {
    let choice = Int(tape.byte())
    let types = MessageType.allCases
    let type = types[choice % types.count].rawValue
    let shape = tape.byte()
    var body: [UInt8] = shape & 4 == 0 ? [shape & 8 == 0 ? 0 : .lobby] : [tape.byte()]
    if shape & 3 != 0 { body += sessionBytes(shape) }
    body += tape.take(Int(shape & 16 == 0 ? UInt16(tape.byte()) : tape.word() % 1_097))
    try neighbour.say(type, body)
  }

  private func sessionBytes(_ shape: UInt8) -> [UInt8] {
    let session = shape & 1 == 0 ? neighbour.victimSession : neighbour.session
    return Messages.written { $0.u24(session.raw) }
  }

  /// A well-formed message with one byte changed.
  private func template(_ tape: inout Tape) throws(Finding) {
    let (choice, place, change) = (Int(tape.byte()), Int(tape.word()), tape.byte())
    let all = Self.templates
    var (type, body) = all[choice % all.count]
    body[0] = choice & 0x80 == 0 ? 0 : .lobby
    body[place % body.count] ^= change
    try neighbour.say(type.rawValue, body)
  }

  static var templates: [(MessageType, [UInt8])] {
    let contact = Messages.contact
    let walk = Shuffle(timeToLive: 2, origin: contact, contacts: [contact])
    return [
      (.rosterHash, RosterHash(versions: 1, beats: 2).encoded(tag: 0)),
      (.rosterBuckets, RosterBuckets(hashes: (0..<64).map { UInt64($0) }).encoded(tag: 0)),
      (.rosterSummary, RosterSummary(buckets: .max, entries: []).encoded(tag: 0)),
      (.neighbour, NeighbourRequest(.alone).encoded(tag: 0)),
      (.neighbourReply, NeighbourReply(accepted: true).encoded(tag: 0)),
      (.disconnect, [0]), (.offerWant, [0]), (.leave, [0]),
      (.forwardJoin, ForwardJoin(timeToLive: 3, contact: contact).encoded(tag: 0)),
      (.shuffle, walk.encoded(tag: 0)), (.shuffleReply, walk.encoded(tag: 0)),
      (.meeting, Meeting.call(contact).encoded(tag: 0)),
      (.meeting, Meeting.ask(contact.node, contact).encoded(tag: 0)),
      (.offer, Offer(tree: .a, open: true, isRoot: true, delay: 9, path: [7]).encoded(tag: 0)),
      (.offer, Offer(tree: .b, open: true, isRoot: true, delay: 9, path: [7]).encoded(tag: 0)),
      (
        .graft,
        Graft(tree: .a, mirror: false, interior: true, uplink: 50, number: 9).encoded(tag: 0)
      ),
      (
        .graft,
        Graft(tree: .b, mirror: true, interior: true, uplink: 50, number: 9).encoded(tag: 0)
      ),
      (.graftReply, GraftReply(tree: .a, accepted: true, number: 1).encoded(tag: 0)),
      (.prune, Prune(tree: .a, fromParent: true, number: 1).encoded(tag: 0)),
    ]
  }

  // MARK: What is signed

  private mutating func presence(_ tape: inout Tape) throws(Finding) {
    let presence = signedPresence(&tape)
    try neighbour.say(MessageType.presence.rawValue, presence.encoded(tag: 0))
  }

  private mutating func signedPresence(_ tape: inout Tape) -> Presence {
    version += UInt32(tape.byte() & 3)
    let millisecondsChoice = tape.byte()
    let bytes = UInt16(tape.byte())
    let duration: UInt8 = [0, 20, 40, 60][Int(millisecondsChoice & 3)]
    var presence = Presence(
      session: neighbour.session, version: version, beat: UInt32(tape.byte()),
      flags: Presence.Flags(rawValue: tape.byte() & 31), uplink: tape.byte(),
      expiry: neighbour.now.milliseconds + UInt64(tape.word()) * 10, frameMilliseconds: duration,
      frameBytes: bytes)
    if Limits.sealedFrame.contains(Int(bytes)) { frameBody = Int(bytes) - FrameHeader.count }
    presence.signature = neighbour.key.sign(
      "VR1-presence", presence.unsigned)
    return presence
  }

  private mutating func introduction(_ tape: inout Tape) throws(Finding) {
    let choice = tape.byte()
    var contact = neighbour.contact
    if choice & 1 != 0 {
      contact = Contact(
        node: NodeID(Bytes32(high: .zero, low: Bytes16(high: 0, low: UInt64(tape.byte())))),
        endpoints: [Endpoint(ipv4: 0x0A00_0100 | UInt32(tape.byte()), port: 4_000)])
    }
    var introduction = Introduction(
      version: UInt32(tape.byte()), certificate: neighbour.certificate,
      admission: choice & 2 == 0 ? neighbour.admission : nil,
      name: String(decoding: tape.take(Int(choice >> 4)), as: UTF8.self), contact: contact)
    introduction.signature = neighbour.key.sign("VR1-intro", introduction.unsigned)
    let record = MemberRecord(introduction: introduction, presence: signedPresence(&tape))
    try neighbour.say(MessageType.member.rawValue, record.encoded(tag: 0))
  }

  private mutating func newKey(_ tape: inout Tape) throws(Finding) {
    let generation = UInt16(tape.byte())
    let (step, spoilt) = (tape.byte(), tape.byte())
    let (room, session) = (neighbour.room, neighbour.session)
    guard let base = try? Secret(Bytes32(high: .zero, low: Bytes16(high: 8, low: 8))) else {
      return
    }
    var announcement = KeyAnnouncement(
      session: session, generation: generation, counterStart: counter, activeMilliseconds: 300,
      commitment: SenderChain.commit(base, room: room, session: session, generation: generation))
    if spoilt & 1 != 0 {
      announcement.counterStart = UInt32(tape.word()) << 8 | UInt32(tape.byte())
    }
    if spoilt & 2 != 0 { announcement.commitment = .zero }
    announcement.signature = neighbour.key.sign(
      "VR1-kann", room.raw.array + announcement.unsigned)
    let body = announcement.encoded(tag: 0)
    if spoilt & 4 == 0 { try neighbour.say(MessageType.keyAnnouncement.rawValue, body) }
    let nonce = Nonce24(high: .zero, low: UInt64(generation))
    guard let sealed = neighbour.seal(base, nonce: nonce) else { return }
    let granted = spoilt & 8 == 0 ? UInt32(step & 3) : UInt32(step) << 24 | 0xFF_FFFF
    let grant = Messages.written {
      $0.u8(0)
      GrantHeader(session: session, generation: generation, step: granted).encode(into: &$0)
      $0.raw(nonce.array)
      $0.raw(spoilt & 16 == 0 ? sealed : Array(sealed.dropLast(Int(tape.byte()))))
    }
    try neighbour.say(MessageType.grant.rawValue, grant)
    if spoilt & 4 != 0 { try neighbour.say(MessageType.keyAnnouncement.rawValue, body) }
    let keyID = UInt64(session.raw) << 8 | UInt64(UInt8(generation & 15) << 4 | UInt8(granted & 15))
    frameKey = try? FrameKey(base: base, keyID: keyID)
  }

  private mutating func listing(_ tape: inout Tape) throws(Finding) {
    let spoilt = tape.byte()
    let (room, now) = (neighbour.room, neighbour.now.milliseconds)
    var genesis = Messages.genesis
    genesis.mode = spoilt & 1
    genesis.creator = PersonaID(neighbour.persona.publicKey.raw)
    genesis.created = now
    genesis.nonce = Bytes16(high: 0, low: UInt64(tape.byte()))
    genesis.signature = neighbour.persona.sign("VR1-genesis", genesis.unsigned)
    var certificate = neighbour.certificate
    let id = RoomID(Digest.hash16("VR1-room", genesis.unsigned))
    certificate.room = spoilt & 2 == 0 ? id : room
    certificate.personaSignature = neighbour.persona.sign("VR1-cert", certificate.unsigned)
    certificate.sessionSignature = neighbour.key.sign("VR1-cert-pop", certificate.unsigned)
    var listing = Listing(
      version: UInt32(tape.byte()), expiry: now + UInt64(tape.word()) * 10, members: tape.word(),
      genesis: genesis, certificate: certificate, contacts: [neighbour.contact])
    listing.signature = neighbour.key.sign("VR1-listing", listing.unsigned)
    try neighbour.say(MessageType.listing.rawValue, listing.encoded)
  }

  // MARK: The person at the victim, and coming again

  private func speak() throws(Finding) {
    for frame in 0..<12 {
      let payload = [UInt8](repeating: UInt8(frame), count: 60)
      try neighbour.command(.speak(neighbour.room, payload: payload, level: 9))
      try pass(.milliseconds(20))
    }
  }

  private func command(_ tape: inout Tape) throws(Finding) {
    let room = neighbour.room
    switch tape.byte() % 8 {
    case 0: try neighbour.command(.startSpeaking(room, duration: .ms20, payload: 60))
    case 1: try neighbour.command(.startSpeaking(room, duration: .ms60, payload: Int(tape.byte())))
    case 2: try neighbour.command(.stopSpeaking(room))
    case 3: try neighbour.command(.give(Capacity(uplink: Int(tape.word()) * 1_000, relays: true)))
    case 4: try neighbour.command(.create(title: "second", access: .open, name: "host"))
    case 5:
      guard let listed = neighbour.victim.status(at: neighbour.now).listings.first else { return }
      try neighbour.command(.joinListed(listed.room, name: "host"))
    case 6: try neighbour.command(.connect(neighbour.contact))
    default: try neighbour.command(.reachableAt([HostileNeighbour.ownPlace]))
    }
  }

  private func join(_ tape: inout Tape) throws(Finding) {
    let choice = tape.byte()
    let (place, change) = (Int(tape.word()), tape.byte())
    if choice & 1 != 0 {
      guard let link = neighbour.links.up.first else { return }
      neighbour.links.close(link, reason: 0, at: neighbour.now, into: &neighbour.effects)
      try pass(.seconds(1))
    }
    if neighbour.links.up.isEmpty { return try neighbour.enter(hungry: choice & 2 == 0) }
    try neighbour.join(hungry: choice & 2 == 0) { plain in
      if change != 0 { plain[place % plain.count] ^= change }
      if choice & 4 != 0 { plain.removeLast(min(place & 255, plain.count)) }
    }
  }
}
