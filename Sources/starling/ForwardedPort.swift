import Logging
import Node
import Reach
import Wire

/// The router's port of a running node, looked after by a process of its own.
struct ForwardedPort {
  private let process: LeashedProcess
  private let reading: Task<Void, Never>

  /// Nil when the settings do not want one, or no process can be started.
  static func open(
    _ settings: Configuration, host: Host, port: UInt16, logger: Logger
  ) async -> ForwardedPort? {
    guard settings.forward else { return nil }
    let command = [
      "/proc/self/exe", "forward", "--json", "--stop-with-stdin", "--port", String(port),
    ]
    guard let process = await LeashedProcess.start(command, environment: [:]) else {
      logger.warning("The router is not asked: no process can be started.")
      return nil
    }
    let reading = Task {
      for await line in process.lines {
        guard let report = Line.decode(Array(line.utf8), as: ForwardReport.self) else { continue }
        if let endpoint = report.outside.flatMap(Self.endpoint) {
          logger.notice("The router forwards this node's port.")
          await host.forwarded(.open(endpoint))
        } else {
          logger.notice("The router forwards nothing: starling doctor says why.")
          await host.forwarded(.failed(report.sentence))
        }
      }
      guard !Task.isCancelled else { return }
      logger.warning("The process that asks the router has ended.")
      await host.forwarded(.failed("The process that asks the router has ended."))
    }
    return ForwardedPort(process: process, reading: reading)
  }

  /// The port is taken back.
  func close() async {
    reading.cancel()
    await reading.value
    await process.stop()
  }

  /// A router's port cannot be that of a node which nobody may call.
  static func objection(_ settings: Configuration) -> Failure? {
    guard settings.forward else { return nil }
    if settings.proxy != nil { return Failure(.setup, "With a proxy no port is forwarded.") }
    guard settings.bind.isLoopback else { return nil }
    return Failure(.setup, "A node at 127.0.0.1 cannot be reached through a router.")
  }

  private static func endpoint(_ text: String) -> Endpoint? {
    (try? PeerAddress.hostAndPort(Substring(text).utf8)).flatMap {
      Endpoint(host: $0.host, port: $0.port)
    }
  }
}
