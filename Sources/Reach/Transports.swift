// SPDX-License-Identifier: Apache-2.0
import Wire

/// A program that speaks the pluggable-transport protocol, and the transports it may be asked for.
package struct TransportProgram: Hashable, Sendable {
  package let names: [String]
  /// The path of the program and its arguments.
  package let command: [String]

  /// `name[+name]=/path/of/program [argument ...]`; nil when it is not that.
  package init?(text: String) {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    names = parts[0].split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    command = parts[1].split(separator: " ").map(String.init)
    guard (1...Self.mostNames).contains(names.count), let program = command.first,
      program.hasPrefix("/"), names.allSatisfy({ TransportCall.isName(Array($0.utf8)) })
    else { return nil }
  }

  private static let mostNames = 8
}

/// The pluggable transports by which this node calls others, as programs of its own (pt-spec,
/// version 1).
///
/// A program is started when it is first needed and again when it died, and ended with the node.
/// Closed by failure: what has no transport is not called, and never without it.
package actor Transports {
  private struct Running {
    let process: LeashedProcess
    let clients: [String: SocksProxy]
  }

  private let programs: [TransportProgram]
  private let state: String
  private let proxy: SocksProxy?
  private var starting: [Int: Task<Running?, Never>] = [:]
  private var running: [Int: Running] = [:]
  private var failures: [Int: Int] = [:]
  private var idleUntil: [Int: ContinuousClock.Instant] = [:]
  private var isStopped = false

  /// `state`: the folder in which programs may keep files, which exists. `proxy`: what the
  /// programs themselves must call through.
  package init(programs: [TransportProgram], state: String, proxy: SocksProxy? = nil) {
    self.programs = programs
    self.state = state
    self.proxy = proxy
  }

  /// Where connections by this transport are asked for.
  package func client(for name: String) async throws(ReachError) -> SocksProxy {
    guard !isStopped, let index = programs.firstIndex(where: { $0.names.contains(name) }) else {
      throw .noTransport
    }
    if let running = running[index] { return try place(of: name, in: running) }
    if let until = idleUntil[index], ContinuousClock.now < until { throw .noTransport }
    let task = starting[index] ?? Task { await start(index) }
    starting[index] = task
    guard let running = await task.value else { throw .noTransport }
    return try place(of: name, in: running)
  }

  /// Ends all programs, for good; afterwards none of them is there.
  package func stop() async {
    isStopped = true
    for task in starting.values { _ = await task.value }
    for process in running.values.map(\.process) { await process.stop() }
    running.removeAll()
  }

  /// The process ids of the programs that run.
  package var processes: [Int32] { running.values.map(\.process.pid) }

  private func place(of name: String, in running: Running) throws(ReachError) -> SocksProxy {
    guard let place = running.clients[name] else { throw .noTransport }
    return place
  }

  private func start(_ index: Int) async -> Running? {
    var environment = Self.environment(state: state)
    environment["TOR_PT_CLIENT_TRANSPORTS"] = programs[index].names.joined(separator: ",")
    if let proxy { environment["TOR_PT_PROXY"] = proxy.text }
    let started = await Self.start(
      programs[index].command, environment, TransportNegotiation(needsProxy: proxy != nil))
    starting[index] = nil
    guard let (process, negotiation, rest) = started else {
      failed(index)
      return nil
    }
    guard !isStopped else {
      await process.stop()
      return nil
    }
    let running = Running(process: process, clients: negotiation.clients)
    self.running[index] = running
    idleUntil[index] = nil
    // What it says later is of no use here, but must be read; its end must be seen.
    Task {
      for await _ in rest {}
      await process.stop()
      ended(index, process)
    }
    return running
  }

  private func ended(_ index: Int, _ process: LeashedProcess) {
    guard running[index]?.process === process else { return }
    running[index] = nil
    failed(index)
  }

  private func failed(_ index: Int) {
    let count = failures[index, default: 0]
    failures[index] = min(count + 1, 6)
    idleUntil[index] = ContinuousClock.now + .seconds(1 << count)
  }

  /// Starts a program and listens until it says that it is ready.
  static func start(
    _ command: [String], _ environment: [String: String], _ negotiation: TransportNegotiation
  ) async -> (LeashedProcess, TransportNegotiation, AsyncStream<String>)? {
    guard let process = await LeashedProcess.start(command, environment: environment) else {
      return nil
    }
    let alarm = Task {
      try await Task.sleep(for: patience)
      process.kill()
    }
    defer { alarm.cancel() }
    var negotiation = negotiation
    for await line in process.lines {
      negotiation.hear(line)
      if negotiation.outcome != .pending { break }
    }
    guard negotiation.outcome == .ready else {
      await process.stop()
      return nil
    }
    return (process, negotiation, process.lines)
  }

  /// What both sides of a transport are told.
  static func environment(state: String) -> [String: String] {
    [
      "TOR_PT_MANAGED_TRANSPORT_VER": "1", "TOR_PT_STATE_LOCATION": state,
      "TOR_PT_EXIT_ON_STDIN_CLOSE": "1", "HOME": state, "PATH": "/usr/local/bin:/usr/bin:/bin",
    ]
  }

  /// A program that is not ready by then will not be. A guess.
  private static let patience = Duration.seconds(10)
}
