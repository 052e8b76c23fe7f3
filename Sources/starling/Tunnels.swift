// SPDX-License-Identifier: Apache-2.0
import Logging
import Mesh
import Node
import Reach
import Synchronization
import Wire

/// Opens the tunnels that the mesh wishes for, one to a node at a time, and tells it when they end.
final class Tunnels: Sendable {
  private let host: Host
  private let clients: TunnelClients
  private let logger: Logger
  /// Being opened or open, and the port of those that are.
  private let nodes: Mutex<[NodeID: UInt16?]>

  init(host: Host, nodePort: UInt16, logger: Logger) {
    let ended = AsyncStream.makeStream(of: UInt16.self)
    self.host = host
    self.logger = logger
    nodes = Mutex([:])
    clients = TunnelClients(nodePort: nodePort) { ended.continuation.yield($0) }
    Task { [weak self] in
      for await port in ended.stream { await self?.ended(port) }
    }
  }

  /// A wish that was granted, or is being granted, is no second one.
  func want(_ wish: TunnelWish) {
    let isNew = nodes.withLock { nodes in
      guard nodes[wish.node] == nil else { return false }
      nodes[wish.node] = .some(nil)
      return true
    }
    guard isNew else { return }
    Task { await open(wish) }
  }

  private func open(_ wish: TunnelWish) async {
    do throws(ReachError) {
      let port = try await clients.open(wish.address)
      nodes.withLock { $0[wish.node] = .some(port) }
      await host.tunnelOpened(to: wish.node, port: port)
      logger.debug("A tunnel is open.")
    } catch {
      nodes.withLock { _ = $0.removeValue(forKey: wish.node) }
      logger.info("A tunnel could not be opened.", metadata: ["reason": "\(error)"])
    }
  }

  private func ended(_ port: UInt16) async {
    nodes.withLock { nodes in nodes = nodes.filter { $0.value != port } }
    await host.tunnelClosed(port: port)
  }
}
