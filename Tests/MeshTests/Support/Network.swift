import Keys
import Mesh
import OrderedCollections
import Wire

/// Participants in virtual time, on links with delay, jitter and loss. The same seed gives the same
/// run.
final class Network {
  /// One participant and what it has told its person.
  final class Node {
    let endpoint: Endpoint
    var participant: Participant
    var isAlive = true
    /// How far its clock is ahead of the others'.
    let skew: Duration
    /// What its shell keeps on the disk.
    var keepsakes: [Keepsake] = []
    /// Its clock.
    func time(_ now: Instant) -> Instant { now + skew }
    /// As of the last time it did anything: asking a thousand nodes before each datagram would take
    /// most of all time.
    private(set) var deadline: Instant?
    func noteDeadline() {
      deadline = participant.nextDeadline.map { $0.instant + (.zero - skew) }
    }
    var heard: [(at: Instant, frame: Heard)] = []
    var joined: [(at: Instant, room: RoomID)] = []
    var refusals: [Refusal] = []
    var notes: [Note] = []
    /// All but sound.
    var events: [Event] = []
    var bytesIn = 0
    var datagramSizes: OrderedSet<Int> = []

    private let identity: Identity
    private let settings: Settings

    init(
      endpoint: Endpoint, skew: Duration, participant: consuming Participant,
      identity: consuming Identity, settings: Settings
    ) {
      self.identity = identity
      self.settings = settings
      self.endpoint = endpoint
      self.skew = skew
      self.participant = participant
    }

    /// The same person on another machine.
    func elsewhere(_ entropy: inout Entropy) throws -> Identity {
      try identity.copy(at: try AgreementPair(random: &entropy))
    }

    /// The process ends and begins anew, with what was on the disk.
    func restart(_ entropy: consuming Entropy, at now: Instant) throws {
      participant = try Participant(
        identity: try identity.copy(), token: nil, settings: settings, entropy: entropy,
        at: time(now), keepsakes: keepsakes, encapsulation: AgreementStandIn())
    }

    var contact: Contact { participant.contact }
    func status(at now: Instant) -> Status { participant.status(at: now) }
    func invite(to room: RoomID) -> Invite? { participant.invite(to: room) }
    func knows(_ session: SessionID, _ room: RoomID) -> Bool {
      participant.knows(session, in: room)
    }
    func rosterVersions(_ room: RoomID) -> UInt64 { participant.rosterVersions(in: room) }
    func drops(_ drop: Drop) -> Int { count(.drop(drop)) }
    /// What it noted and how often.
    var tally: OrderedDictionary<Note, Int> {
      notes.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
    func count(_ note: Note) -> Int { notes.count { $0 == note } }
  }

  private struct Flight {
    let at: Instant
    let order: Int
    let target: Int
    let source: Endpoint
    let bytes: [UInt8]
  }

  private(set) var now = Instant(nanoseconds: 1_790_000_000_000_000_000)
  private(set) var nodes: [Node] = []
  private(set) var visitors: [Visitor] = []
  /// Datagrams to where nobody is.
  private(set) var lost: [(at: Instant, target: Endpoint, count: Int)] = []
  /// One-way delay, evenly in this range.
  var delay: ClosedRange<Int64> = 10_000_000...50_000_000
  var lossPermille: UInt64 = 0
  /// Whether nothing gets from one node to the other.
  var isCut: (Int, Int) -> Bool = { _, _ in false }
  var duplicatePermille: UInt64 = 0
  /// Nodes behind routers that let in only what comes from where they wrote to.
  var sheltered: OrderedSet<Int> = []
  private var wroteTo: OrderedDictionary<Int, OrderedSet<Endpoint>> = [:]
  /// Whether stamps that are asked for are good ones, and how many were.
  var arePaid = true
  /// Nodes draw from a seed, which keeps what it drew last; a real node's source keeps nothing.
  var isSeeded = true
  private(set) var stamps = 0
  /// Sees each datagram as it leaves: who sends, whereto, how many bytes.
  var watcher: ((Node, Endpoint, Int) -> Void)?
  private var heap: [Flight] = []
  private var order = 0
  private var dice: Entropy
  private var effects = Effects()
  private var pairDelays: OrderedDictionary<[Int], Int64> = [:]

  init(seed: UInt64) throws {
    try Sodium.start()
    // Suites run side by side in one process, with hundreds of nodes between them.
    Sodium.allow(slots: 1 << 18)
    dice = .seeded(seed)
  }

  @discardableResult
  func add(
    settings: Settings = Settings(), uplink: Int = 5_000_000, relays: Bool = true,
    token: Bytes16? = nil, skew: Duration = .zero,
    encapsulation: any KeyEncapsulation = AgreementStandIn(), twin: Node? = nil
  ) throws -> Node {
    var entropy = Entropy.branch(of: &dice)
    let identity = try twin?.elsewhere(&entropy) ?? Identity.make(&entropy)
    let copy = try identity.copy()
    let index = nodes.count
    let endpoint = Endpoint(ipv4: 0x0A00_0001 + UInt32(index), port: 4_000)
    let participant = try Participant(
      identity: identity, token: token, settings: settings,
      entropy: isSeeded ? entropy : .system, at: now + skew, encapsulation: encapsulation)
    let node = Node(
      endpoint: endpoint, skew: skew, participant: participant, identity: copy,
      settings: settings)
    nodes.append(node)
    command(node, .reachableAt([endpoint]))
    command(node, .give(Capacity(uplink: uplink, relays: relays)))
    return node
  }

  func command(_ node: Node, _ command: Command) {
    node.participant.handle(command, at: node.time(now), into: &effects)
    apply(from: node)
  }

  func restart(_ node: Node) throws {
    try node.restart(Entropy.branch(of: &dice), at: now)
    command(node, .reachableAt([node.endpoint]))
    command(node, .give(Capacity(uplink: 5_000_000, relays: true)))
  }

  // MARK: Mischief

  func defy(_ node: Node, _ room: RoomID) {
    node.participant.defy(in: room, at: now, into: &effects)
    apply(from: node)
  }

  func utter(
    _ node: Node, _ type: MessageType, in room: RoomID, _ body: (RoomTag) -> [UInt8]
  ) {
    node.participant.utter(type, in: room, at: now, into: &effects, body)
    apply(from: node)
  }

  /// A made-up frame with `count` bytes of body.
  func utter(
    _ node: Node, frame counter: UInt32, of session: SessionID, count: Int, in room: RoomID
  ) {
    let body = (0..<count).map { _ in UInt8(dice.below(256 as UInt64)) }
    node.participant.utter(
      frame: counter, of: session, body: body, in: room, at: now, into: &effects)
    apply(from: node)
  }

  func impersonate(
    _ node: Node, _ session: SessionID, ahead: UInt32, count: UInt32, in room: RoomID
  ) {
    node.participant.impersonate(
      session, ahead: ahead, count: count, in: room, at: now, into: &effects)
    apply(from: node)
  }

  func chatter(_ node: Node, _ type: MessageType, _ times: Int, in room: RoomID) {
    node.participant.chatter(type, times, in: room, at: now, into: &effects)
    apply(from: node)
  }

  func forge(_ node: Node, with forger: @escaping Forger) {
    node.participant.forge(with: forger)
  }

  func misbehave(_ node: Node, _ mischief: Mischief) { node.participant.misbehave(mischief) }

  func spoilKey(
    _ node: Node, of session: SessionID, in room: RoomID, fromItsStart: Bool = false
  ) {
    node.participant.spoilKey(
      of: session, in: room, fromItsStart: fromItsStart, at: now, into: &effects)
    apply(from: node)
  }

  /// A relay with children.
  func interior(of room: RoomID) -> Node? {
    nodes.dropFirst().first { node in
      node.status(at: now).rooms.contains {
        $0.id == room && $0.trees.contains { !$0.children.isEmpty }
      }
    }
  }

  /// As if the others had never been in this process.
  func forgetAll(but node: Node) {
    nodes = [node]
    heap = []
  }

  /// Silent death: nothing more goes in or out.
  func kill(_ node: Node) { node.isAlive = false }

  func run(for duration: Duration) { run(until: now + duration) }

  func run(until end: Instant) {
    while let next = nextMoment(), next <= end {
      now = max(now, next)
      deliver()
      for node in nodes where node.isAlive {
        while let deadline = node.deadline, deadline <= now {
          node.participant.wake(at: node.time(now), into: &effects)
          apply(from: node)
          if let again = node.deadline, again <= now { break }
        }
      }
      for visitor in visitors {
        visitor.links.tick(at: now, into: &visitor.effects)
        collect(visitor)
      }
      // A deadline that does not move on must not stop the clock.
      now = now + .microseconds(100)
    }
    now = max(now, end)
  }

  func addVisitor(token: Bytes16? = nil) throws -> Visitor {
    let number = UInt32(visitors.count)
    let visitor = try Visitor(
      seed: 9_000 + UInt64(number), endpoint: Endpoint(ipv4: 0x0A09_0001 + number, port: 4_000),
      token: token)
    visitors.append(visitor)
    return visitor
  }

  /// Takes what a visitor wants sent.
  func collect(_ visitor: Visitor) {
    for datagram in visitor.effects.outbox.datagrams {
      let range = datagram.start..<datagram.start + datagram.count
      guard let target = nodes.firstIndex(where: { $0.endpoint == datagram.target }) else {
        continue
      }
      push(
        Flight(
          at: now, order: nextOrder(), target: target, source: visitor.endpoint,
          bytes: Array(visitor.effects.outbox.bytes[range])))
    }
    visitor.effects.removeAll()
  }

  private func letsIn(_ flight: Flight) -> Bool {
    !sheltered.contains(flight.target)
      || wroteTo[flight.target]?.contains(flight.source) == true
  }

  private func nextOrder() -> Int {
    order += 1
    return order
  }

  private func nextMoment() -> Instant? {
    var earliest = heap.first?.at
    for visitor in visitors {
      guard let deadline = visitor.links.nextDeadline?.instant else { continue }
      earliest = earliest.map { min($0, deadline) } ?? deadline
    }
    for node in nodes where node.isAlive {
      guard let deadline = node.deadline else { continue }
      earliest = earliest.map { min($0, deadline) } ?? deadline
    }
    return earliest
  }

  private func deliver() {
    while let flight = heap.first, flight.at <= now {
      pop()
      if flight.target < 0 {
        let visitor = visitors[-flight.target - 1]
        visitor.receive(flight.bytes, from: flight.source, at: now)
        collect(visitor)
        continue
      }
      let node = nodes[flight.target]
      guard node.isAlive, letsIn(flight) else { continue }
      node.bytesIn += flight.bytes.count + 28
      node.datagramSizes.append(flight.bytes.count)
      node.participant.handle(
        flight.bytes.span, from: flight.source, at: node.time(now), into: &effects)
      apply(from: node)
    }
  }

  private func apply(from node: Node) {
    node.noteDeadline()
    let stamps = effects.stamps
    defer {
      effects.removeAll()
      for wish in stamps { pay(wish, for: node) }
    }
    for event in effects.events {
      switch event {
      case .heard(let frame): node.heard.append((now, frame))
      case .joined(let room): node.joined.append((now, room))
      case .refused(let refusal, _): node.refusals.append(refusal)
      default: break
      }
      if case .heard = event { continue }
      node.events.append(event)
    }
    node.notes += effects.notes
    node.keepsakes += effects.keepsakes
    guard node.isAlive else { return }
    for datagram in effects.outbox.datagrams {
      let bytes = Array(effects.outbox.bytes[datagram.start..<datagram.start + datagram.count])
      send(bytes, from: node, to: datagram.target)
    }
  }

  /// What a shell does elsewhere meanwhile.
  private func pay(_ wish: StampWish, for node: Node) {
    var nonce: UInt64 = 0
    while wish.puzzle.isSolved(by: nonce) != arePaid { nonce += 1 }
    stamps += 1
    command(node, .stamped(wish.room, Stamp(hour: wish.puzzle.hour, nonce: nonce)))
  }

  private func send(_ bytes: [UInt8], from node: Node, to target: Endpoint) {
    if let index = nodes.firstIndex(where: { $0 === node }), sheltered.contains(index) {
      wroteTo[index, default: []].append(target)
    }
    watcher?(node, target, bytes.count)
    if let visitor = visitors.firstIndex(where: { $0.endpoint == target }) {
      return push(
        Flight(
          at: now, order: nextOrder(), target: -visitor - 1, source: node.endpoint, bytes: bytes))
    }
    let index = Int(target.ipv4 ?? 0) - 0x0A00_0001
    guard target.port == 4_000, nodes.indices.contains(index) else {
      return lost.append((now, target, bytes.count))
    }
    guard !isCut(nodes.firstIndex { $0 === node } ?? -1, index) else { return }
    guard dice.below(1_000 as UInt64) >= lossPermille else { return }
    let copies = dice.below(1_000 as UInt64) < duplicatePermille ? 2 : 1
    for _ in 0..<copies {
      let jitter = Int64(dice.below(2_000_000 as UInt64))
      push(
        Flight(
          at: now + .nanoseconds(pathDelay(node.endpoint, index) + jitter), order: order,
          target: index, source: node.endpoint, bytes: bytes))
      order += 1
    }
  }

  private func pathDelay(_ source: Endpoint, _ target: Int) -> Int64 {
    let from = Int(source.ipv4 ?? 0) - 0x0A00_0001
    let key = [min(from, target), max(from, target)]
    if let known = pairDelays[key] { return known }
    let span = UInt64(delay.upperBound - delay.lowerBound + 1)
    let fresh = delay.lowerBound + Int64(dice.below(span))
    pairDelays[key] = fresh
    return fresh
  }

  private func push(_ flight: Flight) {
    heap.append(flight)
    var child = heap.count - 1
    while child > 0, isEarlier(heap[child], heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private func pop() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if isEarlier(heap[child], heap[least]) { least = child }
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private func isEarlier(_ left: Flight, _ right: Flight) -> Bool {
    (left.at, left.order) < (right.at, right.order)
  }
}

extension Network {
  /// A room made by the first node, with all others joined by link, after `settle`.
  func room(
    nodes count: Int, access: Access = .social, settle: Duration = .seconds(8),
    settings: Settings = Settings()
  ) throws -> RoomID {
    for _ in 0..<count { try add(settings: settings) }
    return try gather(access: access, settle: settle)
  }

  /// The same among the nodes there are.
  func gather(
    access: Access = .social, apart: Duration = .milliseconds(50),
    settle: Duration = .seconds(8)
  ) throws -> RoomID {
    command(nodes[0], .create(title: "flock", access: access, name: "host"))
    guard let room = nodes[0].joined.last?.room,
      let invite = nodes[0].participant.invite(to: room)
    else { throw Refusal.noSuchRoom }
    for (index, node) in nodes.enumerated().dropFirst() {
      command(node, .join(invite, name: "guest \(index)"))
      run(for: apart)
    }
    run(for: settle)
    return room
  }

  /// Speaks `frames` frames of 20 ms from one node, calling `each` before every frame.
  func speak(
    _ node: Node, in room: RoomID, frames: Int, payload: Int = 60,
    each: (Int) -> Void = { _ in }
  ) {
    command(node, .startSpeaking(room, duration: .ms20, payload: payload))
    run(for: .milliseconds(400))
    for frame in 0..<frames {
      each(frame)
      let bytes = (0..<payload).map { UInt8(truncatingIfNeeded: frame &* 31 &+ $0) }
      command(node, .speak(room, payload: bytes, level: 30))
      run(for: .milliseconds(20))
    }
    run(for: .seconds(1))
  }
}
