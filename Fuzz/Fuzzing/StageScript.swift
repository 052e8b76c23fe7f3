import Keys
import Mesh
import Wire

/// What somebody who was given a role says about the stage, as a script: operations rightly signed
/// and wrongly, in logs with gaps and forks; hands, reactions, codes to compare; beacons; and what
/// the host does about it.
///
/// Whatever is said, the host stays host unless it gave its office away itself.
struct StageScript: ~Copyable {
  private static let mostSteps = 120
  /// Time a script may pass: ten minutes.
  private static let longest = Duration.seconds(600)

  private enum Rank: UInt8 {
    case none, speaker, moderator, host
  }

  private let neighbour: HostileNeighbour
  private let rank: Rank
  private let person: PersonaID
  private let host: PersonaID
  private var log: [LoggedOperation] = []
  private var held: [RoomOperation] = []
  private var nonce = Bytes32.zero

  static func run(_ tape: inout Tape) throws(Finding) {
    let shape = tape.byte()
    var script: StageScript
    do throws(KeysError) {
      script = try StageScript(shape)
    } catch {
      throw Finding("no room")
    }
    try script.begin()
    var steps = 0
    while !tape.isOver, steps < mostSteps {
      steps += 1
      try script.step(&tape)
    }
    try script.neighbour.pass(.seconds(2))
    try script.check()
  }

  private init(_ shape: UInt8) throws(KeysError) {
    neighbour = try HostileNeighbour(access: shape & 1 == 0 ? .social : .open)
    rank = Rank(rawValue: shape >> 1 & 3) ?? .none
    person = PersonaID(neighbour.persona.publicKey.raw)
    host = neighbour.victim.status(at: neighbour.now).rooms.first?.person ?? Messages.persona
  }

  private func begin() throws(Finding) {
    try neighbour.enter()
    let wish: Moderation? =
      switch rank {
      case .none: nil
      case .speaker: .letSpeak(person)
      case .moderator: .promote(person)
      case .host: .handOver(person)
      }
    if let wish { try neighbour.command(.moderate(neighbour.room, wish)) }
    try neighbour.pass(.milliseconds(300))
  }

  private func check() throws(Finding) {
    let status = neighbour.victim.status(at: neighbour.now).rooms.first
    guard rank != .host else { return }
    try Finding.unless(status?.role == .host, "a junior takes the host's office")
    try Finding.unless(status?.host == host, "another is taken for the host")
    try Finding.unless(status?.isMuted == false, "a junior mutes the host")
    try Finding.unless(status?.removed.contains(host) == false, "a junior removes the host")
  }

  private mutating func step(_ tape: inout Tape) throws(Finding) {
    switch tape.byte() & 15 {
    case 0, 1, 2: try operation(&tape)
    case 3: try tellHeld(isReversed: tape.byte() & 1 == 1)
    case 4: try hand(&tape)
    case 5: try reaction(&tape)
    case 6: try code(&tape)
    case 7: try vector(&tape)
    case 8: try want(&tape)
    case 9: try neighbour.say(MessageType.operations.rawValue, [0] + tape.take(Int(tape.byte())))
    case 10: try plea(&tape)
    case 11: beacon(&tape)
    case 12: try command(&tape)
    case 13: try pass(.milliseconds(Int64(tape.byte())))
    case 14: try pass(.milliseconds(Int64(tape.word()) * 2))
    default: try neighbour.join(hungry: tape.byte() & 1 == 0)
    }
  }

  private func pass(_ duration: Duration) throws(Finding) {
    guard neighbour.now - HostileNeighbour.start < Self.longest else { return }
    try neighbour.pass(duration)
  }

  // MARK: Operations

  /// Seven bytes and what they ask for: `kind | subject | argument | lifetime | seen | cut | what
  /// else`.
  private mutating func operation(_ tape: inout Tape) throws(Finding) {
    let number = tape.byte()
    let subject = self.subject(tape.byte())
    let (argument, lifetime) = (tape.byte(), tape.byte())
    let (seen, cut, more) = (tape.byte(), tape.byte(), tape.byte())
    let kind = OperationKind(rawValue: number) ?? OperationKind.known[Int(number) % 19]
    let forks = more & 1 == 1 && !log.isEmpty
    let sequence = forks ? 1 + Int(more >> 5) % log.count : log.count + 1 + Int(more & 2)
    let before = log.indices.contains(sequence - 2) ? log[sequence - 2].hash : subject.half
    var wish = RoomOperation(
      kind: kind, room: neighbour.room, author: person, sequence: UInt32(sequence),
      previous: sequence == 1 ? .zero : before, time: neighbour.now.milliseconds,
      subject: subject, argument: UInt32(argument & 0xF0) << 20 | UInt32(argument & 15),
      lifetimeSeconds: UInt32(lifetime), seen: references(seen))
    if kind.hasCut { place(cut, on: &wish) }
    guard var formed = LogScript.formed(wish) else { return }
    formed.isImmediate = kind == .remove && more & 16 != 0
    formed.signature = neighbour.persona.sign("VR1-op", formed.unsigned)
    if more & 4 != 0 { formed.signature = Signature(.zero) }
    if !forks, sequence == log.count + 1 { log.append(LoggedOperation(formed)) }
    held.append(formed)
    if more & 8 == 0 { try tellHeld(isReversed: false) }
  }

  private mutating func tellHeld(isReversed: Bool) throws(Finding) {
    var queue = isReversed ? held.reversed()[...] : held[...]
    held = []
    while !queue.isEmpty {
      let bundle = OperationBundle(takingFrom: &queue)
      guard !bundle.operations.isEmpty else { return }
      try neighbour.say(MessageType.operations.rawValue, bundle.encoded(tag: 0))
    }
  }

  private func subject(_ choice: UInt8) -> Bytes32 {
    switch choice & 7 {
    case 0: person.raw
    case 1: host.raw
    case 2: .zero
    case 3: neighbour.admission?.invite.raw ?? .zero
    default: Bytes32(high: .zero, low: Bytes16(high: 5, low: UInt64(choice)))
    }
  }

  private func references(_ mask: UInt8) -> [OperationReference] {
    neighbour.learnt.suffix(8).enumerated().compactMap { index, operation in
      mask >> UInt8(index) & 1 == 1 ? LoggedOperation(operation).reference : nil
    }
  }

  /// After the victim's operation of that number, or after one that never was.
  private func place(_ cut: UInt8, on wish: inout RoomOperation) {
    let logs = log.map(\.operation) + neighbour.learnt
    let last = logs.first { $0.author.raw == wish.subject && $0.sequence == UInt32(cut & 15) }
    wish.argument = last?.sequence ?? 0
    wish.cut = last.map { LoggedOperation($0).hash } ?? .zero
    if cut & 0x80 != 0 { (wish.argument, wish.cut) = (UInt32(cut), Bytes16(high: 6, low: 6)) }
  }

  private func vector(_ tape: inout Tape) throws(Finding) {
    let entry = OperationVector.Entry(
      author: author(tape.byte()), sequence: UInt32(tape.byte()), isForked: tape.byte() & 1 == 1,
      head: UInt64(tape.byte()))
    let vector = OperationVector(
      first: AuthorID(0), last: AuthorID(.max), entries: tape.byte() == 0 ? [] : [entry])
    try neighbour.say(MessageType.operationVector.rawValue, vector.encoded(tag: 0))
    let hash = OperationHash(hash: UInt64(tape.byte()), count: UInt16(tape.byte()))
    try neighbour.say(MessageType.operationHash.rawValue, hash.encoded(tag: 0))
  }

  private func want(_ tape: inout Tape) throws(Finding) {
    let ranges = (0...Int(tape.byte() & 7)).map { _ in
      let first = UInt32(tape.byte()) + 1
      return OperationWant.Range(
        author: author(tape.byte()), first: first, last: first &+ UInt32(tape.word()) << 8)
    }
    let want = OperationWant(ranges: ranges)
    try neighbour.say(MessageType.operationWant.rawValue, want.encoded(tag: 0))
  }

  private func author(_ choice: UInt8) -> AuthorID {
    let known = (neighbour.learnt + log.map(\.operation)).map { LoggedOperation($0).reference }
    guard choice & 0x80 == 0, !known.isEmpty else { return AuthorID(UInt64(choice) << 50) }
    return known[Int(choice) % known.count].author
  }
}

// MARK: - What is not kept

extension StageScript {
  private func hand(_ tape: inout Tape) throws(Finding) {
    let shape = tape.byte()
    var hand = Hand(
      session: shape & 1 == 0 ? neighbour.session : neighbour.victimSession,
      subject: shape & 2 == 0 ? neighbour.session : neighbour.victimSession,
      isUp: shape & 4 == 0, time: time(tape.byte()))
    hand.signature = neighbour.key.sign("VR1-hand", neighbour.room.raw.array + hand.unsigned)
    if shape & 8 != 0 { hand.signature = Signature(.zero) }
    try neighbour.say(MessageType.hand.rawValue, hand.encoded(tag: 0))
  }

  private func reaction(_ tape: inout Tape) throws(Finding) {
    let shape = tape.byte()
    let signs = Reaction.Sign.allCases
    var reaction = Reaction(
      session: shape & 1 == 0 ? neighbour.session : neighbour.victimSession,
      sign: signs[Int(shape >> 2) % signs.count], time: time(tape.byte()))
    reaction.signature = neighbour.key.sign(
      "VR1-reaction", neighbour.room.raw.array + reaction.unsigned)
    if shape & 2 != 0 { reaction.signature = Signature(.zero) }
    try neighbour.say(MessageType.reaction.rawValue, reaction.encoded(tag: 0))
  }

  /// About now; the sixteens of seconds before or after it.
  private func time(_ offset: UInt8) -> UInt64 {
    neighbour.now.milliseconds + UInt64(offset) * 2_000 - 256_000
  }

  private mutating func code(_ tape: inout Tape) throws(Finding) {
    let shape = tape.byte()
    if shape & 8 != 0 { nonce = Bytes32(high: .zero, low: Bytes16(high: 1, low: UInt64(shape))) }
    let message: PairCheckMessage =
      switch shape & 7 {
      case 0, 1: .commitment(PairCode.commitment(to: nonce))
      case 2, 3: .nonce(nonce)
      case 4, 5: .reveal(nonce)
      case 6: .end
      default: .commitment(nonce)
      }
    try neighbour.say(MessageType.pairCheck.rawValue, message.encoded(tag: 0))
  }

  /// Somebody who holds the link asks to be let in.
  private func plea(_ tape: inout Tape) throws(Finding) {
    var plea = neighbour.admission ?? Messages.admission
    let choice = tape.byte()
    if choice & 1 != 0 { plea.persona = PersonaID(subject(choice >> 1)) }
    if choice & 0x80 != 0 { plea.invite = SigningKey(subject(choice >> 4)) }
    let body = Messages.written {
      $0.u8(0)
      plea.encode(into: &$0)
    }
    try neighbour.say(MessageType.admissionPlea.rawValue, body)
  }

  /// On the same cable, sealed under the key that the room's id gives.
  private func beacon(_ tape: inout Tape) {
    let (choice, place, change) = (tape.byte(), Int(tape.byte()), tape.byte())
    var entropy = Entropy.seeded(UInt64(choice))
    let contact = Contact(
      node: choice & 1 == 0 ? neighbour.contact.node : NodeID(subject(choice)),
      token: choice & 2 == 0 ? nil : Bytes16(high: 1, low: 1), endpoints: [])
    var beacon = Beacon.seal(
      contact, port: UInt16(choice), room: neighbour.room, isMember: choice & 4 == 0, &entropy)
    beacon[place % beacon.count] ^= change
    if choice & 8 != 0 { beacon = tape.take(Int(tape.byte())) }
    _ = neighbour.victim.heard(
      beacon: beacon, from: HostileNeighbour.ownPlace, at: neighbour.now,
      into: &neighbour.effects)
  }

  /// The host, and what its person may do without giving the office away.
  private func command(_ tape: inout Tape) throws(Finding) {
    let room = neighbour.room
    let choice = tape.byte()
    let moderation: Moderation
    switch choice % 16 {
    case 0: moderation = .mute(person, seconds: UInt32(choice >> 4))
    case 1: moderation = .unmute(person)
    case 2: moderation = .remove(person, seconds: UInt32(choice >> 5), isImmediate: choice > 127)
    case 3: moderation = .unban(person)
    case 4: moderation = .offerSeat(person)
    case 5: moderation = .lowerHand(person)
    case 6: moderation = .setPolicy(RoomPolicy(rawValue: UInt32(choice >> 5)))
    case 7: moderation = .demote(person)
    case 8: moderation = .promote(person)
    case 9: moderation = .lendRelay(person)
    case 10: moderation = .admit(PersonaID(subject(choice >> 4)))
    case 11:
      let terms = InviteTerms(role: .speaker, uses: UInt32(choice >> 4))
      return try neighbour.command(.makeInvite(room, terms, lifetime: .seconds(60)))
    case 12: return try neighbour.command(.raiseHand(room, isUp: choice > 127))
    case 13: return try neighbour.command(.react(room, .clap))
    case 14: return try neighbour.command(.compareCodes(room, person))
    default: return try neighbour.command(.startSpeaking(room, duration: .ms20, payload: 60))
    }
    try neighbour.command(.moderate(room, moderation))
  }
}

extension Bytes32 {
  fileprivate var half: Bytes16 { low == .zero ? Bytes16(high: 1, low: 1) : low }
}
