import Mesh
import Wire

/// A datagram's way from one node to another.
extension World {
  /// - Parameter forwarding: they came of a frame that arrived: what a hostile relay withholds.
  func sendAll(from resident: Resident, forwarding: Bool) {
    let outbox = effects.outbox
    for datagram in outbox.datagrams {
      var extra: Int64 = 0
      if !resident.isHonest {
        guard let delay = delay(by: resident, forwarding: forwarding) else { continue }
        extra = delay
        remember(outbox.bytes, datagram, resident)
      }
      send(
        outbox.bytes, datagram.start, datagram.count, from: resident, to: datagram.target,
        extra: extra)
    }
  }

  func send(
    _ bytes: [UInt8], _ start: Int, _ count: Int, from resident: Resident, to target: Endpoint,
    extra: Int64 = 0
  ) {
    trace.mix(UInt64(bytes[start]) << 16 | UInt64(count))
    if isMeasuring { checks.sent(count) }
    guard let left = uplinks[resident.home].send(count, at: now, measured: isMeasuring) else {
      return
    }
    let group = topology.groups[resident.group]
    guard group.portsAllowed.isEmpty || group.portsAllowed.contains(target.port) else { return }
    var source = resident.address
    if resident.box != nil {
      let port = resident.box?.leave(to: target, at: now) ?? 0
      source = Endpoint(address: source.address, port: port)
    }
    guard let index = index(at: target) else {
      if censor?.isProbe(target) == true {
        checks.probesAnswered += 1
        trace.note("node \(resident.index) sends \(count) bytes to the prober", at: now)
      }
      return
    }
    let other = residents[index]
    guard isOpen(resident, other) else { return }
    // In place: a copy of all flows for each datagram took most of the time of censored worlds.
    let passes = censor?.judge(
      resident, other, source: source, target: target, bytes, start, count, at: now)
    guard passes != false else { return }
    guard !weather.loses(resident.index, index, at: now, &chance) else { return }
    let envelope = DatagramPool.Envelope(
      sender: Int32(resident.index), source: source, port: target.port)
    let base = left + extra + weather.delay(resident.index, index) + slowness(resident, other)
    let copies = weather.duplicates(&chance) ? 2 : 1
    for _ in 0..<copies {
      let slot = pool.keep(bytes, start, count, envelope)
      queue.plan(.arrival, at: base + weather.jitter(&chance), index, slot)
    }
  }

  /// Which node an address leads to; nil for one outside the world.
  func index(at target: Endpoint) -> Int? {
    guard let ipv4 = target.ipv4, ipv4 >= World.firstAddress else { return nil }
    let offset = ipv4 - World.firstAddress
    guard offset % World.addressStep == 0 else { return nil }
    let index = Int(offset / World.addressStep)
    return index < residents.count ? index : nil
  }

  static func address(of index: Int, port: UInt16) -> Endpoint {
    Endpoint(ipv4: firstAddress + UInt32(index) * addressStep, port: port)
  }

  /// At the far end: the router, and the port the node listens on.
  func accepts(_ resident: Resident, _ slot: Int) -> Bool {
    let envelope = pool.envelopes[slot]
    guard let box = resident.box else { return envelope.port == resident.address.port }
    return box.admits(envelope.source, to: envelope.port, at: now)
  }

  private func isOpen(_ from: Resident, _ to: Resident) -> Bool {
    if partitions > 0, from.side != to.side { return false }
    for block in blocks
    where block.from ?? from.group == from.group && block.to ?? to.group == to.group {
      return false
    }
    return !isLostToCongestion(from) && !isLostToCongestion(to)
  }

  /// All flows of a home suffer at once: a tenth of a second is lost, or none of it.
  private func isLostToCongestion(_ resident: Resident) -> Bool {
    guard let congestion = resident.congestion, congestion.lossPermille > 0 else { return false }
    let slice = UInt64(now / 100_000_000)
    return Chance.mix(seed, UInt64(resident.index), slice) % 1_000
      < UInt64(congestion.lossPermille)
  }

  private func slowness(_ from: Resident, _ to: Resident) -> Int64 {
    (from.congestion?.delay ?? 0) + (to.congestion?.delay ?? 0)
  }

  private static let firstAddress: UInt32 = 0x1400_0001
  /// A prime, so that neighbours in number are no neighbours in address.
  private static let addressStep: UInt32 = 7_919
}
