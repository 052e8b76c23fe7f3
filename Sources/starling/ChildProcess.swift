import CLinux
import Glibc
import Node

/// A program this one started: ended by its process id, never by name.
struct ChildProcess: ~Copyable {
  let pid: pid_t
  private var status: Int32?

  /// Starts this same binary with other arguments.
  ///
  /// `descriptors` become the child's, by number; its environment has no STARLING_ variables, so
  /// that nothing set outside leaks in.
  init(arguments: [String], descriptors: [Int32: Int32]) throws(Failure) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, source) in descriptors.sorted(by: { $0.key < $1.key }) {
      posix_spawn_file_actions_adddup2(&actions, source, number)
    }
    var pid: pid_t = 0
    let variables = NodeChoice.environment.filter { !$0.key.hasPrefix("STARLING_") }
    let result = Self.withCStrings(["starling"] + arguments) { words in
      Self.withCStrings(variables.map { "\($0.key)=\($0.value)" }) { environment in
        posix_spawn(&pid, "/proc/self/exe", &actions, nil, words, environment)
      }
    }
    guard result == 0 else {
      throw Failure(
        .failed, "A process cannot be started: \(SystemError(number: result).sentence).")
    }
    self.pid = pid
  }

  deinit {
    guard status == nil else { return }
    kill(pid, SIGKILL)
    var ignored: Int32 = 0
    waitpid(pid, &ignored, 0)
  }

  mutating func send(_ signal: Int32) {
    if status == nil { kill(pid, signal) }
  }

  /// Whether it has ended.
  mutating func hasEnded() -> Bool {
    if status != nil { return true }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return false }
    self.status = status
    return true
  }

  /// Waits for the end, at most so many seconds; then it is killed.
  mutating func end(within seconds: Double) {
    for _ in 0..<Int(seconds * 100) {
      if hasEnded() { return }
      usleep(10_000)
    }
    send(SIGKILL)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    self.status = status
  }

  private static func withCStrings<Result>(
    _ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = words.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}
