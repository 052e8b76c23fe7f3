import Wire

/// Somebody on the way who may look at, hold up and make up datagrams, but has no key.
struct Censor {
  private struct Flow {
    var datagrams = 0
    var freeAt: Int64 = 0
  }

  /// A datagram that went by.
  struct Sighting {
    var bytes: [UInt8]
    let source: Endpoint
    let target: Endpoint
    let sender: Int
    let at: Int64
  }

  private let rules: Topology.Censorship
  private let group: Int?
  private let other: Int?
  private var flows: [UInt64: Flow] = [:]
  private var seen: [Sighting] = []
  private var chance: Chance
  private(set) var dropped = 0

  /// Outside of all nodes' addresses.
  static let address = Endpoint(ipv4: 0x0808_0808, port: 443)

  init(_ rules: Topology.Censorship, groups: [String], seed: UInt64) {
    self.rules = rules
    group = rules.group.flatMap { groups.firstIndex(of: $0) }
    other = rules.other.flatMap { groups.firstIndex(of: $0) }
    chance = Chance(seed ^ 0xCE50)
  }

  func isProbe(_ target: Endpoint) -> Bool { target.address == Censor.address.address }

  /// Whether a flow between members of two groups passes its boxes.
  func minds(_ from: Int, _ to: Int) -> Bool {
    guard let group else { return true }
    guard from == group || to == group else { return false }
    let far = from == group ? to : from
    if let other { return far == other }
    return !rules.isBorder || far != group
  }

  var ratePerSecond: (inject: Int, probe: Int) { (rules.injectRate, rules.probeRate) }
  var end: Int64 { rules.to }

  /// Whether a datagram may pass.
  mutating func judge(
    _ from: Resident, _ to: Resident, source: Endpoint, target: Endpoint, _ bytes: [UInt8],
    _ start: Int, _ count: Int, at now: Int64
  ) -> Bool {
    guard now >= rules.from, now < rules.to, minds(from.group, to.group) else { return true }
    if seen.count < Self.remembered || chance.below(1_000) == 0 {
      let sighting = Sighting(
        bytes: Array(bytes[start..<start + count]), source: source, target: target,
        sender: from.index, at: now)
      if seen.count < Self.remembered {
        seen.append(sighting)
      } else {
        seen[chance.below(Self.remembered)] = sighting
      }
    }
    var passes = !rules.portsBlocked.contains(target.port)
    if rules.freezeAfter != nil || rules.throttle != nil {
      let name = Chance.mix(
        source.address.low, UInt64(source.port), target.address.low, UInt64(target.port))
      var flow = flows[name] ?? Flow()
      flow.datagrams += 1
      if let limit = rules.freezeAfter, flow.datagrams > limit { passes = false }
      if passes, let bits = rules.throttle {
        flow.freeAt = max(flow.freeAt, now) + Int64(count) * 8_000_000_000 / Int64(bits)
        passes = flow.freeAt - now < 200_000_000
        if !passes { flow.freeAt -= Int64(count) * 8_000_000_000 / Int64(bits) }
      }
      flows[name] = flow
    }
    if !passes { dropped += 1 }
    return passes
  }

  /// Something a censor would send to find out what answers, or to disturb: noise, what went by, or
  /// that with a bit turned over or its end cut off. Nil while nothing went by, or not long enough
  /// ago.
  mutating func madeUp(atMost moment: Int64) -> Sighting? {
    guard !seen.isEmpty else { return nil }
    var made = seen[chance.below(seen.count)]
    guard made.at <= moment else { return nil }
    switch chance.below(4) {
    case 0:
      made.bytes = (0..<(1 + chance.below(1_200))).map { _ in
        UInt8(truncatingIfNeeded: chance.next())
      }
    case 1: break
    case 2: made.bytes[chance.below(made.bytes.count)] ^= 1 << UInt8(chance.below(8))
    default: made.bytes.removeLast(chance.below(made.bytes.count))
    }
    return made
  }

  private static let remembered = 256
  /// The quickest replay that was seen in China came after 0.28 s, the median probe after 0.55 s.
  static let probeDelay: Int64 = 280_000_000
}

extension World {
  /// Every tenth of a second: inject into links that exist, and probe nodes from outside.
  func censorActs() {
    guard var censor, now < censor.end else { return }
    queue.plan(.mischief, at: now + 100_000_000, -1)
    let rate = censor.ratePerSecond
    for _ in 0..<(rate.inject + 9) / 10 {
      guard let made = censor.madeUp(atMost: now) else { continue }
      place(made, from: made.source, sender: made.sender)
    }
    for _ in 0..<(rate.probe + 9) / 10 {
      guard let made = censor.madeUp(atMost: now - Censor.probeDelay) else { continue }
      place(made, from: Censor.address, sender: -1)
    }
    self.censor = censor
  }

  private func place(_ made: Censor.Sighting, from source: Endpoint, sender: Int) {
    guard let index = index(at: made.target), residents[index].isAlive, !made.bytes.isEmpty else {
      return
    }
    let envelope = DatagramPool.Envelope(
      sender: Int32(sender), source: source, port: made.target.port)
    let slot = pool.keep(made.bytes, 0, made.bytes.count, envelope)
    trace.detail(
      "to node \(index) go \(made.bytes.count) bytes like those of node \(made.sender) at "
        + Trace.seconds(made.at), at: now)
    queue.plan(.arrival, at: now + 20_000_000, index, slot)
  }
}
