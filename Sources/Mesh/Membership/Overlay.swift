import Keys
import OrderedCollections
import Wire

/// Who exchanges gossip with whom: a small symmetric active view of links and a larger passive view
/// of contacts, after HyParView (Leitão, Pereira, Rodrigues, DSN 2007). A room has one; the lobby,
/// all nodes connected to us, has another.
///
/// It only decides: what it wants sent or dialled is appended to `actions`, in order.
struct Overlay {
  private(set) var active: [LinkID] = []
  private(set) var passive: [Contact] = []
  private var asked: [(node: NodeID, until: Instant)] = []
  /// Links on which neighbourhood was asked for and not answered.
  private var requests: OrderedDictionary<LinkID, Instant> = [:]
  /// Links on which a shuffle left, and what of ours was in it.
  private var shuffles: OrderedDictionary<LinkID, (sent: [Contact], until: Instant)> = [:]
  private let settings: OverlaySettings
  private let born: Instant
  /// In a row. Whom nobody has a place for would otherwise end up with links to all.
  private var refusals = 0
  private var nextRequest = Instant(nanoseconds: 0)
  private var nextShuffle: Instant

  init(settings: OverlaySettings, at now: Instant) {
    self.settings = settings
    born = now
    nextShuffle = now + settings.shuffleYoung
  }

  var nextDeadline: Deadline? {
    let answers = asked.map(\.until).min().map { Deadline($0, .dialling) }
    return Deadline.earlier(answers, Deadline(nextShuffle, .shuffle))
  }

  func isActive(_ link: LinkID) -> Bool { active.contains(link) }

  /// Notes that neighbourhood is about to be asked for; false when an answer is awaited already.
  mutating func asks(_ link: LinkID, at now: Instant) -> Bool {
    if let until = requests[link], now < until { return false }
    requests[link] = now + settings.answerPatience
    return true
  }

  // MARK: What happens to it

  /// Somebody joined through us: a neighbour at once, and news for the others.
  mutating func newcomer(
    _ link: LinkID, contact: Contact, entropy: inout Entropy, actions: inout [OverlayAction]
  ) {
    guard !isActive(link) else { return }
    var others = active
    if settings.walks < others.count { entropy.shuffle(&others) }
    for other in others.prefix(settings.walks) {
      actions.append(.forward(other, ForwardJoin(timeToLive: settings.walk, contact: contact)))
    }
    add(link, entropy: &entropy, actions: &actions)
  }

  mutating func received(
    _ walk: ForwardJoin, from link: LinkID, me: NodeID, known: LinkID?, entropy: inout Entropy,
    actions: inout [OverlayAction]
  ) {
    guard walk.contact.node != me else { return }
    if let known, isActive(known) { return }
    let others = active.filter { $0 != link && $0 != known }
    guard walk.timeToLive > 0, active.count > 1, let next = entropy.pick(others) else {
      actions.append(.reach(walk.contact, urgent: true))
      return
    }
    if walk.timeToLive == settings.passiveWalk { remember(walk.contact, entropy: &entropy) }
    let further = ForwardJoin(
      timeToLive: min(walk.timeToLive, settings.walk) - 1, contact: walk.contact)
    actions.append(.forward(next, further))
  }

  mutating func received(
    _ request: NeighbourRequest, from link: LinkID, entropy: inout Entropy,
    actions: inout [OverlayAction]
  ) {
    let accepted = isActive(link) || request.urgent || active.count < settings.active
    actions.append(.reply(link, accepted))
    if accepted { add(link, entropy: &entropy, actions: &actions) }
  }

  /// False when nobody asked.
  mutating func received(
    _ reply: NeighbourReply, from link: LinkID, node: NodeID, entropy: inout Entropy,
    actions: inout [OverlayAction]
  ) -> Bool {
    guard requests.removeValue(forKey: link) != nil else { return false }
    asked.removeAll { $0.node == node }
    if reply.accepted {
      refusals = 0
      add(link, entropy: &entropy, actions: &actions)
    } else {
      refusals = min(refusals + 1, settings.refusalDoublings)
    }
    return true
  }

  mutating func disconnected(_ link: LinkID, contact: Contact?, entropy: inout Entropy) {
    active.removeAll { $0 == link }
    if let contact { remember(contact, entropy: &entropy) }
  }

  /// The link died: the contact is not worth remembering.
  mutating func lost(_ link: LinkID, node: NodeID) {
    active.removeAll { $0 == link }
    requests.removeValue(forKey: link)
    shuffles.removeValue(forKey: link)
    failed(node)
  }

  mutating func failed(_ node: NodeID) {
    passive.removeAll { $0.node == node }
    asked.removeAll { $0.node == node }
  }

  mutating func received(
    _ shuffle: Shuffle, from link: LinkID, me: Contact, at now: Instant, entropy: inout Entropy,
    actions: inout [OverlayAction]
  ) {
    guard shuffle.origin.node != me.node else { return }
    let others = active.filter { $0 != link }
    if shuffle.timeToLive > 0, active.count > 1, let next = entropy.pick(others) {
      var further = shuffle
      further.timeToLive = min(further.timeToLive, settings.walk) - 1
      expect(next, [], at: now)
      actions.append(.shuffle(next, further))
      return
    }
    let answer = sample(shuffle.contacts.count, entropy: &entropy)
    actions.append(
      .shuffleReply(link, Shuffle(timeToLive: 0, origin: me, contacts: answer)))
    learn(shuffle.contacts + [shuffle.origin], except: me.node, entropy: &entropy)
  }

  /// False when nobody asked.
  mutating func received(
    reply: Shuffle, from link: LinkID, me: NodeID, entropy: inout Entropy
  ) -> Bool {
    guard let sent = shuffles.removeValue(forKey: link)?.sent else { return false }
    passive.removeAll { contact in sent.contains { $0.node == contact.node } }
    learn(reply.contacts, except: me, entropy: &entropy)
    return true
  }

  /// Contacts heard of elsewhere, for instance in the roster.
  mutating func learn(
    _ contacts: [Contact], except me: NodeID, entropy: inout Entropy
  ) {
    for contact in contacts where contact.node != me {
      remember(contact, entropy: &entropy)
    }
  }

  mutating func tick(
    at now: Instant, me: Contact, node: (LinkID) -> NodeID?, contact: (LinkID) -> Contact?,
    entropy: inout Entropy, actions: inout [OverlayAction]
  ) {
    asked.removeAll { $0.until <= now }
    requests.removeAll { $0.value <= now }
    shuffles.removeAll { $0.value.until <= now }
    fill(at: now, neighbours: active.compactMap(node), entropy: &entropy, actions: &actions)
    guard nextShuffle <= now else { return }
    let pause =
      now < born + settings.youth ? settings.shuffleYoung : settings.shuffleSettled
    let jitter = Int64(entropy.below(UInt64(max(1, pause.nanoseconds / 2))))
    nextShuffle = now + .nanoseconds(pause.nanoseconds * 3 / 4 + jitter)
    guard let target = entropy.pick(active) else { return }
    var contacts = active.filter { $0 != target }.compactMap(contact)
    entropy.shuffle(&contacts)
    contacts = Array(contacts.prefix(settings.shuffleActive))
    contacts += sample(settings.shufflePassive, entropy: &entropy)
    expect(target, contacts, at: now)
    actions.append(
      .shuffle(target, Shuffle(timeToLive: settings.walk, origin: me, contacts: contacts)))
  }

  // MARK: What it decides

  private mutating func fill(
    at now: Instant, neighbours: [NodeID], entropy: inout Entropy,
    actions: inout [OverlayAction]
  ) {
    let isShort = active.count <= settings.active / 2
    guard isShort || nextRequest <= now else { return }
    let parallel = isShort ? 3 : 1
    while active.count + asked.count < settings.active, asked.count < parallel {
      let candidates = passive.filter { contact in
        !asked.contains { $0.node == contact.node } && !neighbours.contains(contact.node)
      }
      guard let contact = entropy.pick(candidates) else { return }
      passive.removeAll { $0.node == contact.node }
      asked.append((contact.node, now + settings.answer))
      if refusals > 0 { nextRequest = now + settings.answer * (1 << refusals) }
      actions.append(.reach(contact, urgent: active.isEmpty))
    }
  }

  private mutating func add(
    _ link: LinkID, entropy: inout Entropy, actions: inout [OverlayAction]
  ) {
    guard !isActive(link) else { return }
    if active.count >= settings.active, let victim = entropy.pick(active) {
      active.removeAll { $0 == victim }
      actions.append(.disconnect(victim))
    }
    active.append(link)
  }

  private mutating func expect(_ link: LinkID, _ sent: [Contact], at now: Instant) {
    shuffles[link] = (sent, now + settings.answerPatience)
  }

  private mutating func remember(_ contact: Contact, entropy: inout Entropy) {
    guard !contact.endpoints.isEmpty else { return }
    passive.removeAll { $0.node == contact.node }
    if passive.count >= settings.passive {
      passive.remove(at: Int(entropy.below(UInt64(passive.count))))
    }
    passive.append(contact)
  }

  private func sample(_ count: Int, entropy: inout Entropy) -> [Contact] {
    var shuffled = passive
    entropy.shuffle(&shuffled)
    return Array(shuffled.prefix(count))
  }
}

/// What an overlay wants done.
enum OverlayAction {
  case forward(LinkID, ForwardJoin)
  case reply(LinkID, Bool)
  case disconnect(LinkID)
  case shuffle(LinkID, Shuffle)
  case shuffleReply(LinkID, Shuffle)
  /// Open a link and ask to be neighbours.
  case reach(Contact, urgent: Bool)
}
