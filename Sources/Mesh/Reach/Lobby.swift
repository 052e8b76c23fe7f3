import Keys
import OrderedCollections
import Wire

/// The overlay of all nodes connected to this one, whatever rooms they are in: through it nodes
/// learn of further nodes, and open rooms are listed.
struct Lobby {
  struct Entry {
    var listing: Listing
    var room: RoomID
  }

  var overlay: Overlay
  private(set) var entries: OrderedDictionary<RoomID, Entry> = [:]
  /// Contacts behind links we dialled or were told of.
  var contacts: OrderedDictionary<LinkID, Contact> = [:]
  /// Nodes the person asked for: kept connected.
  var wanted: OrderedDictionary<NodeID, Contact> = [:]
  private var dialling: OrderedDictionary<NodeID, Bool> = [:]

  init(settings: OverlaySettings, at now: Instant) {
    overlay = Overlay(settings: settings, at: now)
  }

  // MARK: Links

  mutating func linkUp(
    _ link: LinkID, node: NodeID, dialled: Bool, contact: Contact?, _ ctx: inout Context
  ) {
    contacts[link] = contact
    for entry in entries.values { ctx.send(.listing, entry.listing.encoded, on: link) }
    guard dialled else { return }
    let urgent = dialling.removeValue(forKey: node) ?? overlay.active.isEmpty
    let request = NeighbourRequest(urgent: urgent)
    ctx.send(.neighbour, request.encoded(tag: .lobby), on: link)
  }

  mutating func linkDown(_ link: LinkID, node: NodeID) {
    contacts.removeValue(forKey: link)
    overlay.lost(link, node: node)
  }

  mutating func connect(_ contact: Contact, _ ctx: inout Context) {
    wanted[contact.node] = contact
    reach(contact, urgent: true, &ctx)
  }

  private mutating func reach(_ contact: Contact, urgent: Bool, _ ctx: inout Context) {
    if let link = ctx.links.link(to: contact.node) {
      guard !overlay.isActive(link) else { return }
      ctx.send(.neighbour, NeighbourRequest(urgent: urgent).encoded(tag: .lobby), on: link)
    } else {
      dialling[contact.node] = urgent
      ctx.links.dial(contact, at: ctx.now, into: &ctx.effects)
    }
  }

  /// A message of the lobby's overlay, behind its tag.
  mutating func received(
    _ type: MessageType, _ reader: inout Reader, from link: LinkID, _ ctx: inout Context
  ) throws(WireError) {
    var actions: [OverlayAction] = []
    let me = ctx.contact
    switch type {
    case .neighbour:
      overlay.received(
        try NeighbourRequest(from: &reader), from: link, entropy: &ctx.entropy, actions: &actions)
    case .neighbourReply:
      guard let node = ctx.links.node(of: link) else { return }
      overlay.received(
        try NeighbourReply(from: &reader), from: link, node: node, entropy: &ctx.entropy,
        actions: &actions)
    case .disconnect:
      overlay.disconnected(link, contact: contacts[link], entropy: &ctx.entropy)
    case .forwardJoin:
      let walk = try ForwardJoin(from: &reader)
      overlay.received(
        walk, from: link, me: me.node, known: ctx.links.link(to: walk.contact.node),
        entropy: &ctx.entropy, actions: &actions)
    case .shuffle:
      overlay.received(
        try Shuffle(from: &reader), from: link, me: me, entropy: &ctx.entropy, actions: &actions)
    case .shuffleReply:
      overlay.received(
        reply: try Shuffle(from: &reader), me: me.node, entropy: &ctx.entropy)
    default:
      ctx.drop(.unknownRoom)
    }
    perform(actions, &ctx)
  }

  mutating func tick(_ ctx: inout Context) {
    var actions: [OverlayAction] = []
    let me = ctx.contact
    let known = contacts
    overlay.tick(
      at: ctx.now, me: me, linked: { node in known.values.contains { $0.node == node } },
      contact: { known[$0] }, entropy: &ctx.entropy, actions: &actions)
    perform(actions, &ctx)
    let moment = ctx.now.milliseconds
    let before = entries.count
    entries.removeAll { $0.value.listing.expiry < moment }
    if entries.count != before { ctx.tell(.listings) }
    for contact in wanted.values where ctx.links.link(to: contact.node) == nil {
      ctx.links.dial(contact, at: ctx.now, into: &ctx.effects)
    }
  }

  private mutating func perform(_ actions: [OverlayAction], _ ctx: inout Context) {
    for action in actions {
      switch action {
      case .forward(let link, let walk):
        ctx.send(.forwardJoin, walk.encoded(tag: .lobby), on: link)
      case .reply(let link, let accepted):
        ctx.send(.neighbourReply, NeighbourReply(accepted: accepted).encoded(tag: .lobby), on: link)
      case .disconnect(let link):
        ctx.send(.disconnect, [.lobby], on: link)
        overlay.disconnected(link, contact: contacts[link], entropy: &ctx.entropy)
      case .shuffle(let link, let shuffle):
        ctx.send(.shuffle, shuffle.encoded(tag: .lobby), on: link)
      case .shuffleReply(let link, let shuffle):
        ctx.send(.shuffleReply, shuffle.encoded(tag: .lobby), on: link)
      case .reach(let contact, let urgent):
        reach(contact, urgent: urgent, &ctx)
      }
    }
  }

  // MARK: Listings

  func listing(of room: RoomID) -> Listing? { entries[room]?.listing }

  mutating func received(_ listing: Listing, from link: LinkID, _ ctx: inout Context) {
    let moment = ctx.now.milliseconds
    let latest = (ctx.now + ctx.settings.presence.listingLifetime).milliseconds + 600_000
    guard listing.genesis.mode == 0, listing.expiry > moment, listing.expiry <= latest,
      listing.genesis.expiry > moment
    else { return ctx.drop(.badListing) }
    let room = Charter.id(of: listing.genesis.unsigned)
    // Two publishers may refresh one after the other: only a real step forward travels on.
    if let known = entries[room], listing.expiry <= known.listing.expiry + 5_000 { return }
    guard entries[room] != nil || entries.count < ctx.settings.presence.listingsMaximum else {
      return ctx.drop(.listingFull)
    }
    guard let charter = Charter(genesis: listing.genesis, operation: nil), charter.room == room,
      charter.objection(
        to: listing.certificate, nil, at: ctx.now, skew: ctx.settings.clockSkew) == nil,
      Signatures.verify(
        listing.signature, by: listing.certificate.session, "VR1-listing", listing.unsigned)
    else { return ctx.drop(.badListing) }
    publish(listing, room, except: link, &ctx)
  }

  mutating func publish(
    _ listing: Listing, _ room: RoomID, except source: LinkID?, _ ctx: inout Context
  ) {
    let isNew = entries[room] == nil
    entries[room] = Entry(listing: listing, room: room)
    if isNew { ctx.tell(.listings) }
    let body = listing.encoded
    for link in ctx.links.up where link != source { ctx.send(.listing, body, on: link) }
  }

  mutating func withdraw(_ room: RoomID) { entries.removeValue(forKey: room) }
}
