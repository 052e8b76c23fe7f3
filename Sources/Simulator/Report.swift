/// What came of one run.
package struct Report: Sendable {
  package let name: String
  package let seed: UInt64
  package let nodes: Int
  package let hash: UInt64
  package let events: Int
  package let datagrams: Int
  package let virtualSeconds: Double
  package internal(set) var values: [(measure: Measure, value: Double)] = []
  package internal(set) var failures: [Expectation] = []
  /// The last thing worth a line, and when.
  package let last: String
  package internal(set) var curves: [(name: String, points: [Double])] = []
  package internal(set) var notes: [(name: String, count: Int)] = []
  package internal(set) var worst: [String] = []
  /// What should never have been: when, where, what.
  package internal(set) var breaches: [String] = []

  /// As expected, and no rule was broken on the way.
  package var isGood: Bool { failures.isEmpty && breaches.isEmpty }

  package subscript(measure: Measure) -> Double? {
    values.first { $0.measure == measure }?.value
  }

  /// One object, members in a fixed order, numbers with at most four digits behind the point.
  package var json: String {
    let measures = values.map { "\"\($0.measure.rawValue)\":\(Self.number($0.value))" }
    let counts = notes.map { "\"\($0.name)\":\($0.count)" }
    let lines = curves.map {
      "\"\($0.name)\":[\($0.points.map(Self.number).joined(separator: ","))]"
    }
    let failed = failures.map { "\"\($0.text)\"" }
    return """
      {"topology":"\(name)","seed":\(seed),"nodes":\(nodes),"trace":"\(hashText)",\
      "events":\(events),"datagrams":\(datagrams),"virtual_s":\(Self.number(virtualSeconds)),\
      "measures":{\(measures.joined(separator: ","))},"failed":[\(failed.joined(separator: ","))],\
      "breaches":[\(breaches.map { "\"\($0)\"" }.joined(separator: ","))],\
      "notes":{\(counts.joined(separator: ","))},"curves":{\(lines.joined(separator: ","))}}
      """
  }

  package var hashText: String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  package static func number(_ value: Double) -> String {
    let scaled = (value * 10_000).rounded() / 10_000
    return scaled.short
  }
}

extension World {
  func finish() -> Report {
    if checks.shape.members == 0 { checks.shape = lookAtShape() }
    watches.finish(residents, at: now)
    let score = Score(self)
    var report = Report(
      name: topology.name, seed: seed, nodes: residents.count, hash: trace.hash,
      events: eventCount, datagrams: arrivals, virtualSeconds: Double(topology.length) / 1e9,
      last: "\(Trace.seconds(trace.lastAt)) s: \(trace.last)")
    report.values = members + sound(score) + costs + trees + presence + safety(score) + removed
    report.failures = topology.expectations.filter { expectation in
      guard let value = report[expectation.measure] else { return true }
      return !expectation.holds(value)
    }
    report.breaches = invariants.breaches.map(\.text)
    var counts = NoteCounts()
    for resident in residents { counts.add(resident.notes) }
    report.notes = counts.named
    report.curves = curves(score)
    report.worst = score.worst.map { "node \($0.node): \($0.bad) of \($0.of) frames bad" }
    report.worst += score.stalled
    return report
  }

  private typealias Value = (measure: Measure, value: Double)

  private var members: [(measure: Measure, value: Double)] {
    let shape = checks.shape
    let waits = residents.compactMap { resident in
      resident.index == 0 ? nil : resident.joinedAt.map { Double($0 - resident.askedAt) / 1e6 }
    }.sorted()
    return [
      (.joinedPercent, Self.percent(shape.members, of: shape.wanted)),
      (.joinP50, waits.quantile(0.5)), (.joinP99, waits.quantile(0.99)),
    ]
  }

  private func sound(_ score: Score) -> [(measure: Measure, value: Double)] {
    guard score.expected > 0 else { return [] }
    let expected = Double(score.expected)
    return [
      (.framesExpected, expected), (.badPermille, Double(score.bad) * 1_000 / expected),
      (.missingPermille, Double(score.missing) * 1_000 / expected),
      (.delayP50, score.delays.quantile(0.5)), (.delayP95, score.delays.quantile(0.95)),
      (.delayP99, score.delays.quantile(0.99)), (.delayMax, Double(score.delays.most) / 1_000),
      (.stalledPercent, Self.percent(score.stalls.count, of: score.listeners)),
      (.stallMean, score.stalls.reduce(0, +) / Double(max(1, score.stalls.count))),
      (.stallWorst, score.stalls.max() ?? 0),
    ]
  }

  private var costs: [(measure: Measure, value: Double)] {
    let seconds = Double(topology.measureTo - topology.measureFrom) / 1e9
    let there = residents.filter { $0.isMember }
    let said = ledger.voices.reduce(0) { sum, voice in
      sum + voice.saidAt.count { $0 >= topology.measureFrom && $0 < topology.measureTo }
    }
    let count = Double(max(1, there.count))
    let control = Double(there.reduce(0) { $0 + $1.controlIn }) / count
    let bytes = Double(there.reduce(0) { $0 + $1.bytesIn }) / count / seconds
    let use = uplinks.map { Double($0.measuredBytes) * 800 / seconds / Double($0.bits) }
    let peak = uplinks.map { Double($0.peakBytes) * 800 / Double($0.bits) }
    let perFrame: [(measure: Measure, value: Double)] =
      said > 0 ? [(.controlPerFrame, control / Double(said))] : []
    return perFrame + [
      (.bytesIn, bytes), (.uplinkMax, use.max() ?? 0), (.uplinkPeak, peak.max() ?? 0),
      (.queueDrops, Double(uplinks.reduce(0) { $0 + $1.drops })),
    ] + inward
  }

  private var inward: [(measure: Measure, value: Double)] {
    let lines = downlinks.compactMap(\.self)
    guard !lines.isEmpty else { return [] }
    let peak = lines.map { Double($0.peakBytes) * 800 / Double($0.bits) }
    return [
      (.downlinkPeak, peak.max() ?? 0),
      (.downlinkDrops, Double(lines.reduce(0) { $0 + $1.drops })),
    ]
  }

  private var trees: [(measure: Measure, value: Double)] {
    let shape = checks.shape
    let depths = shape.depths.map(Double.init).sorted()
    return [
      (.depthP50, depths.quantile(0.5)), (.depthMax, depths.last ?? 0),
      (.twoParents, Self.percent(shape.twoParents, of: shape.needy)),
      (.sharedPercent, Self.percent(shape.shared, of: shape.needy)),
      (.loops, Double(shape.loops)),
    ] + feeding
  }

  private var presence: [(measure: Measure, value: Double)] {
    let spread = watches.spread.sorted()
    var values: [(measure: Measure, value: Double)] = []
    if !spread.isEmpty {
      let all = Double(spread.count + watches.missed)
      values = [
        (.presenceP50, spread.quantile(0.5)), (.presenceP99, spread.quantile(0.99)),
        (.presenceMissing, Double(watches.missed) * 1_000 / all),
      ]
    }
    let rosters = checks.shape.rosters
    values.append((.rostersEqual, rosters.allSatisfy { $0 == rosters.first } ? 1 : 0))
    if healedAt != nil {
      values.append((.rostersHealed, watches.rostersHealed ?? 1e9))
      values.append((.acrossP95, watches.across.sorted().quantile(0.95)))
    }
    return values
  }

  private func safety(_ score: Score) -> [(measure: Measure, value: Double)] {
    let shape = checks.shape
    return served(score) + [
      (.restless, Double(shape.restless)), (.breaches, Double(invariants.total)),
      (.forgedHeard, Double(checks.forgedHeard)), (.forgedLate, Double(checks.forgedLate)),
      (.hostileParents, Double(shape.hostileParents)), (.eclipsed, Double(shape.eclipsed)),
      (.hostileNeighbours, shape.hostileNeighbours),
      (.censored, Double(censor?.dropped ?? 0)),
      (.probesAnswered, Double(checks.probesAnswered)),
      (.otherSizes, checks.otherSizesPermille),
      (.outOfBounds, Double(invariants.count[.bounds] ?? 0)),
      (.stuckWakes, Double(checks.stuckWakes)),
    ]
  }

  /// Where nobody is left to listen, everybody is served.
  private func served(_ score: Score) -> [(measure: Measure, value: Double)] {
    guard topology.calm > 0 else { return [] }
    if checks.shape.needy == 0 { return [(.servedPercent, 100)] }
    guard score.calmListeners > 0 else { return [] }
    return [(.servedPercent, Self.percent(score.calmServed, of: score.calmListeners))]
  }

  private func curves(_ score: Score) -> [(name: String, points: [Double])] {
    let seconds = Double(topology.measureTo - topology.measureFrom) / 1e9
    let use = uplinks.map { Double($0.measuredBytes) * 800 / seconds / Double($0.bits) }.sorted()
    let parts = (0...100).map { Double($0) / 100 }
    return [
      ("delay_ms", parts.map { score.delays.quantile($0) }),
      ("stall_ms", score.stalls.sorted()),
      (
        "bad_permille_by_second",
        score.bySecond.map { $0.due == 0 ? 0 : Double($0.bad) * 1_000 / Double($0.due) }
      ),
      ("uplink_percent", parts.map { use.quantile($0) }),
      ("depth", checks.shape.depths.map(Double.init).sorted().tally),
    ]
  }

  private static func percent(_ part: Int, of all: Int) -> Double {
    all == 0 ? 0 : Double(part) * 100 / Double(all)
  }
}

extension [Double] {
  /// Of sorted values.
  func quantile(_ share: Double) -> Double {
    guard !isEmpty else { return 0 }
    let place = Int((Double(count) * share).rounded(.up)) - 1
    return self[Swift.min(count - 1, Swift.max(0, place))]
  }

  /// How many are 0, 1, 2, …
  var tally: [Double] {
    var counts: [Double] = []
    for value in self {
      let place = Int(value)
      while counts.count <= place { counts.append(0) }
      counts[place] += 1
    }
    return counts
  }
}
