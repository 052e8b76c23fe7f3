import ArgumentParser
import CLinux
import Glibc
import Mesh
import Node
import Voice
import Wire

/// `starling demo`: real nodes on this machine, real speech, one of them killed.
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start several nodes here, speak, kill a relay, and measure what was heard.",
    discussion: """
      Each node is a process with an identity of its own; they know one another from an invite \
      link only. Half way through, a node that feeds others is killed without warning. Exit code \
      0 means that no survivor missed a frame.

      EXAMPLE
        starling demo
        starling demo --nodes 12 --speech talk.wav --keep
      """)

  @Option(help: "Nodes, 3 to 64.")
  var nodes = 7
  @Option(help: "Speech to send; recorded sentences if they are installed, else a tone.")
  var speech: String?
  @Option(help: "Seconds of it at most.")
  var seconds = 24.0
  @Flag(help: "Keep recordings and logs, and say where they are.")
  var keep = false
  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    guard (3...64).contains(nodes), (4...600).contains(seconds) else {
      throw ValidationError("A demonstration has 3 to 64 nodes and 4 to 600 seconds.")
    }
  }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    let signals = try StopSignals()
    var template = Array("/tmp/starling-demo.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Failure(.failed, "No folder can be made in /tmp: \(SystemError.last.sentence).")
    }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { keep ? Terminal.complain("Kept in \(folder)") : Self.remove(folder) }
    let said = folder + "/said.wav"
    let length = try DemoSpeech(path: speech, seconds: seconds).write(to: said)

    var flock: [DemoNode] = []
    defer { for node in flock { node.stop() } }
    for number in 1...nodes {
      flock.append(try DemoNode(number: number, folder: folder))
    }
    Terminal.complain("\(nodes) nodes are up.")
    try gather(flock)
    var run = try DemoRun(flock: flock, said: said, length: length, signals: signals.raw)
    let reports = try run.carryOut()
    if json {
      Terminal.say(json: reports)
    } else {
      Terminal.say(Terminal.table([DemoReport.heading] + reports.map(\.row)))
    }
    let lost = reports.filter { !$0.killed }.reduce(0) { $0 + $1.lost }
    guard lost == 0 else { throw Failure(.failed, "Survivors missed \(lost) frames.") }
    Terminal.complain("No survivor missed a frame.")
  }

  /// Everybody into one room, by link, and to know everybody else.
  private func gather(_ flock: [DemoNode]) throws(Failure) {
    let room = ControlRequest.create(title: "Demo", access: .social, name: nil)
    _ = try flock[0].ask(room, for: RoomReport.self)
    let link = try flock[0].ask(.invite(nil, lifetime: nil), for: InviteReport.self).link
    guard let invite = try? Invite(text: link) else {
      throw Failure(.failed, "The node made a link that cannot be read.")
    }
    for node in flock.dropFirst() {
      _ = try node.ask(.join(invite, name: nil), for: RoomReport.self)
    }
    for _ in 0..<Self.patience {
      let known = try flock.map { node throws(Failure) in
        try node.status().rooms.first.map(Self.isSettled(flock.count)) ?? false
      }
      if known.allSatisfy(\.self) {
        Terminal.complain("All are in the room and in both trees.")
        return
      }
      usleep(100_000)
    }
    throw Failure(.failed, "The nodes did not find one another in time.")
  }

  /// Everybody is known and audible, and there is a parent in both trees.
  private static func isSettled(_ count: Int) -> (StatusReport.Room) -> Bool {
    { room in
      room.members.count == count
        && room.trees.count == 2
        && (room.trees.allSatisfy { $0.parent != nil } || room.trees.allSatisfy { $0.depth == 0 })
    }
  }

  /// The folder was made here and holds only what was put there by the nodes and this program.
  private static func remove(_ folder: String) {
    guard let directory = opendir(folder) else { return }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(folder + "/" + name) }
    }
    closedir(directory)
    for name in names where unlink(name) != 0 { remove(name) }
    rmdir(folder)
  }

  /// Tenths of a second to settle.
  private static let patience = 200
}
