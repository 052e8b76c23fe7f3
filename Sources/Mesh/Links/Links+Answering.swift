import Keys
import Wire

// The answering half of a handshake. Up to message 3 nothing is known of the other side, so
// everything here is silent, bounded, and in order of cost: size, mask, mac1, memory, cookie, rate,
// one multiplication, and only then an answer that is no longer than the question.

extension Links {
  mutating func receiveHandshake(
    _ datagram: Span<UInt8>, from source: Endpoint, at now: Instant, into effects: inout Effects
  ) -> Bool {
    let longest = LinkSpec.message1 + LinkSpec.padding.upperBound
    guard (LinkSpec.cookie...longest).contains(datagram.count) else { return false }
    if datagram.count >= LinkSpec.message3,
      let body = HandshakeMask.unmask(datagram, key: own.mask)
    {
      if let hello = HandshakeDatagram.Hello(body, macKey: own.mac) {
        greeted(hello, body, from: source, at: now, into: &effects)
        return true
      }
      if body[0] == HandshakeDatagram.Kind.confirm,
        confirmArrived(body, from: source, at: now, into: &effects)
      {
        return true
      }
    }
    return !dials.isEmpty && receiveAnswer(datagram, from: source, at: now, into: &effects)
  }

  /// Message 1 with a right mac1: from somebody who knows our address.
  private mutating func greeted(
    _ hello: HandshakeDatagram.Hello, _ body: [UInt8], from source: Endpoint, at now: Instant,
    into effects: inout Effects
  ) {
    let isLoaded = reception.isLoaded(at: now)
    guard !reception.memory.knows(hello.ephemeral) else {
      effects.notes.append(.drop(.staleHandshake))
      return
    }
    if hello.mac2 != .zero {
      guard
        reception.cookies.isProven(body, mac2: hello.mac2, by: source, at: now, &entropy)
      else {
        effects.notes.append(.drop(.notForUs))
        return
      }
    } else if isLoaded {
      effects.notes.append(.drop(.cookieWanted))
      let cookie = reception.cookies.make(for: source, at: now, &entropy)
      let answer = HandshakeDatagram.cookie(
        to: hello.index, cookie, key: own.cookie, mac1: hello.mac1,
        nonce: Nonce24(random: &entropy))
      sendMasked(answer, mask: own.mask, to: source, into: &effects)
      return
    }
    guard reception.sources.allows(source.source, at: now) else {
      effects.notes.append(.drop(.rateLimited))
      return
    }
    guard hasRoom() || !spare.isEmpty else {
      effects.notes.append(.drop(.tooManySessions))
      return
    }
    if !answer(hello, size: body.count, to: source, at: now, into: &effects) {
      effects.notes.append(.drop(.staleHandshake))
    }
  }

  /// Message 2, if message 1 can be opened and is of our time.
  private mutating func answer(
    _ hello: HandshakeDatagram.Hello, size: Int, to source: Endpoint, at now: Instant,
    into effects: inout Effects
  ) -> Bool {
    guard let pair = try? node.copy(), let ephemeral = try? AgreementPair(random: &entropy),
      var noise = try? NoiseHandshake(
        pattern: .xkpsk3, role: .responder, prologue: Self.prologue,
        psks: [own.presharedKey], staticPair: pair, ephemeral: ephemeral),
      let payload = try? noise.readMessage(hello.noise),
      let time = HandshakePayload.readHello(payload), isOfOurTime(time, now)
    else { return false }
    // The message counts as seen only now: junk in it must not push out what was seen.
    let name = HelloMemory.name(hello.ephemeral)
    reception.memory.remember(name)
    effects.answered.append(name)
    if headerKeys.changeDue == nil { headerKeys.rotate(at: now, &entropy) }
    let room = LinkSpec.maskNonce + size - LinkSpec.message2
    var reply = HandshakePayload.answer(
      time: now.milliseconds, headerKey: headerKeys.current, seen: source,
      padding: entropy.below(room + 1))
    defer { Sodium.wipe(&reply) }
    guard let message = try? noise.writeMessage(payload: reply),
      let index = table.reserve(&entropy)
    else { return false }
    let halfOpen = HalfOpen(
      index: index, theirIndex: hello.index, time: time, source: source, answeredAt: now,
      noise: consume noise)
    reception.add(halfOpen, &table)
    schedule(now.advanced(by: settings.halfOpenLife), .handshake)
    let body = HandshakeDatagram.answer(index: index, to: hello.index, noise: message)
    sendMasked(body, mask: own.mask, to: source, into: &effects)
    return true
  }

  /// Message 3: the dialler says who it is.
  ///
  /// Only from here on anything but the handshake changes.
  private mutating func confirmArrived(
    _ body: [UInt8], from source: Endpoint, at now: Instant, into effects: inout Effects
  ) -> Bool {
    let index = UInt32(truncatingIfNeeded: body.integer(at: 1, bytes: 4))
    guard let answer = reception[index], var noise = answer.noise.take() else {
      // A repetition, most likely: the session is there already.
      return table[index: index] != nil
    }
    guard var payload = try? noise.readMessage(body.span.extracting(5..<body.count)) else {
      answer.noise = consume noise
      return false
    }
    defer { Sodium.wipe(&payload) }
    reception.remove(index)
    guard let dialler = noise.remoteStatic,
      let theirHeaderKey = HandshakePayload.readConfirm(payload),
      admits(dialler, time: answer.time, at: now, into: &effects)
    else {
      table.release(index)
      effects.notes.append(.drop(.staleHandshake))
      return true
    }
    let transcript = noise.handshakeHash
    guard let keys = try? noise.split(),
      let headerKey = try? Secret(theirHeaderKey)
    else {
      table.release(index)
      return true
    }
    let birth = Session.Birth(
      id: table.nextID(index: index), node: dialler, dialled: nil, transcript: transcript,
      index: index, theirIndex: answer.theirIndex, endpoint: source,
      proven: answer.source, now: now)
    guard
      let session = try? Session(birth, keys: keys, headerKey: headerKey, settings: settings)
    else {
      table.release(index)
      return true
    }
    session.confirmedAt = now
    session.path.measured(now - answer.answeredAt)
    let isStranger = !isAcquainted(answer.source, at: now) && !isAcquainted(source, at: now)
    install(session, at: now, into: &effects)
    if isStranger { events.append(.called(session.id)) }
    return true
  }

  /// A router may have let it in because we wrote there, and on one cable there is none.
  private func isAcquainted(_ source: Endpoint, at now: Instant) -> Bool {
    source.isPrivate || acquaintances.contains(source, at: now)
      || table.all.contains { $0.endpoint.address == source.address }
  }

  /// Whether a finished handshake with `dialler` becomes a link.
  private mutating func admits(
    _ dialler: NodeID, time: UInt64, at now: Instant, into effects: inout Effects
  ) -> Bool {
    guard dialler != id, !refusals.refuses(dialler, at: now),
      reception.memory.advances(dialler, to: time)
    else { return false }
    guard let existing = table[dialler] else { return makesRoom(at: now, into: &effects) }
    return !outlasts(existing, at: now)
  }

  /// Room for one more link, if need be by closing one that nobody needed when it was last looked.
  ///
  /// Who fills all links with nodes of its own that say nothing pushes out itself.
  mutating func makesRoom(at now: Instant, into effects: inout Effects) -> Bool {
    while !hasRoom() {
      guard let link = spare.popFirst() else { return false }
      close(link, reason: CloseReason.leaving, at: now, into: &effects)
    }
    return true
  }

  /// Nearly all links there may be are there.
  package var isCrowded: Bool { table.all.count * 4 > most * 3 }

  /// Links that were closed are forgotten early when their room is needed.
  mutating func hasRoom() -> Bool {
    while table.all.count + dials.count >= most {
      guard let closed = table.oldestClosed else { return false }
      table.remove(closed)
    }
    return true
  }

  private func isOfOurTime(_ time: UInt64, _ now: Instant) -> Bool {
    let own = now.milliseconds
    let difference = own > time ? own - time : time - own
    return difference <= UInt64(settings.clockTolerance.milliseconds)
  }
}
