package import Wire

/// What the participant wants done, in order. The shell owns one, applies it after each call and
/// empties it with ``removeAll()``, which keeps the memory.
package struct Effects: Sendable {
  package var outbox = Outbox()
  package var events: [Event] = []
  package var notes: [Note] = []
  /// Names of first messages that are being answered. Written down before the outbox is sent and
  /// given to the next ``Participant``, they keep a restarted node silent to recordings.
  package var answered: [UInt64] = []
  /// What has to be on the disk before the outbox is sent, newest last for each room.
  package var keepsakes: [Keepsake] = []
  /// Streams that are wanted: whoever can opens one, puts a local socket before it and says so with
  /// ``Command/tunnelOpened(_:_:)``.
  package var tunnels: [TunnelWish] = []
  /// Local sockets whose streams nobody needs any more: whoever opened them closes them and says so
  /// with ``Command/tunnelClosed(_:)``.
  package var unneeded: [Endpoint] = []
  /// Stamps that are wanted.
  package var stamps: [StampWish] = []

  package init() {}

  package mutating func removeAll() {
    answered.removeAll(keepingCapacity: true)
    keepsakes.removeAll()
    tunnels.removeAll()
    unneeded.removeAll()
    stamps.removeAll()
    outbox.removeAll()
    events.removeAll(keepingCapacity: true)
    notes.removeAll(keepingCapacity: true)
  }
}

/// A node that can be reached, or perhaps only be reached, through a web server.
package struct TunnelWish: Hashable, Sendable {
  package let node: NodeID
  package let address: TunnelAddress
  /// The person named the node, by its address or by a link; else only others say that it is there.
  package let isNamed: Bool

  package init(node: NodeID, address: TunnelAddress, isNamed: Bool = false) {
    self.node = node
    self.address = address
    self.isNamed = isNamed
  }
}

/// Datagrams to send, laid end to end in one buffer so that a fan-out costs no allocation.
package struct Outbox: Sendable {
  /// Where one datagram goes and which bytes of the buffer it is.
  package struct Datagram: Sendable {
    package let target: Endpoint
    package let start: Int
    package let count: Int
  }

  package private(set) var datagrams: [Datagram] = []
  package var bytes: [UInt8] = []

  package init() {}

  /// Declares what was appended to `bytes` since `start` to be one datagram.
  package mutating func finish(from start: Int, to target: Endpoint) {
    datagrams.append(Datagram(target: target, start: start, count: bytes.count - start))
  }

  package mutating func removeAll() {
    datagrams.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }
}
