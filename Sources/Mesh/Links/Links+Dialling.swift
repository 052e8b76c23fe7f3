import Keys
package import Wire

// The dialler's half of a handshake: message 1 out, a cookie or message 2 in, message 3 out.

extension Links {
  /// Opens a link to a node, unless there is one or one is being opened.
  ///
  /// Ends in ``LinkEvent/up(_:_:dialled:)`` or ``LinkEvent/failed(_:)``, at once when the node did
  /// not answer a moment ago.
  package mutating func dial(
    _ contact: Contact, at now: Instant, into effects: inout Effects
  ) {
    let node = contact.node
    guard table[node] == nil else { return }
    var contact = contact
    contact.endpoints = contact.endpoints.filter(\.isDiallable)
    if let running = dials.first(where: { $0.contact.node == node }) {
      return adopt(running, contact, at: now, into: &effects)
    }
    guard
      node != id, !contact.endpoints.isEmpty || contact.tunnel != nil, dials.count < settings.dials,
      redials.until(node).map({ $0 <= now }) ?? true,
      makesRoom(at: now, into: &effects), !refusals.refuses(node, at: now),
      let index = table.reserve(&entropy)
    else {
      effects.notes.append(.handshakeFailed)
      events.append(.failed(node))
      return
    }
    let dial = Dial(contact: contact, index: index, isFavour: false, at: now)
    if contact.tunnel != nil {
      dial.detourDue = contact.endpoints.isEmpty ? now : now + settings.tunnelHeadStart
    }
    begin(dial, at: now, into: &effects)
  }

  mutating func begin(_ dial: Dial, at now: Instant, into effects: inout Effects) {
    dials.append(dial)
    if headerKeys.changeDue == nil { headerKeys.rotate(at: now, &entropy) }
    attempt(dial, at: now, into: &effects)
    askForDetour(dial, at: now, into: &effects)
    schedule(dial.nextDue, .dialling)
  }

  private mutating func askForDetour(_ dial: Dial, at now: Instant, into effects: inout Effects) {
    guard let tunnel = dial.contact.tunnel, let due = dial.detourDue, due <= now else { return }
    dial.detourDue = nil
    wantTunnel(tunnel, to: dial.contact.node, into: &effects)
  }

  /// When a node that did not answer may be dialled again; nil for now.
  package func redial(of node: NodeID) -> Instant? { redials.until(node) }

  /// The person asks: earlier dials in vain do not count.
  package mutating func forgive(_ node: NodeID) {
    redials.forget(node)
    detours.name(node)
  }

  mutating func retryDials(at now: Instant, into effects: inout Effects) {
    repeatHellos(at: now, into: &effects)
    for dial in dials { askForDetour(dial, at: now, into: &effects) }
    for dial in dials where dial.due <= now {
      if dial.isFavour {
        forgetDial(to: dial.contact.node)
      } else if dial.attempt <= settings.dialPauses.count, now - dial.began < settings.dialLimit {
        attempt(dial, at: now, into: &effects)
      } else {
        forgetDial(to: dial.contact.node)
        redials.failed(dial.contact.node, at: now, &entropy)
        effects.notes.append(.handshakeFailed)
        events.append(.failed(dial.contact.node))
      }
    }
  }

  mutating func forgetDial(to node: NodeID) {
    guard let position = dials.firstIndex(where: { $0.contact.node == node }) else { return }
    table.release(dials[position].index)
    dials.remove(at: position)
  }

  /// Message 1 with a new ephemeral key and a later time, to all the contact's endpoints at once.
  private mutating func attempt(
    _ dial: Dial, at now: Instant, into effects: inout Effects
  ) {
    let pauses = settings.dialPauses
    dial.due =
      dial.attempt < pauses.count
      ? now.advanced(by: pauses[dial.attempt]) : dial.began.advanced(by: settings.dialLimit)
    dial.attempt += 1
    dial.sentAt = now
    dial.cookied = []
    schedule(dial.due, .dialling)
    let payload = HandshakePayload.hello(
      time: reception.nextTime(at: now), padding: padding())
    do {
      var noise = try NoiseHandshake(
        pattern: .xkpsk3, role: .initiator, prologue: Self.prologue,
        psks: [dial.keys.presharedKey], staticPair: try node.copy(),
        remoteStatic: dial.contact.node, ephemeral: try AgreementPair(random: &entropy))
      let message = try noise.writeMessage(payload: payload)
      dial.hello = HandshakeDatagram.hello(
        index: dial.index, noise: message, macKey: dial.keys.mac)
      dial.noise = consume noise
    } catch {
      // A key on which no agreement is possible, or no memory for secrets: the dial runs out.
      dial.hello = []
      dial.noise = nil
      return
    }
    sendHello(dial, to: dial.places, at: now, into: &effects)
  }

  mutating func sendHello(
    _ dial: Dial, to places: [Endpoint], at now: Instant, into effects: inout Effects
  ) {
    guard !dial.hello.isEmpty else { return }
    for place in places {
      acquaintances.wrote(to: place, at: now)
      sendMasked(dial.hello, mask: dial.keys.mask, to: place, into: &effects)
    }
  }

  /// Whether the datagram was an answer to one of our dials.
  ///
  /// The source need not be where we dialled: a host with several addresses may answer from
  /// another.
  mutating func receiveAnswer(
    _ datagram: Span<UInt8>, from source: Endpoint, at now: Instant, into effects: inout Effects
  ) -> Bool {
    guard datagram.count <= LinkSpec.message1 + LinkSpec.padding.upperBound else { return false }
    for dial in dials {
      guard
        let body = HandshakeMask.unmask(datagram, key: dial.keys.mask), body.count >= 9
      else { continue }
      switch body[0] {
      case HandshakeDatagram.Kind.answer
      where body.integer(at: 5, bytes: 4) == UInt64(dial.index):
        return answered(dial, body, from: source, at: now, into: &effects)
      case HandshakeDatagram.Kind.cookie
      where body.integer(at: 1, bytes: 4) == UInt64(dial.index):
        return cookieArrived(dial, body, from: source, into: &effects)
      default: continue
      }
    }
    return false
  }

  /// The same message 1, now with proof of our address: once per attempt and endpoint, and only
  /// where we dialled, so that nobody makes us send to strangers.
  private mutating func cookieArrived(
    _ dial: Dial, _ body: [UInt8], from source: Endpoint, into effects: inout Effects
  ) -> Bool {
    guard
      !dial.hello.isEmpty, !dial.cookied.contains(source),
      dial.places.contains(source),
      let cookie = HandshakeDatagram.openCookie(body, key: dial.keys.cookie, mac1: dial.mac1)
    else { return false }
    dial.cookied.append(source)
    sendMasked(
      HandshakeDatagram.proven(dial.hello, cookie: cookie), mask: dial.keys.mask, to: source,
      into: &effects)
    return true
  }

  /// Message 2 shows that the responder is who we dialled, so the link is up.
  ///
  /// Message 3 is repeated until the peer shows that it knows us too.
  private mutating func answered(
    _ dial: Dial, _ body: [UInt8], from source: Endpoint, at now: Instant,
    into effects: inout Effects
  ) -> Bool {
    guard var noise = dial.noise.take() else { return false }
    guard
      var payload = try? noise.readMessage(body.span.extracting(9..<body.count)),
      let (theirHeaderKey, seen) = HandshakePayload.readAnswer(payload)
    else {
      // A forgery from the side leaves the handshake as it was.
      if noise.isOurTurn { return false }
      dial.noise = consume noise
      return false
    }
    Sodium.wipe(&payload)
    var last = HandshakePayload.confirm(headerKey: headerKeys.current, padding: padding())
    defer { Sodium.wipe(&last) }
    let session: Session
    let message: [UInt8]
    do {
      message = try noise.writeMessage(payload: last)
      let transcript = noise.handshakeHash
      let birth = Session.Birth(
        id: table.nextID(index: dial.index), node: dial.contact.node,
        dialled: dial.found(at: source),
        transcript: transcript, index: dial.index,
        theirIndex: UInt32(truncatingIfNeeded: body.integer(at: 1, bytes: 4)),
        endpoint: source, proven: source, now: now)
      session = try Session(
        birth, keys: try noise.split(), headerKey: try Secret(theirHeaderKey),
        settings: settings)
    } catch {
      return false
    }
    dials.removeAll { $0 === dial }
    let confirmation = HandshakeDatagram.confirm(to: session.theirIndex, noise: message)
    sendMasked(confirmation, mask: dial.keys.mask, to: source, into: &effects)
    session.confirmation = Session.Confirmation(
      body: confirmation, mask: dial.keys.mask, pause: settings.confirmPause,
      due: now.advanced(by: settings.confirmPause))
    session.path.measured(now - dial.sentAt)
    schedule(now.advanced(by: settings.confirmPause), .handshake)
    install(session, at: now, into: &effects)
    if let detour = dial.detour {
      let direct = source == detour ? dial.contact.endpoints.first : source
      if let direct { session.paths.learn(direct, isTunnel: false) }
      session.paths.learn(detour, isTunnel: true)
    }
    reflected(seen, by: session)
    return true
  }

  mutating func padding() -> Int {
    LinkSpec.padding.lowerBound + entropy.below(LinkSpec.padding.count)
  }

  /// Appends `body` to the outbox under a fresh nonce.
  mutating func sendMasked(
    _ body: [UInt8], mask: Bytes32, to target: Endpoint, into effects: inout Effects
  ) {
    let start = effects.outbox.bytes.count
    let nonce = Nonce24(random: &entropy)
    for word in [nonce.high.high, nonce.high.low, nonce.low] {
      effects.outbox.bytes.appendInteger(word, bytes: 8)
    }
    effects.outbox.bytes.append(contentsOf: body)
    HandshakeMask.apply(key: mask, to: &effects.outbox.bytes, from: start)
    effects.outbox.finish(from: start, to: target)
  }

  static var prologue: [UInt8] { Array("VR1-link".utf8) + [LinkSpec.transportUDP] }
}

extension [Endpoint] {
  /// With `first` in front.
  func led(by first: Endpoint) -> [Endpoint] { [first] + filter { $0 != first } }
}
