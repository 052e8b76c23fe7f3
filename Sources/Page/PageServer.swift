// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
package import Node
package import Wire

/// The page and its interface for programs, served to this machine by the node itself.
///
/// Reading order, in the direction a request travels: ``Crowd`` (how many may come) → ``Gate`` (who
/// may ask) → ``Reception`` (files) or ``Bridge`` (a WebSocket, joined to the control socket). What
/// may be asked there is the control socket's matter: `docs/protocol/7-control.md`; how it is asked
/// here, `docs/protocol/10-page.md`. Nothing of the node runs on this target's thread.
package struct PageServer: Sendable {
  /// What opens the page, with the key in its fragment.
  package let link: String
  /// Where it is bound.
  package let port: UInt16
  private let channel: any Channel

  /// Binds, and serves until ``stop()``.
  ///
  /// `control` is the path of the control socket, `isMovable` says that another port will do when
  /// this one is taken.
  package static func start(
    at endpoint: Endpoint, isMovable: Bool = false, key: PageKey, control: String
  ) async throws(Failure) -> PageServer {
    let crowd = Crowd()
    // The port is known only once it is bound, and nothing is accepted before.
    let gate = LateGate()
    let channel: any Channel
    do {
      channel = try await bind(endpoint, crowd, gate, control)
    } catch {
      guard isMovable, let moved = Endpoint(host: endpoint.host, port: 0),
        let second = try? await bind(moved, crowd, gate, control)
      else {
        throw Failure(
          .setup,
          "The page cannot be served at \(endpoint.text). Choose another place with --page, or off."
        )
      }
      channel = second
    }
    let port = UInt16(clamping: channel.localAddress?.port ?? 0)
    let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
    gate.open(Gate(host: host, port: port, key: key))
    return PageServer(
      link: "http://\(host):\(port)/#key=\(key.text)", port: port, channel: channel)
  }

  /// Leaves the link for ``savedLink(folder:)``.
  package func saveLink(folder: String) throws(Failure) {
    do throws(SystemError) {
      try StoredFile.write(Array(link.utf8), to: Self.linkPath(folder))
    } catch {
      throw Failure(.setup, "The link of the page cannot be written: \(error.sentence).")
    }
  }

  /// The link of the page that is served out of this data directory now.
  package static func savedLink(folder: String) throws(Failure) -> String? {
    let path = linkPath(folder)
    guard StoredFile.exists(path) else { return nil }
    do throws(SystemError) {
      return String(validating: try StoredFile.read(path, limit: longestLink), as: UTF8.self)
    } catch {
      throw Failure(.failed, "The link of the page cannot be read: \(error.sentence).")
    }
  }

  /// Closes the door; open connections end with the program.
  package func stop(folder: String) async {
    StoredFile.remove(Self.linkPath(folder))
    try? await channel.close()
  }

  private static func linkPath(_ folder: String) -> String { folder + "/page-link" }

  private static func bind(
    _ endpoint: Endpoint, _ crowd: Crowd, _ gate: LateGate, _ control: String
  ) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: backlog)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: Bridge.waterMark)
      .childChannelInitializer { channel in
        guard let entry = crowd.enter() else {
          return channel.eventLoop.makeFailedFuture(Crowd.Full())
        }
        channel.closeFuture.whenComplete { _ in crowd.leave(entry) }
        guard let gate = gate.gate else {
          return channel.eventLoop.makeFailedFuture(Crowd.Full())
        }
        return channel.eventLoop.makeCompletedFuture {
          try furnish(channel, gate, crowd, entry, control)
        }
      }
      .bind(host: endpoint.host, port: Int(endpoint.port)).get()
  }

  /// HTTP first; a WebSocket when the gate allows it.
  private static func furnish(
    _ channel: any Channel, _ gate: Gate, _ crowd: Crowd, _ entry: Crowd.Entry, _ control: String
  ) throws {
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: Bridge.longestFrame,
      shouldUpgrade: { channel, head in
        let allowed = gate.admits(head) && crowd.promote(entry)
        return channel.eventLoop.makeSucceededFuture(allowed ? Gate.accepted : nil)
      },
      upgradePipelineHandler: { channel, _ in Bridge.join(channel, to: control) })
    let pipeline = channel.pipeline.syncOperations
    // Removed again when a WebSocket takes over.
    try pipeline.addHandler(Patience(), name: Patience.name)
    let reception = Reception(gate)
    let loopBound = NIOLoopBound(reception, eventLoop: channel.eventLoop)
    try pipeline.configureHTTPServerPipeline(
      withServerUpgrade: (
        upgraders: [upgrader],
        completionHandler: { context in
          context.pipeline.syncOperations.removeHandler(loopBound.value, promise: nil)
          context.pipeline.syncOperations.removeHandler(name: Patience.name, promise: nil)
        }
      ))
    try pipeline.addHandler(reception)
  }

  private static let longestLink = 256
  /// Connections the kernel keeps until they are accepted; more than come at once from one browser.
  private static let backlog: Int32 = 64
}
