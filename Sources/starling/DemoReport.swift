import Node

/// What one listener of the demonstration got.
struct DemoReport: Codable {
  var name: String
  var killed: Bool
  var sent: Int
  var heard: Int
  var lost: Int
  /// Frames that came after their turn, and those made up for the ear.
  var late: UInt64?
  var concealed: UInt64?
  /// Longest wait for the next frame in the three seconds after the death of a relay.
  var gapMilliseconds: Double?
  var delayP50: Double?
  var delayP99: Double?
  /// Everything the node received while there was speech, IP and UDP headers included.
  var kilobitsIn: Double?
  var pesq: Double?
  var stoi: Double?

  /// From the trace of frames.
  ///
  /// A node that was killed is expected to hear what was sent before.
  init(
    name: String, sent: [UInt32: Int64], heard: [UInt32: Int64], death: Int64?, killed: Bool
  ) {
    let expected = killed ? sent.filter { $0.value < (death ?? .max) } : sent
    self.name = name
    self.killed = killed
    self.sent = expected.count
    self.heard = expected.keys.count { heard[$0] != nil }
    lost = expected.count - self.heard
    let delays = expected.compactMap { counter, moment in
      heard[counter].map { Double($0 - moment) / 1e6 }
    }.sorted()
    delayP50 = Self.quantile(delays, 0.5)
    delayP99 = Self.quantile(delays, 0.99)
    if let death, !killed { gapMilliseconds = Self.longestGap(heard.values.sorted(), after: death) }
  }

  private static func quantile(_ sorted: [Double], _ share: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }

  private static func longestGap(_ moments: [Int64], after death: Int64) -> Double? {
    let window = death - 1_000_000_000...death + 3_000_000_000
    let near = moments.filter { window.contains($0) }
    return zip(near, near.dropFirst()).filter { $1 > death }.map { Double($1 - $0) / 1e6 }.max()
  }

  static let heading = [
    "listener", "sent", "heard", "lost", "late", "concealed", "gap ms", "p50 ms", "p99 ms",
    "kbit/s in", "PESQ", "STOI",
  ]

  var row: [String] {
    func text(_ value: Double?) -> String { value.map(StatusCommand.decimal) ?? "-" }
    func hundredths(_ value: Double?) -> String {
      guard let value else { return "-" }
      let whole = Int((value * 100).rounded())
      return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
    }
    return [
      name + (killed ? " (killed)" : ""), String(sent), String(heard), String(lost),
      late.map(String.init) ?? "-", concealed.map(String.init) ?? "-", text(gapMilliseconds),
      text(delayP50), text(delayP99), text(kilobitsIn), hundredths(pesq), hundredths(stoi),
    ]
  }
}
