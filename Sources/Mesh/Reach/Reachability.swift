package import Wire

/// What lies between a node and its peers does with the node's address (RFC 4787 §4.1).
package enum Translation: String, Sendable {
  /// Too few have said where they see it.
  case unknown
  /// They see its own address.
  case none
  /// They all see the same other one: a hole made for one of them has an address for all.
  case independent
  /// Each sees another port: what is called symmetric.
  case dependent

  package var isRouter: Bool { self == .independent || self == .dependent }
}

/// Who may call this node, as far as its peers show it.
package struct Reachability: Hashable, Sendable {
  package var ipv4 = Translation.unknown
  package var ipv6 = Translation.unknown
  /// Somebody it had never written to got through: a public address, or a port that is forwarded.
  package var isFound = false

  package init() {}

  package var isKnown: Bool { ipv4 != .unknown || ipv6 != .unknown }

  /// Only who was written to gets through.
  package var isSheltered: Bool {
    !isFound && (ipv4.isRouter || ipv6.isRouter) && ipv4 != .none && ipv6 != .none
  }

  /// What members are told of it.
  package var flags: Presence.Flags {
    guard isSheltered else { return [] }
    let isShifting = ipv4 != .independent && ipv6 != .independent
    return isShifting ? [.sheltered, .shifting] : .sheltered
  }
}
