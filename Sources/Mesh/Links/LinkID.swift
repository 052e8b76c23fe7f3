package import Wire

/// One link, from its handshake to its end.
///
/// A new handshake with the same node is a new link.
package struct LinkID: Hashable, Comparable, Sendable {
  /// Counts up over the life of the node: the order in which links came into being.
  package let serial: UInt32
  let slot: UInt16

  package init(serial: UInt32, slot: UInt16) {
    self.serial = serial
    self.slot = slot
  }

  package static func < (left: Self, right: Self) -> Bool { left.serial < right.serial }
}

/// What happened to links, for the owner to drain after each call.
package enum LinkEvent: Hashable, Sendable {
  /// `dialled` is what this node dialled, with the endpoint that answered in front; nil when the
  /// peer dialled.
  case up(LinkID, NodeID, dialled: Contact?)
  case down(LinkID, NodeID, LinkEnd)
  /// A watched link is silent; ``recovered(_:)`` or ``down(_:_:_:)`` follows.
  case suspect(LinkID)
  case recovered(LinkID)
  /// Nobody answered a dial.
  case failed(NodeID)
  /// The address at which a peer sees us.
  case reflected(Endpoint, from: NodeID)
  /// The peer moved to another address.
  case roamed(LinkID)
  /// Somebody made a link from an address to which nothing had been sent.
  case called(LinkID)
}

/// Why a link ended.
package enum LinkEnd: Hashable, Sendable {
  case closedHere(UInt8)
  case closedByPeer(UInt8)
  /// Nothing valid arrived for too long.
  case silent
  /// We dialled, and the peer never confirmed.
  case unanswered
  /// Another link to the same node took its place.
  case replaced
  /// Mail stayed unacknowledged, or more waited than may.
  case undelivered
  /// The peer broke the record format; it is refused for a while.
  case malformed
  /// No new keys in time.
  case unkeyed
}

/// Close reasons that belong to the link itself; owners use 2 and up.
package enum CloseReason {
  package static let leaving: UInt8 = 0
  package static let malformed: UInt8 = 1
}

/// What a link has measured.
package struct LinkStatistics: Hashable, Sendable {
  /// Smoothed round trip in microseconds; nil before the first measurement.
  package var rtt: Int64?
  /// Datagrams lost on the way to us, per thousand of the last 256.
  package var lossPermille = 0
  package var datagramsIn: UInt64 = 0
  package var datagramsOut: UInt64 = 0
  package var bytesIn: UInt64 = 0
  package var bytesOut: UInt64 = 0
  /// Sent by a clock, in one size.
  package var isCovered = false
  /// So does the peer, by what came of late.
  package var isPeerCovered = false
}
