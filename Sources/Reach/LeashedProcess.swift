// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A program that talks in lines, a pluggable transport's for one, started by this one and ended
/// with it: by its process id, and by the end of its standard input should this program die first.
package final class LeashedProcess: Sendable {
  private struct State {
    /// Its standard input: nothing is ever written to it, its end means goodbye.
    var input: Int32?
    var hasEnded = false
  }

  let pid: pid_t
  /// What it says, line by line; ends when it does.
  package let lines: AsyncStream<String>
  private let state: Mutex<State>

  private init(pid: pid_t, input: Int32, lines: AsyncStream<String>) {
    self.pid = pid
    self.lines = lines
    state = Mutex(State(input: input))
  }

  /// `command` begins with the path of the program; the environment is these variables and nothing
  /// else. Nil when it cannot be started.
  package static func start(
    _ command: [String], environment: [String: String]
  ) async -> LeashedProcess? {
    guard let program = command.first, let input = Pipe(), let output = Pipe() else { return nil }
    let pid = spawn(program, command, environment, input: input.reading, output: output.writing)
    close(input.reading)
    close(output.writing)
    guard let pid else {
      close(input.writing)
      close(output.reading)
      return nil
    }
    let (lines, continuation) = AsyncStream.makeStream(
      of: String.self, bufferingPolicy: .bufferingOldest(mostLines))
    let process = LeashedProcess(pid: pid, input: input.writing, lines: lines)
    do {
      _ = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(LineReader(continuation))
          }
        }
        .takingOwnershipOfDescriptor(input: output.reading).get()
    } catch {
      close(output.reading)
      await process.stop()
      return nil
    }
    return process
  }

  /// Asks it to end by closing its standard input, then by SIGTERM, then makes it.
  ///
  /// Afterwards it is gone and its process id is free.
  package func stop() async {
    closeInput()
    if await ends(within: Self.patience) { return }
    send(SIGTERM)
    if await ends(within: Self.patience) { return }
    send(SIGKILL)
    _ = await ends(within: .seconds(60))
  }

  /// Makes it end at once; it still has to be waited for by ``stop()``.
  func kill() { send(SIGKILL) }

  private func closeInput() {
    let input = state.withLock { state in
      defer { state.input = nil }
      return state.input
    }
    if let input { close(input) }
  }

  /// Never to a process id that may be somebody else's by now.
  private func send(_ signal: Int32) {
    state.withLock { state in
      if !state.hasEnded { Glibc.kill(pid, signal) }
    }
  }

  private func ends(within time: Duration) async -> Bool {
    let end = ContinuousClock.now + time
    repeat {
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.hasEnded = waitpid(pid, nil, WNOHANG) == pid }
        return state.hasEnded
      }
      if hasEnded { return true }
      // Also when this task was cancelled: whoever ends a program waits for it.
      await Task.detached { try? await Task.sleep(for: .milliseconds(20)) }.value
    } while ContinuousClock.now < end
    return false
  }

  deinit {
    if let input = state.withLock({ $0.input }) { close(input) }
  }

  /// As `tor` gives them: two seconds.
  private static let patience = Duration.seconds(2)
  /// Lines that wait to be read; a program that says more is not one of these.
  private static let mostLines = 256
}

/// Two ends of a pipe that no other child inherits.
private struct Pipe {
  let reading: Int32
  let writing: Int32

  init?() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }
}

private func spawn(
  _ program: String, _ command: [String], _ environment: [String: String], input: Int32,
  output: Int32
) -> pid_t? {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  // This program waits for signals elsewhere and blocks them; Ctrl-C is meant for this program.
  var signals = sigset_t()
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  sigfillset(&signals)
  posix_spawnattr_setsigdefault(&attributes, &signals)
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(
    &attributes,
    Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
  var pid: pid_t = 0
  let result = withCStrings(command) { words in
    withCStrings(environment.map { "\($0.key)=\($0.value)" }) { variables in
      posix_spawn(&pid, program, &actions, &attributes, words, variables)
    }
  }
  return result == 0 ? pid : nil
}

private func withCStrings<Result>(
  _ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = words.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}

/// Whole lines of a pipe; those too long to be of the protocol are cut.
private final class LineReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let lines: AsyncStream<String>.Continuation
  private var line: [UInt8] = []

  init(_ lines: AsyncStream<String>.Continuation) { self.lines = lines }

  func channelRead(context _: ChannelHandlerContext, data: NIOAny) {
    for byte in unwrapInboundIn(data).readableBytesView {
      if byte == UInt8(ascii: "\n") {
        lines.yield(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
      } else if line.count < Self.longest {
        line.append(byte)
      }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    lines.finish()
    context.fireChannelInactive()
  }

  private static let longest = 4_096
}
