import CLinux
import Glibc
import Mesh
import Node

/// The demonstration once everybody is in the room: speak, kill a relay, count.
struct DemoRun: ~Copyable {
  private let flock: [DemoNode]
  private let said: String
  private let length: Double
  private let signals: Int32
  private let trace: FrameTrace
  private let clock = Clock()
  private var death: Int64?

  init(flock: [DemoNode], said: String, length: Double, signals: Int32) throws(Failure) {
    self.flock = flock
    self.said = said
    self.length = length
    self.signals = signals
    trace = try FrameTrace(flock)
  }

  mutating func carryOut() throws(Failure) -> [DemoReport] {
    for node in flock.dropFirst() { try node.record() }
    try wait(seconds: 0.5)
    let before = try statuses()
    let began = clock.now
    Terminal.complain("Node 1 speaks for \(StatusCommand.decimal(length)) s.")
    let null = Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
    var speaker = try ChildProcess(
      arguments: ["speak", said, "--control", flock[0].control],
      descriptors: [0: null.raw, 1: null.raw, 2: null.raw])
    try wait(seconds: length / 2)
    try killARelay()
    while !speaker.hasEnded() { try wait(seconds: 0.1) }
    let elapsed = Double((clock.now - began).milliseconds) / 1_000
    let after = try statuses()
    try wait(seconds: Self.afterwards)
    for node in flock { node.stopRecording() }
    return flock.indices.dropFirst().map { index in
      var report = DemoReport(
        name: flock[index].name, sent: trace.sent, heard: trace.heard[index], death: death,
        killed: !flock[index].isAlive)
      if let before = before[index], let after = after[index] {
        report.kilobitsIn = Self.kilobits(before, after, elapsed)
        let stream = after.rooms.first?.streams.first { $0.late != nil }
        report.late = stream?.late
        report.concealed = stream?.concealed
      }
      if flock[index].isAlive {
        DemoScore.add(to: &report, said: said, heard: flock[index].recording)
      }
      return report
    }
  }

  /// Of the nodes that feed others in a tree, the one that feeds most; never the speaker.
  private mutating func killARelay() throws(Failure) {
    let children = try statuses().map { status in
      status?.rooms.first?.trees.map(\.children.count).max() ?? 0
    }
    let candidates = flock.indices.dropFirst().filter { children[$0] > 0 }
    guard let victim = candidates.max(by: { children[$0] < children[$1] }) else {
      throw Failure(.failed, "No node relays to another: with so few there is nothing to kill.")
    }
    let moment = clock.now
    flock[victim].kill()
    death = moment.nanoseconds
    Terminal.complain(
      "Killed \(flock[victim].name), which fed \(children[victim]), after "
        + "\(StatusCommand.decimal(length / 2)) s.")
  }

  private func statuses() throws(Failure) -> [StatusReport?] {
    try flock.map { node throws(Failure) in node.isAlive ? try node.status() : nil }
  }

  private func wait(seconds: Double) throws(Failure) {
    let end = clock.now.advanced(by: .seconds(seconds))
    while clock.now < end {
      let left = Int32((end - clock.now).milliseconds) + 1
      guard trace.collect(milliseconds: left, signals: signals) else {
        throw Failure(.failed, "Stopped.")
      }
    }
  }

  private static func kilobits(
    _ before: StatusReport, _ after: StatusReport, _ seconds: Double
  ) -> Double {
    func difference(_ name: String) -> Double {
      Double(after.counters[name] ?? 0) - Double(before.counters[name] ?? 0)
    }
    let bytes = difference("udp.bytesReceived") + headers * difference("udp.received")
    return bytes * 8 / 1_000 / seconds
  }

  /// IPv4 and UDP.
  private static let headers = 28.0
  /// For what is still on its way or in a jitter buffer.
  private static let afterwards = 1.5
}
