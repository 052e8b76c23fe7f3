import Wire

/// Somebody on the way who may look at, hold up and make up datagrams, but has no key.
struct Censor {
  private struct Flow {
    var datagrams = 0
    var freeAt: Int64 = 0
  }

  private let rules: Topology.Censorship
  private let group: Int?
  private var flows: [UInt64: Flow] = [:]
  private var seen: [[UInt8]] = []
  private var chance: Chance
  private(set) var dropped = 0

  /// Outside of all nodes' addresses.
  static let address = Endpoint(ipv4: 0x0808_0808, port: 443)

  init(_ rules: Topology.Censorship, groups: [String], seed: UInt64) {
    self.rules = rules
    group = rules.group.flatMap { groups.firstIndex(of: $0) }
    chance = Chance(seed ^ 0xCE50)
  }

  func isProbe(_ target: Endpoint) -> Bool { target.address == Censor.address.address }

  func minds(_ resident: Resident) -> Bool { group.map { $0 == resident.group } ?? true }

  var ratePerSecond: (inject: Int, probe: Int) { (rules.injectRate, rules.probeRate) }
  var end: Int64 { rules.to }

  /// Whether a datagram may pass.
  mutating func judge(
    _ from: Resident, _ to: Resident, source: Endpoint, target: Endpoint, _ bytes: [UInt8],
    _ start: Int, _ count: Int, at now: Int64
  ) -> Bool {
    guard now >= rules.from, now < rules.to, minds(from) || minds(to) else { return true }
    if seen.count < 64 || chance.below(1_000) == 0 { learn(Array(bytes[start..<start + count])) }
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

  private mutating func learn(_ bytes: [UInt8]) {
    if seen.count < 64 { seen.append(bytes) } else { seen[chance.below(64)] = bytes }
  }

  /// Something a censor would send to find out what answers: noise, what it saw before, or that
  /// with a bit turned over or its end cut off.
  mutating func madeUp() -> [UInt8] {
    let kind = chance.below(4)
    if kind == 0 || seen.isEmpty {
      return (0..<(1 + chance.below(1_200))).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
    }
    var bytes = seen[chance.below(seen.count)]
    switch kind {
    case 1: break
    case 2: bytes[chance.below(bytes.count)] ^= 1 << UInt8(chance.below(8))
    default: bytes.removeLast(chance.below(bytes.count))
    }
    return bytes
  }
}

extension World {
  /// Every tenth of a second: inject into links that exist, and probe nodes from outside.
  func censorActs() {
    guard var censor, now < censor.end else { return }
    queue.plan(.mischief, at: now + 100_000_000, -1)
    let rate = censor.ratePerSecond
    for _ in 0..<(rate.inject + 9) / 10 {
      let from = residents[chance.below(residents.count)]
      place(censor.madeUp(), from: from.address, sender: from.index)
    }
    for _ in 0..<(rate.probe + 9) / 10 {
      place(censor.madeUp(), from: Censor.address, sender: -1)
    }
    self.censor = censor
  }

  private func place(_ bytes: [UInt8], from source: Endpoint, sender: Int) {
    let target = residents[chance.below(residents.count)]
    guard target.isAlive, target.index != sender, !bytes.isEmpty else { return }
    let envelope = DatagramPool.Envelope(
      sender: Int32(sender), source: source, port: target.address.port)
    let slot = pool.keep(bytes, 0, bytes.count, envelope)
    queue.plan(.arrival, at: now + 20_000_000, target.index, slot)
  }
}
