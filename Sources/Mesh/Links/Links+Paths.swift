import Keys
package import Wire

// Several ways to one node. A session belongs to no path: what is sealed under its keys counts
// wherever it comes from. PROBE asks along a way that is not in use whether it carries both ways;
// neither it nor its answer moves the session, so nothing breaks before something else works.

extension Links {
  /// Another way to a node, for an open link or one that is being opened: `isTunnel` when it is a
  /// local socket with a stream behind it, which is used only while nothing else works.
  package mutating func learn(
    path: Endpoint, isTunnel: Bool, to node: NodeID, at now: Instant, into effects: inout Effects
  ) {
    if isTunnel { detours.opened(path, at: now) }
    if let session = table[node] {
      if session.paths.isEmpty { session.paths.learn(session.endpoint, isTunnel: false) }
      session.paths.learn(path, isTunnel: isTunnel)
      return session.touch()
    }
    guard let dial = dials.first(where: { $0.contact.node == node }) else { return }
    if isTunnel {
      guard dial.detour == nil else { return }
      dial.detour = path
    } else {
      guard path.isDiallable, dial.learn(path) else { return }
    }
    sendHello(dial, to: [path], at: now, into: &effects)
  }

  /// A way is no more.
  package mutating func forget(path: Endpoint, at now: Instant, into effects: inout Effects) {
    detours.closed(path)
    for dial in dials where dial.detour == path { dial.detour = nil }
    for session in table.all where session.paths.forget(path) && session.endpoint == path {
      session.touch()
      if let other = session.paths.best { take(session, other, at: now) }
    }
  }

  /// Nothing comes by the way in use, as far as the owner can tell: the others are asked.
  package mutating func doubt(_ link: LinkID, at now: Instant, into effects: inout Effects) {
    guard let session = table[link], session.standing == .current, session.paths.hasOther else {
      return
    }
    ping(session, at: now)
    probe(session, session.paths.others(than: session.endpoint, at: now), at: now, &effects)
  }

  /// A stream to a node would be of use.
  package mutating func wantTunnel(
    _ address: TunnelAddress, to node: NodeID, into effects: inout Effects
  ) {
    effects.tunnels.append(
      TunnelWish(node: node, address: address, isNamed: detours.isNamed(node)))
  }

  /// Gives up the streams that were of no use for a while: no link and no dial uses them, and they
  /// are not kept ready for one of `kept`.
  package mutating func tidyPaths(
    keepingReady kept: [LinkID], at now: Instant, into effects: inout Effects
  ) {
    for path in detours.open {
      let isUsed =
        dials.contains { $0.detour == path }
        || table.all.contains { session in
          session.standing == .current && session.paths.isTunnel(path)
            && (session.endpoint == path || kept.contains(session.id))
        }
      if isUsed { detours.used(path, at: now) }
    }
    effects.unneeded += detours.unused(at: now, for: settings.idleTunnel)
  }

  /// Whether a second way is ready.
  package func hasTunnel(_ link: LinkID) -> Bool { table[link]?.paths.hasTunnel ?? false }

  /// What time brings about.
  mutating func tickPaths(_ session: Session, at now: Instant, into effects: inout Effects) {
    if let path = session.paths.decide(inUse: session.endpoint, at: now) {
      take(session, path, at: now)
    }
    let asked = session.paths.returning(from: session.endpoint, at: now, settings)
    probe(session, asked, at: now, &effects)
  }

  /// True when the datagram was about a way and about nothing else.
  mutating func receivedProbe(
    _ session: Session, from source: Endpoint, at now: Instant, into effects: inout Effects
  ) -> Bool {
    guard let type = plain.first, type == RecordType.probe || type == RecordType.probeAnswer,
      session.standing == .current, Record.parse(plain, into: &records), records.count == 1,
      records[0].count == 4
    else { return false }
    let token = UInt32(truncatingIfNeeded: plain.integer(at: records[0].start, bytes: 4))
    records.removeAll(keepingCapacity: true)
    if type == RecordType.probe {
      say(RecordType.probeAnswer, token, session, to: source, &effects)
    } else {
      session.paths.answered(token, from: source, at: now)
      tickPaths(session, at: now, into: &effects)
      session.touch()
      if let due = session.paths.due { schedule(due, .keepAlive) }
    }
    return true
  }

  private mutating func probe(
    _ session: Session, _ paths: [Endpoint], at now: Instant, _ effects: inout Effects
  ) {
    for path in paths {
      let token = UInt32(truncatingIfNeeded: entropy.next())
      session.paths.asked(path, token, at: now)
      say(RecordType.probe, token, session, to: path, &effects)
    }
    if !paths.isEmpty { session.touch() }
  }

  private func say(
    _ type: UInt8, _ token: UInt32, _ session: Session, to path: Endpoint,
    _ effects: inout Effects
  ) {
    let start = session.begin(&effects.outbox)
    effects.outbox.bytes.appendRecordHeader(type, count: 4)
    effects.outbox.bytes.appendInteger(UInt64(token), bytes: 4)
    session.finish(&effects.outbox, from: start, to: path)
  }

  /// It answered on this way: it is used from now on, and the peer follows what comes by it.
  private mutating func take(_ session: Session, _ path: Endpoint, at now: Instant) {
    guard session.endpoint != path else { return }
    session.endpoint = path
    session.proven = path
    session.reflected = nil
    session.path.forgetPings()
    ping(session, at: now)
    events.append(.roamed(session.id))
  }
}
