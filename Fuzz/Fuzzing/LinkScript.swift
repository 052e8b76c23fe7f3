import Keys
import Mesh
import Wire

/// Two nodes whose datagrams go through hostile hands, and a stranger who knows an address.
///
/// Never: a trap, an answer to a stranger's invalid first message, an answer longer than its
/// question, a record that nobody sent, a flood out of one datagram.
final class LinkScript {
  private struct Transit {
    let toAnswerer: Bool
    var bytes: [UInt8]
  }

  /// One end, its address and what it got.
  final class End {
    var links: Links
    let contact: Contact
    var received: [[UInt8]] = []

    init(seed: UInt64, token: Bytes16?, settings: LinkSettings) throws(KeysError) {
      var entropy = Entropy.seeded(seed)
      let pair = try AgreementPair(random: &entropy)
      let place = Endpoint(ipv4: 0x0A00_0000 | UInt32(seed), port: 4_000)
      contact = Contact(node: pair.publicKey, token: token, endpoints: [place])
      links = try Links(node: pair, token: token, settings: settings, entropy: entropy)
    }

    var endpoint: Endpoint { contact.endpoints[0] }
  }

  private static let stranger = Endpoint(ipv4: 0xC633_6401, port: 9)
  /// One datagram leads to an answer, acknowledgements and what waited: far less than this.
  private static let mostAtOnce = 600
  private static let mostSteps = 300

  private let dialler: End
  private let answerer: End
  private var now = Instant(nanoseconds: 1_790_000_000_000_000_000)
  private var effects = Effects()
  private var transits: [Transit] = []
  private var sent: [[UInt8]] = []
  /// Plain text went through the seal that no honest peer would send: what arrives is anything.
  private var isDishonest = false
  private var entropy = Entropy.seeded(3)
  private let isLoadable: Bool

  init(_ shape: UInt8) throws(Finding) {
    var settings = LinkSettings()
    isLoadable = shape & 2 != 0
    if isLoadable { settings.helloRate = 1 }
    let token = shape & 1 == 0 ? nil : Bytes16(high: 1, low: 2)
    do {
      dialler = try End(seed: 1, token: nil, settings: LinkSettings())
      answerer = try End(seed: 2, token: token, settings: settings)
    } catch {
      throw Finding("no links")
    }
    dialler.links.dial(answerer.contact, at: now, into: &effects)
    try settle(dialler)
    // Half of all inputs begin with a link that is up.
    if shape & 4 == 0 { try deliverAll() }
  }

  static func run(_ tape: inout Tape) throws(Finding) {
    let script = try LinkScript(tape.byte())
    var steps = 0
    while !tape.isOver, steps < mostSteps {
      steps += 1
      try script.step(&tape)
    }
    try script.deliverAll()
    try script.pass(.seconds(3))
    try script.checkReceived()
  }

  private func step(_ tape: inout Tape) throws(Finding) {
    let code = tape.byte()
    let end = code & 0x80 == 0 ? answerer : dialler
    switch code & 15 {
    case 0: try deliver(changing: nil, copies: 1)
    case 1: try deliver(changing: (Int(tape.word()), tape.byte()), copies: 1)
    case 2: if !transits.isEmpty { transits.removeFirst() }
    case 3: try deliver(changing: nil, copies: 2)
    case 4: if let first = transits.first { transits = transits.dropFirst() + [first] }
    case 5: try cutNext(Int(tape.byte()))
    case 6: try strange(tape.take(Int(tape.word() % 1_300)), to: end)
    case 7: try strange(masked(tape.take(Int(tape.word() % 500)), for: end), to: end)
    case 8: try hello(&tape, to: end)
    case 9: try seal(tape.take(Int(tape.word() % 1_155)), from: end)
    case 10, 11: try say(code, tape.take(Int(tape.byte())), from: end)
    case 12: try pass(.milliseconds(Int64(tape.byte())))
    case 13: try pass(.milliseconds(Int64(tape.word()) * 4))
    case 14: try deliverAll()
    default: try rule(tape.byte(), end)
    }
  }

  // MARK: Datagrams under way

  private func deliver(changing: (place: Int, by: UInt8)?, copies: Int) throws(Finding) {
    guard var transit = transits.first else { return }
    transits.removeFirst()
    if let changing, !transit.bytes.isEmpty {
      transit.bytes[changing.place % transit.bytes.count] ^= changing.by
    }
    for _ in 0..<copies { try deliver(transit) }
  }

  private func cutNext(_ count: Int) throws(Finding) {
    guard var transit = transits.first else { return }
    transits.removeFirst()
    transit.bytes.removeLast(min(count, transit.bytes.count))
    try deliver(transit)
  }

  private func deliver(_ transit: Transit) throws(Finding) {
    let (target, source) = transit.toAnswerer ? (answerer, dialler) : (dialler, answerer)
    receive(transit.bytes, at: target, from: source.endpoint)
    try settle(target)
  }

  private func deliverAll() throws(Finding) {
    var rounds = 0
    while !transits.isEmpty, rounds < Self.mostAtOnce {
      rounds += 1
      try deliver(transits.removeFirst())
    }
    try Finding.unless(transits.isEmpty, "two nodes answer each other without end")
  }

  private func receive(_ bytes: [UInt8], at end: End, from source: Endpoint) {
    guard
      end.links.receive(bytes.span, from: source, at: now, into: &effects) != nil
    else { return }
    for record in end.links.records {
      let body = end.links.plain[record.start..<record.start + record.count]
      end.received.append([record.type] + body)
    }
  }

  /// Takes what an end wants to send.
  private func settle(_ end: End) throws(Finding) {
    end.links.flush(at: now, into: &effects)
    end.links.events.removeAll()
    try Finding.unless(
      effects.outbox.datagrams.count <= Self.mostAtOnce, "one step sends a flood")
    let other = end === answerer ? dialler : answerer
    for datagram in effects.outbox.datagrams where datagram.target == other.endpoint {
      let bytes = effects.outbox.bytes[datagram.start..<datagram.start + datagram.count]
      transits.append(Transit(toAnswerer: other === answerer, bytes: Array(bytes)))
    }
    effects.removeAll()
  }

  // MARK: Strangers

  /// Anything from an address nobody knows gets no answer.
  private func strange(_ bytes: [UInt8], to end: End) throws(Finding) {
    receive(bytes, at: end, from: Self.stranger)
    try Finding.unless(answers.isEmpty, "an invalid first message is answered")
    try settle(end)
  }

  private var answers: [Outbox.Datagram] {
    effects.outbox.datagrams.filter { $0.target == Self.stranger }
  }

  private func masked(_ body: [UInt8], for end: End) -> [UInt8] {
    let name = end.contact.node.raw.array + (end.contact.token?.array ?? [])
    return HandshakeMask.mask(body, key: Digest.hash32("VR1-mask", name), entropy: &entropy)
  }

  /// A first message right in all but what the input says.
  private func hello(_ tape: inout Tape, to end: End) throws(Finding) {
    let spoilt = tape.byte()
    let later = Int64(Int8(bitPattern: tape.byte())) * 120_000
    let payload = Messages.written {
      $0.u64(UInt64(Int64(now.milliseconds) + later))
      $0.u8(spoilt & 1 == 0 ? LinkSpec.version : tape.byte())
      $0.u8(spoilt & 2 == 0 ? 0 : tape.byte())
      $0.u16(spoilt & 4 == 0 ? 1_200 : tape.word())
      $0.zeros(3)
      $0.u8(spoilt & 8 == 0 ? 0 : tape.byte())
      $0.zeros(64 + Int(tape.byte()) % 192)
      if spoilt & 16 != 0 { $0.u8(tape.byte()) }
    }
    guard var body = try? firstMessage(payload, to: end) else { throw Finding("no message") }
    if spoilt & 32 != 0 { body[Int(tape.word()) % body.count] ^= tape.byte() }
    let bytes = masked(body, for: end)
    receive(bytes, at: end, from: Self.stranger)
    let isValid =
      spoilt & 32 == 0 && payload[8] == LinkSpec.version && payload[9] == 0
      && payload[10] >= 4 && payload[12...].allSatisfy { $0 == 0 } && abs(later) <= 7_200_000
    // Many at once are asked for a cookie before anything is opened, whatever they hold.
    let isQuiet = answers.allSatisfy { isLoadable && $0.count == LinkSpec.cookie }
    try Finding.unless(
      isValid || spoilt & 32 != 0 || isQuiet, "an invalid first message is answered")
    try Finding.unless(
      answers.allSatisfy { $0.count <= bytes.count }, "an answer is longer than its question")
    try settle(end)
  }

  private func firstMessage(_ payload: [UInt8], to end: End) throws(KeysError) -> [UInt8] {
    let name = end.contact.node
    let token = end.contact.token.map { Digest.hash32("VR1-psk", $0.array) } ?? .zero
    var noise = try NoiseHandshake(
      pattern: .xkpsk3, role: .initiator, prologue: Array("VR1-link".utf8) + [0],
      psks: [token], staticPair: try AgreementPair(random: &entropy), remoteStatic: name,
      ephemeral: try AgreementPair(random: &entropy))
    let message = try noise.writeMessage(payload: payload)
    return Messages.written {
      $0.u8(1)
      $0.u32(7)
      $0.raw(message)
      $0.bytes16(Digest.mac16(key: Digest.hash32("VR1-mac1", name.raw.array), $0.bytes))
      $0.bytes16(.zero)
    }
  }

  // MARK: Through the link

  /// Plain text as the input has it, under the link's own seal.
  private func seal(_ plain: [UInt8], from end: End) throws(Finding) {
    guard !plain.isEmpty, plain.count <= LinkSpec.plaintext, let link = end.links.up.first else {
      return
    }
    isDishonest = true
    end.links.sendNow(plain, on: link, at: now, into: &effects)
    try settle(end)
    try deliverAll()
  }

  private func say(_ code: UInt8, _ body: [UInt8], from end: End) throws(Finding) {
    guard let link = end.links.up.first else { return }
    sent.append([0x10 | code >> 4 & 7] + body)
    if code & 1 == 0 {
      end.links.send(type: 0x10 | code >> 4 & 7, body, on: link, at: now, into: &effects)
    } else {
      end.links.sendOnce(type: 0x10 | code >> 4 & 7, body, on: link)
    }
    try settle(end)
  }

  private func rule(_ choice: UInt8, _ end: End) throws(Finding) {
    switch (choice % 5, end.links.up.first) {
    case (0, .some(let link)):
      end.links.close(link, reason: choice, at: now, into: &effects)
    case (1, .some(let link)): end.links.condemn(link, at: now, into: &effects)
    case (2, .some(let link)): end.links.watch(link, choice & 0x80 == 0, at: now)
    default:
      let other = end === answerer ? dialler : answerer
      end.links.dial(other.contact, at: now, into: &effects)
    }
    try settle(end)
  }

  private func pass(_ duration: Duration) throws(Finding) {
    let finish = now + duration
    var wakes = 0
    for end in [dialler, answerer] {
      while let due = end.links.nextDeadline?.instant, due <= finish, wakes < 20_000 {
        wakes += 1
        now = max(now, due)
        end.links.tick(at: now, into: &effects)
        try settle(end)
      }
    }
    try Finding.unless(wakes < 20_000, "a node wakes without end")
    now = max(now, finish)
  }

  private func checkReceived() throws(Finding) {
    guard !isDishonest else { return }
    var left = sent
    for record in answerer.received + dialler.received {
      guard let index = left.firstIndex(of: record) else {
        throw Finding("a record arrives that nobody sent, or twice")
      }
      left.remove(at: index)
    }
  }
}
