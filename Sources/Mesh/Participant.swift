package import Keys
import OrderedCollections
package import Wire

/// One participant of the mesh: links, lobby and rooms of one node, without sockets or clock.
///
/// Time never goes back; effects are applied in order; the shell calls ``wake(at:into:)`` at
/// ``nextDeadline``, which it reads again after every call; nothing from the network can trap.
package struct Participant: ~Copyable {
  let identity: Identity
  var ctx: Context
  private(set) var lobby: Lobby
  private(set) var rooms: [Room] = []
  private var nextHousekeeping: Instant
  private var listingVersion: UInt32 = 0
  private var nextListing: Instant
  /// Where the shell says this node is, and where others see it.
  var places: [Endpoint] = []
  var sightings = Sightings()
  var reachability = Reachability()
  private var keepsakes: OrderedDictionary<RoomID, Keepsake> = [:]
  /// Opened records of the datagram at hand, out of the way of what handling them sends.
  private var records: [Record] = []
  private var plain: [UInt8] = []

  /// - Parameters:
  ///   - answered: what ``Effects/answered`` held in the node's former lives.
  ///   - keepsakes: the newest of ``Effects/keepsakes`` for each room.
  ///   - encapsulation: ML-KEM-768, in anything but tests and simulations.
  package init(
    identity: consuming Identity, token: Bytes16?, settings: Settings, entropy: consuming Entropy,
    at now: Instant, answered: [UInt64] = [], keepsakes: [Keepsake] = [],
    encapsulation: any KeyEncapsulation
  ) throws(KeysError) {
    let linkEntropy = Entropy.branch(of: &entropy)
    let contact = Contact(node: identity.node.publicKey, token: token, endpoints: [])
    let links = try Links(
      node: try identity.node.copy(), token: token, settings: settings.links, entropy: linkEntropy,
      answered: answered)
    ctx = Context(
      links: links, entropy: entropy, hybrid: HybridLinks(scheme: encapsulation),
      settings: settings, contact: contact,
      capacity: Capacity(uplink: 5_000_000, relays: true))
    ctx.now = now
    ctx.links.pay(uplink: ctx.capacity.uplink, at: now, into: &ctx.effects)
    lobby = Lobby(settings: settings, at: now)
    nextHousekeeping = now + .seconds(1)
    nextListing = now + .seconds(1)
    self.identity = identity
    for keepsake in keepsakes where keepsake.expiry > now.milliseconds {
      self.keepsakes[keepsake.room] = keepsake
    }
  }

  package var contact: Contact { ctx.contact }

  mutating func beHostile(_ mischief: Mischief) { ctx.mischief = mischief }

  package var nextDeadline: Deadline? {
    var next = Deadline.earlier(ctx.links.nextDeadline, lobby.nextDeadline)
    next = .earlier(next, ctx.hybrid.nextDeadline)
    next = .earlier(next, Deadline(min(nextHousekeeping, nextListing), .expiry))
    for room in rooms { next = .earlier(next, room.nextDeadline(ctx.settings)) }
    return next
  }

  // MARK: What happens

  /// A datagram arrived.
  package mutating func handle(
    _ datagram: Span<UInt8>, from source: Endpoint, at now: Instant, into effects: inout Effects
  ) {
    begin(now, &effects)
    let link = ctx.links.receive(datagram, from: source, at: now, into: &ctx.effects)
    if let link { handleRecords(from: link) }
    end(&effects)
  }

  /// The person wants something.
  package mutating func handle(
    _ command: Command, at now: Instant, into effects: inout Effects
  ) {
    begin(now, &effects)
    carryOut(command)
    end(&effects)
  }

  /// The next deadline has come.
  package mutating func wake(at now: Instant, into effects: inout Effects) {
    begin(now, &effects)
    ctx.links.tick(at: now, into: &ctx.effects)
    ctx.tickHybrid()
    lobby.tick(&ctx)
    for room in rooms { room.tick(&ctx) }
    endJoining()
    list()
    keepHouse()
    // Rooms may have begun to watch links.
    ctx.links.tick(at: now, into: &ctx.effects)
    end(&effects)
  }

  /// Lends one room and the context, outside of any command.
  mutating func within(
    _ id: RoomID, at now: Instant, into effects: inout Effects,
    _ body: (Room, inout Context) -> Void
  ) {
    begin(now, &effects)
    if let room = rooms.first(where: { $0.id == id }) { body(room, &ctx) }
    end(&effects)
  }

  private mutating func begin(_ now: Instant, _ effects: inout Effects) {
    ctx.now = max(now, ctx.now)
    swap(&ctx.effects, &effects)
  }

  private mutating func end(_ effects: inout Effects) {
    drainLinks()
    endRooms()
    for kept in ctx.effects.keepsakes { keepsakes[kept.room] = kept }
    for room in rooms where room.rosterChanged {
      room.rosterChanged = false
      ctx.tell(.roster(room.id))
    }
    ctx.links.flush(at: ctx.now, into: &ctx.effects)
    swap(&ctx.effects, &effects)
  }

  // MARK: Records

  private mutating func handleRecords(from link: LinkID) {
    ctx.links.exchange(records: &records, plain: &plain)
    var opened: [UInt8] = []
    swap(&opened, &plain)
    for record in records {
      let body = opened.span.extracting(record.start..<record.start + record.count)
      handle(record.type, body, from: link)
    }
    swap(&opened, &plain)
    ctx.links.exchange(records: &records, plain: &plain)
  }

  private mutating func handle(_ type: UInt8, _ body: Span<UInt8>, from link: LinkID) {
    guard let type = MessageType(rawValue: type) else { return ctx.drop(.unknownRecord) }
    var reader = Reader(body)
    do {
      switch type {
      case .media:
        guard !body.isEmpty, let room = room(tag: body[0]) else { return ctx.drop(.unknownRoom) }
        room.receivedMedia(body, from: link, &ctx)
      case .join: try receivedJoin(&reader, from: link)
      case .refusal: try receivedRefusal(&reader, from: link)
      case .hybridKey, .hybridAnswer:
        guard try ctx.receivedHybrid(type, &reader, from: link) else { return }
        for room in rooms { room.canGrant(on: link, &ctx) }
      case .listing: lobby.received(try Listing(from: &reader), from: link, &ctx)
      default:
        let tag = try reader.u8()
        if tag == .lobby { return try lobby.received(type, &reader, from: link, &ctx) }
        guard let room = room(tag: tag) else { return ctx.drop(.unknownRoom) }
        try room.received(type, &reader, from: link, &ctx)
      }
    } catch {
      ctx.drop(.malformedRecord)
      ctx.links.condemn(link, at: ctx.now, into: &ctx.effects)
    }
  }

  private func room(tag: RoomTag) -> Room? { rooms.first { $0.tag == tag } }

  /// Finds the room a JOIN is meant for by its mark; a node that is not in it says so.
  private mutating func receivedJoin(
    _ reader: inout Reader, from link: LinkID
  ) throws(WireError) {
    let mark = try reader.bytes16()
    let sealed = try reader.bytes(reader.remaining)
    guard let room = room(marked: mark, by: link, theirs: true) else {
      ctx.drop(.unknownRoom)
      return ctx.send(.refusal, mark.array + [0], on: link)
    }
    room.receivedJoin(sealed, from: link, &ctx)
  }

  private mutating func receivedRefusal(
    _ reader: inout Reader, from link: LinkID
  ) throws(WireError) {
    let mark = try reader.bytes16()
    let reason = try reader.u8()
    try reader.finish()
    room(marked: mark, by: link, theirs: false)?.receivedRefusal(reason, from: link, &ctx)
  }

  private func room(marked mark: Bytes16, by link: LinkID, theirs: Bool) -> Room? {
    guard let transcript = ctx.links.transcript(of: link),
      let initiator = ctx.links.isInitiator(of: link)
    else { return nil }
    return rooms.first {
      $0.recognises(mark, on: link, transcript, initiator: theirs != initiator)
    }
  }

  // MARK: Links

  private mutating func drainLinks() {
    while !ctx.links.events.isEmpty {
      let events = ctx.links.events
      ctx.links.events.removeAll(keepingCapacity: true)
      for event in events { handle(event) }
    }
  }

  private mutating func handle(_ event: LinkEvent) {
    switch event {
    case .up(let link, let node, let dialled):
      ctx.tell(.linkUp(node))
      // Who is needed must be known before the room runs out.
      if ctx.links.isCrowded { nextHousekeeping = min(nextHousekeeping, ctx.now + .seconds(1)) }
      if let dialled { ctx.tell(.reached(dialled)) }
      lobby.linkUp(link, node: node, dialled: dialled != nil, &ctx)
      for room in rooms { room.linkUp(link, node: node, &ctx) }
    case .down(let link, let node, _):
      ctx.hybrid.forget(link)
      ctx.tell(.linkDown(node))
      sightings.lost(node, until: ctx.now + ctx.settings.overlay.sightingLife)
      lobby.linkDown(link, node: node, &ctx)
      for room in rooms { room.linkDown(link, node: node, &ctx) }
    case .failed(let node):
      lobby.dialFailed(node, &ctx)
      for room in rooms { room.dialFailed(node, &ctx) }
    case .reflected(let endpoint, let node): reflected(endpoint, by: node)
    case .called: called()
    case .suspect, .recovered, .roamed: break
    }
  }
}

// MARK: - Commands

extension Participant {
  private mutating func carryOut(_ command: Command) {
    switch command {
    case .connect(let contact): lobby.connect(contact, &ctx)
    case .create(let title, let access, let name):
      answer(nil) { (self) throws(Refusal) in try self.create(title: title, access, name: name) }
    case .join(let invite, let name):
      answer(invite.room) { (self) throws(Refusal) in try self.join(invite, name: name) }
    case .joinListed(let room, let name):
      answer(room) { (self) throws(Refusal) in try self.joinListed(room, name: name) }
    case .leave(let id): leave(id)
    case .stamped(let id, let stamp): rooms.first { $0.id == id }?.stamped(stamp, &ctx)
    case .startSpeaking(let id, let duration, let payload):
      act(in: id) { $0.startSpeaking(duration: duration, payload: payload, &$1) }
    case .speak(let id, let payload, let level):
      act(in: id) { $0.speak(payload, level: level, &$1) }
    case .stopSpeaking(let id): act(in: id) { $0.stopSpeaking(&$1) }
    case .moderate(let id, let wish): act(in: id) { $0.moderate(wish, &$1) }
    case .raiseHand(let id, let isUp): act(in: id) { $0.raise(&$1, isUp) }
    case .react(let id, let sign): act(in: id) { $0.react(sign, &$1) }
    case .takeSeat(let id): act(in: id) { $0.takeSeat(&$1) }
    case .stepDown(let id): act(in: id) { $0.stepDown(&$1) }
    case .takeTurn(let id): act(in: id) { $0.takeTurn(&$1) }
    case .compareCodes(let id, let person): act(in: id) { $0.compareCodes(person, &$1) }
    case .makeInvite(let id, let terms, let lifetime):
      act(in: id) { $0.makeInvite(terms, lifetime: lifetime, &$1) }
    case .listen(let id, let listens): rooms.first { $0.id == id }?.listening = listens
    case .reachableThrough(let tunnel):
      ctx.contact.tunnel = tunnel
      for room in rooms { room.moved(to: ctx.contact, &ctx) }
    case .tunnelOpened(let node, let endpoint):
      ctx.links.learn(path: endpoint, isTunnel: true, to: node, at: ctx.now, into: &ctx.effects)
    case .tunnelClosed(let endpoint):
      ctx.links.forget(path: endpoint, at: ctx.now, into: &ctx.effects)
    case .reachableAt(let endpoints):
      places = endpoints
      move()
    case .give(let capacity): give(capacity)
    case .farewell: farewell()
    }
  }

  private mutating func answer(
    _ room: RoomID?, _ body: (inout Self) throws(Refusal) -> Void
  ) {
    do { try body(&self) } catch { ctx.tell(.refused(error, room)) }
  }

  private mutating func act(in id: RoomID, _ body: (Room, inout Context) -> Refusal?) {
    guard let room = rooms.first(where: { $0.id == id && $0.isMember }) else {
      return ctx.tell(.refused(.notIn, id))
    }
    if let refusal = body(room, &ctx) { ctx.tell(.refused(refusal, id)) }
  }

  private mutating func give(_ capacity: Capacity) {
    ctx.capacity = capacity
    ctx.links.pay(uplink: capacity.uplink, at: ctx.now, into: &ctx.effects)
    for room in rooms {
      let uplink = uplinkClass
      room.publish(&ctx) {
        if capacity.relays { $0.flags.insert(.relays) } else { $0.flags.remove(.relays) }
        $0.uplink = uplink
      }
      room.trimChildren(&ctx)
    }
  }

  private var uplinkClass: UInt8 { UInt8(clamping: ctx.capacity.uplink / 100_000) }

  private mutating func create(
    title: String, _ access: Access, name: String
  ) throws(Refusal) {
    guard rooms.count < ctx.settings.rooms else { throw .tooManyRooms }
    do {
      let nonce = ctx.entropy.bytes16()
      let creator = try identity.creator(nonce: nonce)
      var genesis = Genesis(
        mode: access == .open ? 0 : 1, creator: PersonaID(creator.publicKey.raw),
        created: ctx.now.milliseconds,
        lifetimeSeconds: UInt32(ctx.settings.roomLifetime.milliseconds / 1_000), nonce: nonce,
        title: title)
      genesis.signature = creator.sign("VR1-genesis", genesis.unsigned)
      let id = Charter.id(of: genesis.unsigned)
      let secret = access == .open ? nil : ctx.entropy.bytes16()
      var operation: RoomOperation?
      if let secret {
        operation = Charter.firstInvite(
          try InviteKey.pair(secret: secret, room: id).publicKey, of: genesis, room: id,
          isReusable: access == .social)
        if let unsigned = operation?.unsigned {
          operation?.signature = creator.sign("VR1-op", unsigned)
        }
      }
      guard let charter = Charter(genesis: genesis, operation: operation) else {
        throw KeysError.forged
      }
      try enter(
        id, secret: access == .social ? secret : nil, persona: creator, charter: charter,
        name: name, flags: [.root],
        phase: .member)
      rooms.last?.hasCompared = true
      ctx.tell(.joined(id))
      nextListing = ctx.now
    } catch {
      throw .memoryFull
    }
  }

  private mutating func join(_ invite: Invite, name: String) throws(Refusal) {
    if let expiry = invite.expiry, expiry < ctx.now.milliseconds { throw .linkExpired }
    try enter(invite.room, secret: invite.secret, contacts: invite.contacts, name: name)
  }

  private mutating func joinListed(_ id: RoomID, name: String) throws(Refusal) {
    guard let contacts = lobby.board.contacts(of: id) else { throw .noSuchRoom }
    try enter(id, secret: nil, contacts: contacts, name: name)
  }

  private mutating func enter(
    _ id: RoomID, secret: Bytes16?, contacts: [Contact], name: String
  ) throws(Refusal) {
    guard !rooms.contains(where: { $0.id == id }) else { throw .alreadyIn }
    guard rooms.count < ctx.settings.rooms else { throw .tooManyRooms }
    do {
      // Who made the room goes on as its creator.
      let nonce = keepsakes[id]?.nonce
      let persona =
        if let nonce { try identity.creator(nonce: nonce) } else {
          try identity.persona(room: id, index: 0)
        }
      try enter(
        id, secret: secret, persona: persona, charter: nil, name: name, flags: [],
        phase: .joining(until: ctx.now + ctx.settings.joinTimeout))
    } catch {
      throw .memoryFull
    }
    guard let room = rooms.last else { return }
    for contact in contacts {
      ctx.links.forgive(contact.node)
      room.reach(contact, for: .entry, &ctx)
    }
  }

  private mutating func enter(
    _ id: RoomID, secret: Bytes16?, persona: borrowing SigningPair, charter: Charter?,
    name: String, flags: Presence.Flags, phase: Room.Phase
  ) throws(KeysError) {
    var flags = flags.union(reachability.flags)
    if ctx.capacity.relays { flags.insert(.relays) }
    if ctx.entropy.below(2 as UInt64) == 1 { flags.insert(.colourB) }
    let invite: SigningPair? =
      if let secret { try InviteKey.pair(secret: secret, room: id) } else { nil }
    let inviteKey: SigningKey? =
      switch invite {
      case .some(let pair): pair.publicKey
      case .none: nil
      }
    let me = try Persona(
      room: id, persona: persona, invite: invite, name: name, contact: ctx.contact, flags: flags,
      uplink: uplinkClass, presenceLifetime: ctx.settings.presence.lifetime, at: ctx.now,
      entropy: &ctx.entropy)
    let tag = (0..<RoomTag.lobby).first { tag in !rooms.contains { $0.tag == tag } } ?? 0
    let kept: Secret? =
      if let secret { try Secret(Bytes32(high: secret, low: .zero)) } else { nil }
    let room = Room(
      id: id, tag: tag, secret: kept, invite: inviteKey, me: me, phase: phase,
      kept: keepsakes[id]?.operations ?? [], settings: ctx.settings, at: ctx.now)
    rooms.append(room)
    if let charter { room.adopt(charter, &ctx) }
  }

  private mutating func leave(_ id: RoomID) {
    guard let index = rooms.firstIndex(where: { $0.id == id }) else {
      return ctx.tell(.refused(.notIn, id))
    }
    let room = rooms.remove(at: index)
    room.publish(&ctx) { $0.flags = [.leaving] }
    room.leaveLinks(&ctx)
    lobby.withdraw(id)
    ctx.tell(.left(id))
  }

  /// Neighbours hear of each room that we leave it, and then that the link is over: they need not
  /// wait for our silence.
  private mutating func farewell() {
    for room in rooms { leave(room.id) }
    lobby.farewell()
    ctx.links.flush(at: ctx.now, into: &ctx.effects)
    for link in ctx.links.up {
      ctx.links.close(link, reason: CloseReason.leaving, at: ctx.now, into: &ctx.effects)
    }
  }
}

// MARK: - Time

extension Participant {
  private mutating func endJoining() {
    for room in rooms {
      guard case .joining(let until) = room.phase, until <= ctx.now else { continue }
      rooms.removeAll { $0 === room }
      ctx.tell(.refused(room.refusal ?? .nobodyAnswered, room.id))
    }
  }

  /// Rooms that were closed, or that we were removed from.
  private mutating func endRooms() {
    for room in rooms {
      guard let ending = room.ending, ending.at <= ctx.now else { continue }
      ctx.tell(.refused(ending.why, room.id))
      leave(room.id)
    }
  }

  private mutating func list() {
    guard nextListing <= ctx.now else { return }
    nextListing = ctx.now + ctx.settings.presence.listingRefresh
    for room in rooms {
      listingVersion += 1
      guard let listing = room.listing(ctx, version: listingVersion) else { continue }
      lobby.publish(listing, room.id, &ctx)
    }
  }

  /// Ends rooms whose time is over and links nobody needs.
  private mutating func keepHouse() {
    guard nextHousekeeping <= ctx.now else { return }
    nextHousekeeping = ctx.now + (ctx.links.isCrowded ? .seconds(1) : .seconds(5))
    if sightings.expire(at: ctx.now) { move() }
    judgeReachability()
    for room in rooms {
      guard let charter = room.charter, charter.genesis.expiry <= ctx.now.milliseconds else {
        continue
      }
      ctx.tell(.refused(.roomExpired, room.id))
      leave(room.id)
    }
    ctx.keepTunnels(for: rooms)
    let unneeded = ctx.links.up.filter { link in
      guard let node = ctx.links.node(of: link) else { return false }
      return !lobby.wants(node) && !lobby.overlay.isActive(link)
        && !rooms.contains { $0.needs(link, at: ctx.now, ctx.settings) }
    }
    let idle = unneeded.prefix { ctx.links.age(of: $0, at: ctx.now) > ctx.settings.idleLink }
    for link in idle {
      ctx.links.close(link, reason: CloseReason.leaving, at: ctx.now, into: &ctx.effects)
    }
    ctx.links.spare = unneeded[idle.endIndex...]
  }
}
