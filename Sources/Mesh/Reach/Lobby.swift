import Keys
import OrderedCollections
import Wire

/// The overlay of all nodes connected to this one, whatever rooms they are in: through it nodes
/// learn of further nodes, and open rooms are listed.
///
/// Anybody who knows this node's address may be in it, so whatever others make this node do here
/// (dial, answer, check signatures) is counted.
struct Lobby {
  /// A node the person asked for: kept connected.
  struct Wanted {
    var contact: Contact
    /// When to dial; nil while there is a link or a dial.
    var due: Instant?
    var linkedAt: Instant?
    /// That nobody answers is said once.
    var isMissed = false
  }

  /// What a link may still cause.
  private struct Account {
    var dials: Allowance
    var shuffles: Allowance
    var listings: Allowance

    init(_ settings: OverlaySettings) {
      dials = Allowance(every: settings.hearsayPauseOfLink, burst: settings.hearsayDialsOfLink)
      shuffles = Allowance(every: settings.shufflePauseOfLink, burst: settings.shufflesOfLink)
      listings = Allowance(every: settings.listingPauseOfLink, burst: settings.listingsOfLink)
    }
  }

  let overlay: Overlay
  private(set) var board: ListingBoard
  private let settings: OverlaySettings
  private var wanted: OrderedDictionary<NodeID, Wanted> = [:]
  /// Dials under way because others named a contact, and why neighbourhood is asked for then.
  private var dialling: OrderedDictionary<NodeID, NeighbourRequest.Reason> = [:]
  private var hearsay: Allowance
  private var accounts: OrderedDictionary<LinkID, Account> = [:]

  init(settings: Settings, at now: Instant) {
    self.settings = settings.overlay
    overlay = Overlay(settings: settings.overlay, shuffling: true, at: now)
    board = ListingBoard(settings: settings)
    hearsay = Allowance(
      every: settings.overlay.hearsayPause, burst: settings.overlay.hearsayDials)
  }

  var nextDeadline: Deadline? {
    let dial = wanted.values.compactMap(\.due).min().map { Deadline($0, .dialling) }
    return Deadline.earlier(overlay.nextDeadline, dial)
  }

  func wants(_ node: NodeID) -> Bool { wanted[node] != nil }

  // MARK: Links

  mutating func linkUp(_ link: LinkID, node: NodeID, dialled: Bool, _ ctx: inout Context) {
    let reason = dialling.removeValue(forKey: node)
    wanted[node]?.due = nil
    wanted[node]?.linkedAt = ctx.now
    wanted[node]?.isMissed = false
    for listing in board.all { ctx.send(.listing, listing.encoded, on: link) }
    guard dialled else { return }
    if reason != nil || overlay.active.count < settings.active { ask(link, reason ?? .room, &ctx) }
    // Who was dialled knows an address at most, and needs our token to dial us.
    let introduction = Shuffle(timeToLive: 0, origin: ctx.contact, contacts: [])
    ctx.send(.shuffle, introduction.encoded(tag: .lobby), on: link)
  }

  mutating func linkDown(_ link: LinkID, node: NodeID, _ ctx: inout Context) {
    accounts.removeValue(forKey: link)
    overlay.lost(link, node: node, at: ctx.now)
    guard let since = wanted[node]?.linkedAt else { return }
    let wasShort = ctx.now - since < settings.wantedRest
    wanted[node]?.due = wasShort ? ctx.now + settings.wantedRest : ctx.now
    wanted[node]?.linkedAt = nil
  }

  mutating func dialFailed(_ node: NodeID, _ ctx: inout Context) {
    dialling.removeValue(forKey: node)
    overlay.failed(node)
    guard var peer = wanted[node], ctx.links.link(to: node) == nil else { return }
    if !peer.isMissed { ctx.tell(.unanswered(peer.contact)) }
    peer.isMissed = true
    peer.due = max(ctx.links.redial(of: node) ?? ctx.now, ctx.now + .seconds(1))
    wanted[node] = peer
  }

  /// The person names a peer.
  mutating func connect(_ contact: Contact, _ ctx: inout Context) {
    let node = contact.node
    if wanted.removeValue(forKey: node) == nil, wanted.count >= settings.wanted {
      let unlinked = wanted.keys.firstIndex { ctx.links.link(to: $0) == nil }
      wanted.remove(at: unlinked ?? 0)
    }
    wanted[node] = Wanted(contact: contact)
    if let link = ctx.links.link(to: node) {
      wanted[node]?.linkedAt = ctx.now
      if !overlay.isActive(link) { ask(link, .room, &ctx) }
    } else {
      ctx.links.forgive(node)
      ctx.links.dial(contact, at: ctx.now, into: &ctx.effects)
    }
  }

  /// This node is about to go: nobody is wanted any more.
  mutating func farewell() { wanted.removeAll() }

  /// Dials or asks a node that others named: `link` told us of it, or we had it in reserve.
  private mutating func reach(
    _ contact: Contact, _ reason: NeighbourRequest.Reason, named link: LinkID?, _ ctx: inout Context
  ) {
    let node = contact.node
    if let link = ctx.links.link(to: node) {
      if !overlay.isActive(link) { ask(link, reason, &ctx) }
      return
    }
    guard dialling[node] == nil, !contact.endpoints.isEmpty else { return }
    guard mayDial(on: link, at: ctx.now) else {
      ctx.drop(.rateLimited)
      if link == nil {
        overlay.learn([contact], except: ctx.contact.node, entropy: &ctx.entropy)
      }
      return
    }
    dialling[node] = reason
    ctx.links.dial(contact, at: ctx.now, into: &ctx.effects)
  }

  private mutating func mayDial(on link: LinkID?, at now: Instant) -> Bool {
    guard dialling.count < settings.hearsayDials else { return false }
    if let link, !spend(link, { $0.dials.take(at: now) }) { return false }
    return hearsay.take(at: now)
  }

  private mutating func spend(_ link: LinkID, _ take: (inout Account) -> Bool) -> Bool {
    take(&accounts[link, default: Account(settings)])
  }

  private mutating func ask(
    _ link: LinkID, _ reason: NeighbourRequest.Reason, _ ctx: inout Context
  ) {
    guard overlay.asks(link, at: ctx.now) else { return }
    let request = NeighbourRequest(overlay.active.isEmpty ? .alone : reason)
    ctx.send(.neighbour, request.encoded(tag: .lobby), on: link)
  }

  // MARK: Messages

  /// A message of the lobby's overlay, behind its tag.
  mutating func received(
    _ type: MessageType, _ reader: inout Reader, from link: LinkID, _ ctx: inout Context
  ) throws(WireError) {
    guard let node = ctx.links.node(of: link) else { return }
    var actions: [OverlayAction] = []
    let me = ctx.contact
    switch type {
    case .neighbour:
      overlay.received(
        try NeighbourRequest(from: &reader), from: link, contact: ctx.links.contact(of: link),
        entropy: &ctx.entropy, actions: &actions)
    case .neighbourReply:
      let reply = try NeighbourReply(from: &reader)
      let isAnswer = overlay.received(
        reply, from: link, contact: ctx.links.contact(of: link), node: node, at: ctx.now,
        entropy: &ctx.entropy, actions: &actions)
      if !isAnswer { ctx.drop(.badShuffle) }
    case .disconnect:
      let successor = try Disconnect(from: &reader).successor
      overlay.disconnected(
        link, contact: ctx.links.contact(of: link),
        successor: successor.map { heard($0, on: link, ctx) }, me: me.node, at: ctx.now,
        entropy: &ctx.entropy, actions: &actions)
    case .forwardJoin:
      var walk = try ForwardJoin(from: &reader)
      walk.contact = heard(walk.contact, on: link, ctx)
      overlay.received(
        walk, from: link, me: me.node, known: ctx.links.link(to: walk.contact.node),
        at: ctx.now, entropy: &ctx.entropy, actions: &actions)
    case .shuffle:
      let shuffle = heard(try Shuffle(from: &reader), on: link, ctx)
      guard spend(link, { $0.shuffles.take(at: ctx.now) }) else { return ctx.drop(.rateLimited) }
      ctx.links.introduced(shuffle.origin, on: link)
      if shuffle.timeToLive == 0, shuffle.contacts.isEmpty { return }
      overlay.received(
        shuffle, from: link, me: me, at: ctx.now, entropy: &ctx.entropy, actions: &actions)
    case .shuffleReply:
      let reply = heard(try Shuffle(from: &reader), on: link, ctx)
      let isAnswer = overlay.received(
        reply: reply, from: link, me: me.node, entropy: &ctx.entropy)
      guard isAnswer else { return ctx.drop(.badShuffle) }
      ctx.links.introduced(reply.origin, on: link)
    default:
      ctx.drop(.unknownRoom)
    }
    perform(actions, because: link, &ctx)
  }

  /// Only what can be dialled is worth knowing; programs on this machine are named by those on it.
  private func heard(_ contact: Contact, on link: LinkID, _ ctx: borrowing Context) -> Contact {
    let isLocal = ctx.links.endpoint(of: link)?.isLoopback ?? false
    var contact = contact
    contact.endpoints = contact.endpoints.filter { $0.isDiallable && (isLocal || !$0.isLoopback) }
    return contact
  }

  private func heard(_ shuffle: Shuffle, on link: LinkID, _ ctx: borrowing Context) -> Shuffle {
    var contacts: [Contact] = []
    for contact in shuffle.contacts { contacts.append(heard(contact, on: link, ctx)) }
    return Shuffle(
      timeToLive: shuffle.timeToLive, origin: heard(shuffle.origin, on: link, ctx),
      contacts: contacts)
  }

  mutating func tick(_ ctx: inout Context) {
    if overlay.isDue(at: ctx.now) { tickOverlay(&ctx) } else { overlay.forgetOld(at: ctx.now) }
    if board.expire(at: ctx.now) { ctx.tell(.listings) }
    for (node, peer) in wanted {
      guard let due = peer.due, due <= ctx.now else { continue }
      wanted[node]?.due = nil
      ctx.links.dial(peer.contact, at: ctx.now, into: &ctx.effects)
    }
  }

  private mutating func tickOverlay(_ ctx: inout Context) {
    var actions: [OverlayAction] = []
    var contacts: OrderedDictionary<LinkID, Contact> = [:]
    var nodes: OrderedDictionary<LinkID, NodeID> = [:]
    for link in overlay.active {
      contacts[link] = ctx.links.contact(of: link)
      nodes[link] = ctx.links.node(of: link)
    }
    overlay.tick(
      at: ctx.now, me: ctx.contact, node: { nodes[$0] }, contact: { contacts[$0] },
      isNear: { _ in false },
      entropy: &ctx.entropy, actions: &actions)
    perform(actions, because: nil, &ctx)
  }

  private mutating func perform(
    _ actions: [OverlayAction], because link: LinkID?, _ ctx: inout Context
  ) {
    for action in actions {
      switch action {
      case .forward(let link, let walk):
        ctx.send(.forwardJoin, walk.encoded(tag: .lobby), on: link)
      case .reply(let link, let accepted):
        ctx.send(.neighbourReply, NeighbourReply(accepted: accepted).encoded(tag: .lobby), on: link)
      case .disconnect(let link, let successor):
        ctx.send(.disconnect, Disconnect(successor: successor).encoded(tag: .lobby), on: link)
        if let contact = ctx.links.contact(of: link) {
          overlay.learn([contact], except: ctx.contact.node, entropy: &ctx.entropy)
        }
      case .shuffle(let link, let shuffle):
        sendOnce(.shuffle, shuffle, on: link, &ctx)
      case .shuffleReply(let link, let shuffle):
        sendOnce(.shuffleReply, shuffle, on: link, &ctx)
      case .reach(let contact, let reason):
        reach(contact, reason, named: link, &ctx)
      }
    }
  }

  /// The next shuffle makes up for one that is lost, and costs no acknowledgement.
  private func sendOnce(
    _ type: MessageType, _ shuffle: Shuffle, on link: LinkID, _ ctx: inout Context
  ) {
    ctx.links.sendOnce(type: type.rawValue, shuffle.encoded(tag: .lobby), on: link)
  }

  // MARK: Listings

  mutating func received(_ listing: Listing, from link: LinkID, _ ctx: inout Context) {
    guard spend(link, { $0.listings.take(at: ctx.now) }) else { return ctx.drop(.rateLimited) }
    switch board.received(listing, at: ctx.now) {
    case .refused(let drop): ctx.drop(drop)
    case .known: break
    case .taken(let isNewRoom):
      if isNewRoom { ctx.tell(.listings) }
      pass(listing, except: link, &ctx)
    }
  }

  /// This node's own word.
  mutating func publish(_ listing: Listing, _ room: RoomID, _ ctx: inout Context) {
    if board.entries[room] == nil { ctx.tell(.listings) }
    board.put(listing, room)
    pass(listing, except: nil, &ctx)
  }

  mutating func withdraw(_ room: RoomID) { board.withdraw(room) }

  private func pass(_ listing: Listing, except source: LinkID?, _ ctx: inout Context) {
    let body = listing.encoded
    for link in ctx.links.up where link != source { ctx.send(.listing, body, on: link) }
  }
}
