// SPDX-License-Identifier: Apache-2.0
import Logging
import Mesh
import Node
import Reach
import Synchronization
import Wire

/// Opens the tunnels that the mesh wishes for, one to a node at a time, closes those nobody needs
/// and tells the mesh when they end.
final class Tunnels: Sendable {
  private enum News: Sendable {
    case opened(NodeID, OpenTunnel)
    case ended(OpenTunnel)
  }

  private let clients: TunnelClients
  private let logger: Logger
  private let book: Mutex<TunnelBook>
  private let news: AsyncStream<News>.Continuation

  init(host: Host, nodePort: UInt16, _ disguises: Disguises, logger: Logger) {
    let (stream, news) = AsyncStream.makeStream(of: News.self)
    self.logger = logger
    self.news = news
    book = Mutex(TunnelBook())
    clients = TunnelClients(
      nodePort: nodePort, proxy: disguises.proxy, transports: disguises.transports
    ) { news.yield(.ended($0)) }
    // One after the other, or the mesh could hear of the end of a port before its beginning.
    Task { [weak self] in
      for await item in stream { await self?.tell(item, host) }
    }
  }

  func take(_ order: Host.TunnelOrder) {
    switch order {
    case .open(let wish):
      // A wish that was granted, or is being granted, is no second one.
      guard book.withLock({ $0.begin(wish.node) }) else { return }
      Task { await open(wish) }
    case .close(let port):
      guard let tunnel = book.withLock({ $0.tunnel(at: port) }) else { return }
      clients.close(tunnel)
    }
  }

  private func open(_ wish: TunnelWish) async {
    do throws(ReachError) {
      let tunnel = try await clients.open(wish.address, isNamed: wish.isNamed)
      news.yield(.opened(wish.node, tunnel))
    } catch {
      book.withLock { $0.failed(wish.node) }
      switch error {
      case .tooOften, .leftAlone: logger.debug("A tunnel is not opened now.")
      default:
        logger.info("A tunnel could not be opened.", metadata: ["reason": "\(error)"])
      }
    }
  }

  private func tell(_ news: News, _ host: Host) async {
    switch news {
    case .opened(let node, let tunnel):
      guard book.withLock({ $0.opened(node, tunnel) }) else { return }
      await host.tunnelOpened(to: node, port: tunnel.port)
      logger.debug("A tunnel is open.")
    case .ended(let tunnel):
      guard book.withLock({ $0.ended(tunnel) }) else { return }
      await host.tunnelClosed(port: tunnel.port)
    }
  }
}
