/// A world that nobody thought of: who is there, what lies between them and what goes wrong come
/// from the seed alone. After the storm all is calm, and everybody must be served again.
extension Topology {
  package static func storm(seed: UInt64) -> Topology {
    var storm = Storm(seed: seed)
    return storm.topology()
  }
}

/// Draws one storm.
private struct Storm {
  private var chance: Chance
  private let seed: UInt64
  private var result = Topology()

  private static let second: Int64 = 1_000_000_000
  /// Everybody of the first hour is in, and sound flows.
  private static let begins = 12 * second
  private static let lasts = 20 * second
  /// The last eight of the calm count: what a storm of less than the life of a link (40 s) broke
  /// must be whole by then.
  private static let calm = 24 * second
  private static let counted = 8 * second

  init(seed: UInt64) {
    self.seed = seed
    chance = Chance(seed ^ 0x5707_4D00)
  }

  mutating func topology() -> Topology {
    result.name = "storm"
    result.seed = seed
    result.length = Self.begins + Self.lasts + Self.calm
    result.groups = [people(), routed(), late()].compactMap(\.self)
    result.links = links()
    result.talkers = talkers()
    result.faults = (0..<2 + chance.below(6)).map { _ in fault() }
    if let removal = removal() { result.faults.append(removal) }
    result.faults.sort { $0.at < $1.at }
    if chance.below(4) == 0 {
      result.churn = Topology.Churn(
        meanLife: chance.within(40 * Self.second...150 * Self.second), from: Self.begins,
        to: Self.begins + Self.lasts, replaced: chance.below(2) == 0)
    }
    result.measureFrom = 10 * Self.second
    result.measureTo = result.length - Self.second
    result.grace = 3 * Self.second
    result.calm = Self.counted
    result.expectations = [
      Expectation(measure: .joinedPercent, isUpper: false, bound: 100),
      Expectation(measure: .servedPercent, isUpper: false, bound: 100),
      Expectation(measure: .restless, isUpper: true, bound: 0),
      Expectation(measure: .rostersEqual, isUpper: false, bound: 1),
      Expectation(measure: .loops, isUpper: true, bound: 0),
      Expectation(measure: .forgedHeard, isUpper: true, bound: 0),
      Expectation(measure: .breaches, isUpper: true, bound: 0),
    ]
    result.about = about
    return result
  }

  private var about: String {
    let groups = result.groups.map { "\($0.count) \($0.name)" }
    let faults = result.faults.map { fault in
      let end = fault.lasts > 0 ? "-\(Trace.seconds(fault.at + fault.lasts))" : ""
      let whom = fault.count.map { " \($0)" } ?? (fault.percent < 100 ? " \(fault.percent) %" : "")
      return "\(fault.kind.rawValue)\(whom) \(Trace.seconds(fault.at))\(end)"
    }
    let churn = result.churn.map { [", lives of \(Trace.seconds($0.meanLife)) s"] } ?? []
    let loss = "loss \(result.links.lossPermille) permille in \(result.links.burst.short)s"
    return (groups + [loss] + faults).joined(separator: ", ") + churn.joined()
  }

  // MARK: Who

  private mutating func people() -> Topology.Group {
    var group = Topology.Group()
    group.name = "open"
    group.count = 3 + chance.below(8)
    group.uplinks = [(5_000_000, 2), (10_000_000, 1), (20_000_000, 1)]
    group.joinFrom = 200_000_000
    group.joinOver = chance.within(Self.second...4 * Self.second)
    clocks(&group)
    return group
  }

  private mutating func routed() -> Topology.Group? {
    let count = chance.below(6)
    guard count > 0 else { return nil }
    var group = Topology.Group()
    group.name = "routed"
    group.count = count
    group.uplinks = [(1_000_000, 1), (5_000_000, 1)]
    group.relayPercent = chance.below(101)
    group.joinFrom = 2 * Self.second
    group.joinOver = chance.within(Self.second...4 * Self.second)
    group.nat = Topology.NATKind(
      mapping: chance.below(2) == 0 ? .independent : .dependent,
      filtering: [.none, .address, .port][chance.below(3)])
    if chance.below(3) == 0 { group.downlink = 2_000_000 }
    clocks(&group)
    return group
  }

  /// Those who come in the middle of it.
  private mutating func late() -> Topology.Group? {
    let count = chance.below(4)
    guard count > 0 else { return nil }
    var group = Topology.Group()
    group.name = "late"
    group.count = count
    group.uplinks = [(1_000_000, 1), (5_000_000, 1)]
    group.joinFrom = Self.begins
    group.joinOver = Self.lasts
    clocks(&group)
    return group
  }

  /// Within what nodes tolerate between two of them (120 s).
  private mutating func clocks(_ group: inout Topology.Group) {
    if chance.below(3) == 0 { group.skew = chance.within(0...50 * Self.second) }
    if chance.below(3) == 0 { group.drift = chance.within(0...300) }
  }

  private mutating func links() -> Topology.Links {
    var links = Topology.Links()
    links.model = chance.below(4) == 0 ? .regions : .uniform
    links.least = chance.within(1_000_000...20_000_000)
    links.most = links.least + chance.within(0...80_000_000)
    links.jitter = chance.within(0...6_000_000)
    if chance.below(2) == 0 {
      links.lossPermille = chance.below(21)
      links.burst = Double(1 + chance.below(4))
      links.lossTo = Self.begins + Self.lasts
    }
    if chance.below(3) == 0 { links.reorderPermille = chance.below(21) }
    if chance.below(3) == 0 { links.duplicatePermille = chance.below(21) }
    return links
  }

  private mutating func talkers() -> [Topology.Talker] {
    var first = Topology.Talker()
    first.group = "open"
    first.from = 6 * Self.second
    first.to = result.length
    guard chance.below(3) == 0 else { return [first] }
    var second = first
    second.index = 1
    second.from = chance.within(8 * Self.second...20 * Self.second)
    if chance.below(2) == 0 {
      second.to = second.from + chance.within(Self.second...8 * Self.second)
    }
    return [first, second]
  }

  // MARK: What goes wrong

  private mutating func fault() -> Topology.Fault {
    let kinds = Topology.Fault.Kind.allCases.filter { $0 != .remove }
    var fault = Topology.Fault()
    fault.kind = kinds[chance.below(kinds.count)]
    fault.at = Self.begins + chance.within(0...Self.lasts * 3 / 4)
    fault.lasts = min(
      Self.begins + Self.lasts - fault.at, chance.within(200_000_000...12 * Self.second))
    switch fault.kind {
    case .kill, .leave:
      fault.lasts = 0
      fault.count = 1 + chance.below(2)
      if chance.below(2) == 0 { fault.role = .relay }
    case .freeze: fault.count = 1 + chance.below(3)
    case .partition: fault.percent = 20 + chance.below(61)
    case .block:
      let names = result.groups.map(\.name)
      fault.group = names[chance.below(names.count)]
      fault.target = names[chance.below(names.count)]
    case .congest:
      fault.percent = 20 + chance.below(61)
      fault.lossPermille = chance.below(400)
      fault.delay = chance.within(0...60_000_000)
    case .remove: break
    }
    return fault
  }

  /// In one storm of four with people behind routers. Drawn apart from the rest, so that a seed
  /// means the storm that it meant before there were removals.
  private func removal() -> Topology.Fault? {
    var chance = Chance(seed ^ 0x2E40_7E00)
    guard result.groups.contains(where: { $0.name == "routed" }), chance.below(4) == 0 else {
      return nil
    }
    var fault = Topology.Fault()
    fault.kind = .remove
    fault.group = "routed"
    fault.at = Self.begins + chance.within(0...Self.lasts)
    fault.isImmediate = chance.below(2) == 0
    return fault
  }
}
