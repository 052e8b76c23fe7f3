// SPDX-License-Identifier: Apache-2.0
package import Wire

/// Which nodes have a tunnel, whatever the order in which openings and endings come to be known.
///
/// A stream may end before anybody noted that it was open, and the kernel gives its port to the
/// next one at once. So tunnels are told apart by a number of their own.
package struct TunnelBook: Sendable {
  private var opening: Set<NodeID> = []
  private var open: [NodeID: OpenTunnel] = [:]
  /// Ended before they were noted.
  private var endedEarly: Set<UInt64> = []

  package init() {}

  /// Whether a tunnel to `node` is to be opened: there is none, and none is being opened.
  package mutating func begin(_ node: NodeID) -> Bool {
    open[node] == nil && opening.insert(node).inserted
  }

  /// False when the tunnel is over already.
  package mutating func opened(_ node: NodeID, _ tunnel: OpenTunnel) -> Bool {
    opening.remove(node)
    let isOver = endedEarly.remove(tunnel.number) != nil
    if opening.isEmpty { endedEarly.removeAll() }
    if !isOver { open[node] = tunnel }
    return !isOver
  }

  package mutating func failed(_ node: NodeID) {
    opening.remove(node)
    if opening.isEmpty { endedEarly.removeAll() }
  }

  /// Whether it had been noted.
  package mutating func ended(_ tunnel: OpenTunnel) -> Bool {
    if let node = open.first(where: { $0.value.number == tunnel.number })?.key {
      open[node] = nil
      return true
    }
    if !opening.isEmpty { endedEarly.insert(tunnel.number) }
    return false
  }

  /// The tunnel behind a port.
  package func tunnel(at port: UInt16) -> OpenTunnel? { open.values.first { $0.port == port } }
}

/// A tunnel that was opened: the port on 127.0.0.1 that the node dials, and a number that no other
/// tunnel ever has.
package struct OpenTunnel: Hashable, Sendable {
  package let number: UInt64
  package let port: UInt16

  package init(number: UInt64, port: UInt16) {
    self.number = number
    self.port = port
  }
}
