import OrderedCollections
import Wire

/// The room's overlay: translates what it decides into messages.
extension Room {
  func received(_ request: NeighbourRequest, from link: LinkID, _ ctx: inout Context) {
    var actions: [OverlayAction] = []
    overlay.received(
      request, from: link, contact: contact(on: link, &ctx), entropy: &ctx.entropy,
      actions: &actions)
    perform(actions, &ctx)
  }

  func received(_ reply: NeighbourReply, from link: LinkID, _ ctx: inout Context) {
    guard let peer = links[link] else { return }
    var actions: [OverlayAction] = []
    let isAnswer = overlay.received(
      reply, from: link, contact: contact(on: link, &ctx), node: peer.node, at: ctx.now,
      entropy: &ctx.entropy, actions: &actions)
    if !isAnswer { ctx.drop(.badShuffle) }
    perform(actions, &ctx)
  }

  func received(_ walk: ForwardJoin, from link: LinkID, _ ctx: inout Context) {
    let known = ctx.links.link(to: walk.contact.node)
    var actions: [OverlayAction] = []
    overlay.received(
      walk, from: link, me: ctx.contact.node, known: known, at: ctx.now, entropy: &ctx.entropy,
      actions: &actions)
    perform(actions, &ctx)
  }

  func received(_ disconnect: Disconnect, from link: LinkID, _ ctx: inout Context) {
    var actions: [OverlayAction] = []
    overlay.disconnected(
      link, contact: contact(on: link, &ctx), successor: disconnect.successor,
      me: ctx.contact.node, at: ctx.now, entropy: &ctx.entropy, actions: &actions)
    perform(actions, &ctx)
  }

  func tickOverlay(_ ctx: inout Context) {
    if isMember, roster.count > 1, overlay.isStranded(at: ctx.now) {
      let some = roster.sample(ctx.settings.overlay.urgentRequests + 1, entropy: &ctx.entropy)
      overlay.rescue(
        some.map(\.introduction.contact), except: ctx.contact.node, at: ctx.now,
        entropy: &ctx.entropy)
    }
    guard overlay.isDue(at: ctx.now) else { return overlay.forgetOld(at: ctx.now) }
    var actions: [OverlayAction] = []
    let me = ctx.contact
    let linked = links
    // Where all are linked with all, a walk would only go round among them.
    let near = isSmall(ctx.settings) ? OrderedSet(links.values.map(\.node)) : []
    overlay.tick(
      at: ctx.now, me: me, node: { linked[$0]?.node },
      contact: { link in
        linked[link].flatMap { self.roster[$0.session]?.introduction.contact }
      },
      isNear: near.contains,
      entropy: &ctx.entropy, actions: &actions)
    perform(actions, &ctx)
  }

  private func contact(on link: LinkID, _ ctx: inout Context) -> Contact? {
    guard let peer = links[link] else { return nil }
    if let known = roster[peer.session] { return known.introduction.contact }
    if let told = ctx.links.contact(of: link) { return told }
    return ctx.links.endpoint(of: link).map { Contact(node: peer.node, endpoints: [$0]) }
  }

  private func perform(_ actions: [OverlayAction], _ ctx: inout Context) {
    for action in actions {
      switch action {
      case .forward(let link, let walk):
        send(.forwardJoin, to: link, &ctx) { walk.encoded(tag: $0) }
      case .reply(let link, let accepted):
        send(.neighbourReply, to: link, &ctx) {
          NeighbourReply(accepted: accepted).encoded(tag: $0)
        }
      case .disconnect(let link, let successor):
        let message = Disconnect(successor: successor)
        send(.disconnect, to: link, &ctx) { message.encoded(tag: $0) }
        if let contact = contact(on: link, &ctx) {
          overlay.learn([contact], except: ctx.contact.node, entropy: &ctx.entropy)
        }
      case .shuffle, .shuffleReply: break
      case .reach(let contact, let reason):
        reach(contact, for: reason == .alone ? [.neighbour, .alone] : .neighbour, &ctx)
      }
    }
  }
}
