import CLinux
import Glibc
import Node

/// One node of the demonstration: a process of its own, with its own folder.
final class DemoNode {
  let name: String
  let control: String
  let recording: String
  private(set) var isAlive = true
  private var process: ChildProcess
  private var listener: ChildProcess?
  /// Held open: the node stops when it closes, however this program ends.
  private let leash: Pipe

  /// Starts the node and waits until it can be reached.
  init(number: Int, folder: String) throws(Failure) {
    name = "node \(number)"
    control = "\(folder)/\(number).control"
    recording = "\(folder)/\(number).wav"
    let leash = try Pipe()
    let ready = try Pipe()
    let log = Descriptor(
      open("\(folder)/\(number).log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600))
    process = try ChildProcess(
      arguments: [
        "up", "--data", "\(folder)/\(number)", "--control", control, "--bind", "127.0.0.1",
        "--port", "0", "--page", "off", "--unprotected", "--name", name, "--ready-fd", "3",
        "--stop-with-stdin",
      ], descriptors: [0: leash.reading, 1: log.raw, 2: log.raw, 3: ready.writing])
    leash.closeReading()
    ready.closeWriting()
    self.leash = leash
    guard Self.waitForInput(ready.reading, seconds: 20) else {
      throw Failure(.failed, "\(name) did not start; see \(folder)/\(number).log")
    }
    var byte: UInt8 = 0
    guard read(ready.reading, &byte, 1) == 1 else {
      throw Failure(.failed, "\(name) ended at once; see \(folder)/\(number).log")
    }
  }

  var pid: pid_t { process.pid }

  func ask<Reply: Decodable>(
    _ request: ControlRequest, for reply: Reply.Type
  ) throws(Failure) -> Reply {
    var connection = try ControlConnection(path: control)
    return try connection.ask(request, for: reply)
  }

  func status() throws(Failure) -> StatusReport { try ask(.status, for: StatusReport.self) }

  /// Records what this node hears.
  func record() throws(Failure) {
    let null = Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
    listener = try ChildProcess(
      arguments: ["listen", "--control", control, "-o", recording],
      descriptors: [0: null.raw, 1: null.raw])
  }

  /// A connection on which the node tells each frame.
  func watchFrames() throws(Failure) -> ControlConnection {
    var connection = try ControlConnection(path: control)
    _ = try connection.ask(.frames(nil), for: DoneReport.self)
    return connection
  }

  /// Dead without a word.
  func kill() {
    process.send(SIGKILL)
    process.end(within: 1)
    isAlive = false
  }

  func stopRecording() {
    listener?.send(SIGINT)
    listener?.end(within: 5)
  }

  func stop() {
    stopRecording()
    process.send(SIGTERM)
    process.end(within: 5)
  }

  private static func waitForInput(_ descriptor: Int32, seconds: Int32) -> Bool {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&wanted, 1, seconds * 1_000) == 1
  }
}

/// A pipe whose ends are closed one by one, and at the latest with it.
///
/// Children do not inherit it but where they are given an end.
final class Pipe {
  private(set) var reading: Int32
  private(set) var writing: Int32

  init() throws(Failure) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else {
      throw Failure(.failed, "No pipe can be made: \(SystemError.last.sentence).")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }

  func closeReading() {
    if reading >= 0 { close(reading) }
    reading = -1
  }

  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  deinit {
    closeReading()
    closeWriting()
  }
}
