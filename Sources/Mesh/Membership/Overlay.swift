import Keys
import OrderedCollections
import Wire

/// Who exchanges gossip with whom: a small symmetric active view of links and a larger passive view
/// of contacts, after HyParView (Leitão, Pereira, Rodrigues, DSN 2007). A room has one; the lobby,
/// all nodes connected to us, has another.
///
/// Unlike there, whoever is short of neighbours sends a walk, and where it ends a link between two
/// others is split: both take the one who is short instead of each other. So nobody else loses a
/// neighbour, and nobody has to dial one full view after the other.
///
/// It only decides: what it wants sent or dialled is appended to `actions`, in order.
final class Overlay {
  private(set) var active: [LinkID] = []
  private(set) var passive: [Contact] = []
  private var asked: [(node: NodeID, until: Instant)] = []
  /// Links on which neighbourhood was asked for and not answered.
  private var requests: OrderedDictionary<LinkID, Instant> = [:]
  /// Links on which a shuffle left, and what of ours was in it.
  private var shuffles: OrderedDictionary<LinkID, (sent: [Contact], until: Instant)> = [:]
  /// Whose walk ended here: it gets the place of a neighbour, who gets it instead of us.
  private var splitting: OrderedDictionary<NodeID, Instant> = [:]
  private let settings: OverlaySettings
  /// Whether contacts must be learnt by shuffling; a room has its roster.
  private let shuffling: Bool
  private let born: Instant
  /// Walks sent in a row without a neighbour gained, and when the next may leave.
  private var walksInVain = 0
  private var nextWalk: Instant
  /// How often somebody else had to say whom to ask, and when they may again.
  private var rescues = 0
  private var nextRescue: Instant
  private var nextShuffle: Instant

  init(settings: OverlaySettings, shuffling: Bool, at now: Instant) {
    self.settings = settings
    self.shuffling = shuffling
    born = now
    nextWalk = now
    nextRescue = now
    nextShuffle = shuffling ? now + settings.shuffleYoung : Instant(nanoseconds: .max)
  }

  var nextDeadline: Deadline? {
    let answers = asked.map(\.until).min().map { Deadline($0, .dialling) }
    return Deadline.earlier(answers, Deadline(min(nextShuffle, nextWalk), .shuffle))
  }

  /// Whether ``tick(at:me:node:contact:entropy:actions:)`` has anything to decide.
  func isDue(at now: Instant) -> Bool { min(nextShuffle, nextWalk) <= now }

  /// Questions that were not answered, and words that were not kept.
  func forgetOld(at now: Instant) {
    if !asked.isEmpty { asked.removeAll { $0.until <= now } }
    if !requests.isEmpty { requests.removeAll { $0.value <= now } }
    if !shuffles.isEmpty { shuffles.removeAll { $0.value.until <= now } }
    if !splitting.isEmpty { splitting.removeAll { $0.value <= now } }
  }

  func isActive(_ link: LinkID) -> Bool { active.contains(link) }

  /// Nobody is left, and nobody known who could be asked.
  func isStranded(at now: Instant) -> Bool {
    active.isEmpty && passive.isEmpty && nextRescue <= now
  }

  /// - Parameter contacts: of members who may be gone as well, so they are asked ever more rarely.
  func rescue(_ contacts: [Contact], except me: NodeID, at now: Instant, entropy: inout Entropy) {
    nextRescue = now + settings.walkPause * (1 << rescues)
    rescues = min(rescues + 1, settings.rescueDoublings)
    learn(contacts, except: me, entropy: &entropy)
  }

  /// Notes that neighbourhood is about to be asked for; false when an answer is awaited already.
  func asks(_ link: LinkID, at now: Instant) -> Bool {
    if let until = requests[link], now < until { return false }
    requests[link] = now + settings.answerPatience
    return true
  }

  // MARK: What happens to it

  /// A walk for somebody who is short of neighbours. It ends where there is room or, after so many
  /// steps, where it is.
  func received(
    _ walk: ForwardJoin, from link: LinkID, me: NodeID, known: LinkID?, at now: Instant,
    entropy: inout Entropy, actions: inout [OverlayAction]
  ) {
    guard walk.contact.node != me else { return }
    let isNeighbour = known.map(isActive) ?? false
    if !isNeighbour, active.count < settings.active {
      return actions.append(.reach(walk.contact, .sent))
    }
    let others = active.filter { $0 != link && $0 != known }
    guard walk.timeToLive > 0, let next = entropy.pick(others) else {
      guard !isNeighbour else { return }
      splitting[walk.contact.node] = now + settings.answerPatience
      return actions.append(.reach(walk.contact, .sent))
    }
    if walk.timeToLive == settings.passiveWalk { remember(walk.contact, entropy: &entropy) }
    let further = ForwardJoin(
      timeToLive: min(walk.timeToLive, settings.walk) - 1, contact: walk.contact)
    actions.append(.forward(next, further))
  }

  /// `contact`: the asker's, if it is known.
  func received(
    _ request: NeighbourRequest, from link: LinkID, contact: Contact?, entropy: inout Entropy,
    actions: inout [OverlayAction]
  ) {
    let accepted =
      isActive(link) || active.count < settings.active
      || request.reason == .alone
      || request.reason == .sent && active.count < settings.activeMost
    actions.append(.reply(link, accepted))
    guard accepted else { return }
    add(link, contact, splits: request.reason == .alone, entropy: &entropy, actions: &actions)
  }

  /// False when nobody asked.
  func received(
    _ reply: NeighbourReply, from link: LinkID, contact: Contact?, node: NodeID, at now: Instant,
    entropy: inout Entropy, actions: inout [OverlayAction]
  ) -> Bool {
    guard requests.removeValue(forKey: link) != nil else { return false }
    asked.removeAll { $0.node == node }
    let splits = splitting.removeValue(forKey: node) != nil
    guard reply.accepted else { return true }
    add(link, contact, splits: splits, entropy: &entropy, actions: &actions)
    walksInVain = 0
    nextWalk = now
    return true
  }

  /// `link` has no place for us any more; `successor` has, or nobody is known to.
  func disconnected(
    _ link: LinkID, contact: Contact?, successor: Contact?, me: NodeID, at now: Instant,
    entropy: inout Entropy, actions: inout [OverlayAction]
  ) {
    guard isActive(link) else { return }
    forget(link, at: now)
    if let contact { remember(contact, entropy: &entropy) }
    guard let successor, successor.node != me, active.count < settings.active else { return }
    nextWalk = now + settings.answer
    actions.append(.reach(successor, .sent))
  }

  /// The link died: the contact is not worth remembering.
  func lost(_ link: LinkID, node: NodeID, at now: Instant) {
    if isActive(link) { forget(link, at: now) }
    requests.removeValue(forKey: link)
    shuffles.removeValue(forKey: link)
    failed(node)
  }

  func failed(_ node: NodeID) {
    if let known = passive.indices.first(where: { passive[$0].node == node }) {
      passive.remove(at: known)
    }
    asked.removeAll { $0.node == node }
    splitting.removeValue(forKey: node)
  }

  func received(
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
  func received(
    reply: Shuffle, from link: LinkID, me: NodeID, entropy: inout Entropy
  ) -> Bool {
    guard let sent = shuffles.removeValue(forKey: link)?.sent else { return false }
    passive.removeAll { contact in sent.contains { $0.node == contact.node } }
    learn(reply.contacts, except: me, entropy: &entropy)
    return true
  }

  /// Contacts heard of elsewhere, for instance in the roster.
  func learn(
    _ contacts: [Contact], except me: NodeID, entropy: inout Entropy
  ) {
    for contact in contacts where contact.node != me {
      remember(contact, entropy: &entropy)
    }
  }

  func tick(
    at now: Instant, me: Contact, node: (LinkID) -> NodeID?, contact: (LinkID) -> Contact?,
    isNear: (NodeID) -> Bool, entropy: inout Entropy, actions: inout [OverlayAction]
  ) {
    forgetOld(at: now)
    fill(
      at: now, me: me, neighbours: active.compactMap(node), isNear, entropy: &entropy,
      actions: &actions)
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

  /// Alone, whoever is known is asked, three at a time. With too few, somebody near is asked or
  /// walks are sent: each may bring two. Ever more rarely, for there may be nobody else.
  private func fill(
    at now: Instant, me: Contact, neighbours: [NodeID], _ isNear: (NodeID) -> Bool,
    entropy: inout Entropy, actions: inout [OverlayAction]
  ) {
    guard active.count < settings.active else {
      nextWalk = Instant(nanoseconds: .max)
      return
    }
    guard nextWalk <= now else { return }
    let others = passive.filter { contact in
      !asked.contains { $0.node == contact.node } && !neighbours.contains(contact.node)
    }
    guard active.isEmpty else {
      if let near = entropy.pick(others.filter { isNear($0.node) }) {
        return askNear(near, at: now, &actions)
      }
      let hasOthers = !others.isEmpty || now < born + settings.youth
      return sendWalks(at: now, me: me, hasOthers: hasOthers, entropy: &entropy, &actions)
    }
    nextWalk = now + settings.walkPause
    var strangers = others
    entropy.shuffle(&strangers)
    for contact in strangers.prefix(max(0, settings.urgentRequests - asked.count)) {
      passive.removeAll { $0.node == contact.node }
      asked.append((contact.node, now + settings.answer))
      actions.append(.reach(contact, .alone))
    }
  }

  private func askNear(_ contact: Contact, at now: Instant, _ actions: inout [OverlayAction]) {
    nextWalk = now + settings.walkPause * (1 << walksInVain)
    walksInVain = min(walksInVain + 1, settings.walkDoublings)
    asked.append((contact.node, now + settings.answer))
    actions.append(.reach(contact, .sent))
  }

  private func sendWalks(
    at now: Instant, me: Contact, hasOthers: Bool, entropy: inout Entropy,
    _ actions: inout [OverlayAction]
  ) {
    nextWalk = now + settings.walkPause * (1 << walksInVain)
    guard hasOthers else { return }
    walksInVain = min(walksInVain + 1, settings.walkDoublings)
    for _ in 0..<max(1, (settings.active - active.count) / 2) {
      guard let first = entropy.pick(active) else { return }
      actions.append(.forward(first, ForwardJoin(timeToLive: settings.walk, contact: me)))
    }
  }

  private func add(
    _ link: LinkID, _ contact: Contact?, splits: Bool, entropy: inout Entropy,
    actions: inout [OverlayAction]
  ) {
    guard !isActive(link) else { return }
    let limit = splits ? settings.active : settings.activeMost
    if active.count >= limit, let victim = entropy.pick(active) {
      active.removeAll { $0 == victim }
      actions.append(.disconnect(victim, successor: splits ? contact : nil))
    }
    active.append(link)
    rescues = 0
  }

  private func forget(_ link: LinkID, at now: Instant) {
    active.removeAll { $0 == link }
    walksInVain = 0
    nextWalk = min(nextWalk, now)
  }

  private func expect(_ link: LinkID, _ sent: [Contact], at now: Instant) {
    shuffles[link] = (sent, now + settings.answerPatience)
  }

  private func remember(_ contact: Contact, entropy: inout Entropy) {
    guard !contact.endpoints.isEmpty else { return }
    // By index: this runs for every heartbeat of a crowd, and contacts are dear to copy.
    if let known = passive.indices.first(where: { passive[$0].node == contact.node }) {
      passive.remove(at: known)
    }
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
  case disconnect(LinkID, successor: Contact?)
  case shuffle(LinkID, Shuffle)
  case shuffleReply(LinkID, Shuffle)
  /// Open a link and ask to be neighbours.
  case reach(Contact, NeighbourRequest.Reason)
}
