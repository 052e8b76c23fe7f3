// From a file to a world: member by member, with what each may be.

extension Topology {
  /// Reads a topology file; every mistake in it is refused with the place and what is allowed.
  package init(_ bytes: [UInt8], file: String) throws(TopologyError) {
    let json: JSON
    do {
      json = try JSON(bytes)
    } catch {
      throw TopologyError(file: file, place: "line \(error.line)", reason: error.reason)
    }
    var top = try JSONObject(json, file: file, place: "")
    name = try top.text("name")
    about = try top.text("about", else: "")
    seed = UInt64(try top.count("seed", in: 0...(1 << 52), else: 1))
    length = try top.seconds("seconds", in: 1...86_400)
    failuresAllowed = try top.count("failures_allowed_permille", in: 0...1_000, else: 0)
    for object in try top.objects("nodes") { groups.append(try Group(object)) }
    guard !groups.isEmpty else {
      throw top.error("nodes", "is missing; a list with at least one group")
    }
    if let object = try top.object("links") { links = try Links(object) }
    for object in try top.objects("talkers") { talkers.append(try Talker(object, length)) }
    for object in try top.objects("events") { faults.append(try Fault(object)) }
    if let object = try top.object("churn") { churn = try Churn(object, length) }
    if let object = try top.object("censor") { censor = try Censorship(object, length) }
    if let object = try top.object("settings") { tuning = try Tuning(object) }
    try readMeasure(&top)
    if let object = try top.object("expect") { expectations = try Self.expectations(object) }
    try top.finish()
    try check(top)
  }

  private mutating func readMeasure(_ top: inout JSONObject) throws(TopologyError) {
    let first = talkers.map(\.from).min() ?? 0
    measureFrom = first + 2_000_000_000
    measureTo = length - 1_000_000_000
    grace = 3_000_000_000
    calm = 0
    guard var object = try top.object("measure") else { return }
    measureFrom = try object.seconds("from_s", else: Double(measureFrom) / 1e9)
    measureTo = try object.seconds("to_s", else: Double(measureTo) / 1e9)
    grace = try object.seconds("grace_s", else: 3)
    calm = try object.seconds("calm_s", else: 0)
    presenceFrom = try object.seconds("presence_from_s", else: 0)
    try object.finish()
  }

  private static func expectations(
    _ object: JSONObject
  ) throws(TopologyError) -> [Expectation] {
    var object = object
    var result: [Expectation] = []
    for name in object.names {
      let isUpper = name.hasSuffix("_max")
      guard isUpper || name.hasSuffix("_min"),
        let measure = Measure(rawValue: String(name.dropLast(4)))
      else {
        let known = Measure.allCases.map(\.rawValue).joined(separator: ", ")
        throw object.error(name, "is no measure with _max or _min behind it; measures: \(known)")
      }
      let bound = try object.number(name, in: 0...1e12)
      result.append(Expectation(measure: measure, isUpper: isUpper, bound: bound))
    }
    return result
  }

  /// Names must lead somewhere.
  private func check(_ top: JSONObject) throws(TopologyError) {
    let names = groups.map(\.name)
    let known = names.joined(separator: ", ")
    guard Set(names).count == names.count else {
      throw top.error("nodes", "two groups have one name")
    }
    for (index, talker) in talkers.enumerated() {
      guard let group = groups.first(where: { $0.name == talker.group }) else {
        throw top.error("talkers[\(index)].group", "is no group; groups: \(known)")
      }
      guard talker.index < group.count else {
        throw top.error("talkers[\(index)].index", "must be below \(group.count)")
      }
    }
    for (index, fault) in faults.enumerated() {
      for name in [fault.group, fault.target].compactMap(\.self) where !names.contains(name) {
        throw top.error("events[\(index)]", "\"\(name)\" is no group; groups: \(known)")
      }
    }
    for (key, name) in [("group", censor?.group), ("other", censor?.other)] {
      guard let name, !names.contains(name) else { continue }
      throw top.error("censor.\(key)", "is no group; groups: \(known)")
    }
  }
}

extension Topology.Group {
  init(_ object: JSONObject) throws(TopologyError) {
    var object = object
    name = try object.text("group")
    count = try object.count("count", in: 1...200_000, else: 1)
    if object.has("uplink_mix") {
      uplinks = try object.numbers("uplink_mix").map { (Int($0[0] * 1_000), $0[1]) }
    } else {
      let kilobits = try object.number("uplink_kbps", in: 64...10_000_000, else: 20_000)
      uplinks = [(Int(kilobits * 1_000), 1)]
    }
    relayPercent = try object.count("relays_percent", in: 0...100, else: 100)
    household = try object.count("household", in: 1...1_000, else: 1)
    port = UInt16(try object.count("port", in: 1...65_535, else: 4_000))
    if object.has("downlink_kbps") {
      downlink = Int(try object.number("downlink_kbps", in: 64...10_000_000) * 1_000)
    }
    if object.has("gives_kbps") {
      gives = Int(try object.number("gives_kbps", in: 64...10_000_000) * 1_000)
    }
    skew = Int64(try object.number("clock_skew_ms", in: -3_600_000...3_600_000, else: 0) * 1e6)
    drift = Int64(try object.count("clock_drift_ppm", in: 0...100_000, else: 0))
    portsAllowed = try object.count("only_port", in: 0...65_535, else: 0).asPorts
    if var join = try object.object("join") {
      joinFrom = try join.seconds("from_s", else: 0)
      joinOver = try join.seconds("over_s", else: 0)
      try join.finish()
    }
    if var box = try object.object("nat") {
      natPercent = try box.count("percent", in: 0...100, else: 100)
      nat = Topology.NATKind(
        mapping: try box.choice("mapping", else: .independent),
        filtering: try box.choice("filtering", else: .port),
        timeout: try box.seconds("timeout_s", in: 1...86_400, else: 30))
      try box.finish()
    }
    mischief = Set(try object.choices("mischief"))
    mischiefPercent = try object.count("mischief_percent", in: 0...100, else: 100)
    try object.finish()
  }
}

extension Int {
  fileprivate var asPorts: [UInt16] { self == 0 ? [] : [UInt16(clamping: self)] }
}

extension Topology.Links {
  init(_ object: JSONObject) throws(TopologyError) {
    var object = object
    model = try object.choice("latency", else: .uniform)
    least = try object.milliseconds("min_ms", in: 0.1...5_000, else: 10)
    most = try object.milliseconds("max_ms", in: 0.1...5_000, else: 50)
    guard least <= most else { throw object.error("min_ms", "is above max_ms") }
    jitter = try object.milliseconds("jitter_ms", in: 0...1_000, else: 2)
    lossPermille = try object.count("loss_permille", in: 0...500, else: 0)
    burst = try object.number("burst", in: 1...100, else: 1)
    if object.has("loss_to_s") { lossTo = try object.seconds("loss_to_s") }
    reorderPermille = try object.count("reorder_permille", in: 0...1_000, else: 0)
    duplicatePermille = try object.count("duplicate_permille", in: 0...1_000, else: 0)
    try object.finish()
  }
}

extension Topology.Talker {
  init(_ object: JSONObject, _ length: Int64) throws(TopologyError) {
    var object = object
    group = try object.text("group")
    index = try object.count("index", in: 0...200_000, else: 0)
    from = try object.seconds("from_s", else: 5)
    to = try object.seconds("to_s", else: Double(length) / 1e9)
    guard from < to else { throw object.error("from_s", "is not before to_s") }
    bytes = try object.count("bytes", in: 8...240, else: 60)
    spurts = try object.flag("spurts", else: false)
    try object.finish()
  }
}

extension Topology.Fault {
  init(_ object: JSONObject) throws(TopologyError) {
    var object = object
    kind = try object.choice("what")
    at = try object.seconds("at_s")
    lasts = try object.seconds("for_s", else: 0)
    if object.has("group") { group = try object.text("group") }
    if object.has("to") { target = try object.text("to") }
    role = try object.choice("role", else: .any)
    if object.has("count") { count = try object.count("count", in: 1...200_000) }
    percent = try object.count("percent", in: 0...100, else: 100)
    lossPermille = try object.count("loss_permille", in: 0...1_000, else: 0)
    delay = try object.milliseconds("delay_ms", in: 0...5_000, else: 0)
    isImmediate = try object.flag("immediate", else: false)
    guard kind != .remove || group != nil else {
      throw object.error("group", "is missing; whose first node is removed")
    }
    try object.finish()
  }
}

extension Topology.Churn {
  init(_ object: JSONObject, _ length: Int64) throws(TopologyError) {
    var object = object
    meanLife = try object.seconds("mean_life_s", in: 1...1_000_000)
    from = try object.seconds("from_s", else: 0)
    to = try object.seconds("to_s", else: Double(length) / 1e9)
    replaced = try object.flag("replaced", else: true)
    try object.finish()
  }
}

extension Topology.Censorship {
  init(_ object: JSONObject, _ length: Int64) throws(TopologyError) {
    var object = object
    from = try object.seconds("from_s", else: 0)
    to = try object.seconds("to_s", else: Double(length) / 1e9)
    if object.has("group") { group = try object.text("group") }
    if object.has("other") { other = try object.text("other") }
    isBorder = try object.flag("border", else: false)
    guard group != nil || (other == nil && !isBorder) else {
      throw object.error("group", "is missing; whose datagrams are minded")
    }
    let port = try object.count("block_port", in: 0...65_535, else: 0)
    if port > 0 { portsBlocked = [UInt16(clamping: port)] }
    if object.has("throttle_kbps") {
      throttle = Int(try object.number("throttle_kbps", in: 1...1_000_000) * 1_000)
    }
    if object.has("freeze_after") {
      freezeAfter = try object.count("freeze_after", in: 1...100_000)
    }
    injectRate = try object.count("inject_per_s", in: 0...10_000, else: 0)
    probeRate = try object.count("probe_per_s", in: 0...10_000, else: 0)
    try object.finish()
  }
}

extension Topology.Tuning {
  init(_ object: JSONObject) throws(TopologyError) {
    var object = object
    if object.has("companions") { companions = try object.count("companions", in: 8...100_000) }
    if object.has("doubt_after_ms") { doubtAfter = try object.milliseconds("doubt_after_ms") }
    if object.has("replace_after_ms") { replaceAfter = try object.milliseconds("replace_after_ms") }
    if object.has("children_max") { childrenMaximum = try object.count("children_max", in: 1...64) }
    meets = try object.flag("meetings", else: true)
    if object.has("cover_slots") { coverSlots = try object.count("cover_slots", in: 10...250) }
    try object.finish()
  }
}
