import Wire

/// A home router: which outer port a datagram leaves by, and what is let in (RFC 4787).
struct NATBox {
  private struct Mapping {
    let port: UInt16
    /// Set where each destination has a mapping of its own.
    let target: Endpoint?
    var usedAt: Int64
    /// Destinations sent to by this port, and when last.
    var sentTo: [(endpoint: Endpoint, at: Int64)]
  }

  private let kind: Topology.NATKind
  private var mappings: [Mapping] = []
  private var nextPort: UInt16

  init(_ kind: Topology.NATKind, firstPort: UInt16) {
    self.kind = kind
    nextPort = firstPort
  }

  var count: Int { mappings.count }

  /// The port by which a datagram to `target` leaves.
  mutating func leave(to target: Endpoint, at now: Int64) -> UInt16 {
    mappings.removeAll { $0.usedAt + kind.timeout < now }
    let wanted = kind.mapping == .dependent ? target : nil
    let index: Int
    if let found = mappings.firstIndex(where: { $0.target == wanted }) {
      index = found
    } else {
      index = mappings.count
      mappings.append(Mapping(port: nextPort, target: wanted, usedAt: now, sentTo: []))
      nextPort = nextPort == .max ? 20_000 : nextPort + 1
    }
    mappings[index].usedAt = now
    if let known = mappings[index].sentTo.firstIndex(where: { $0.endpoint == target }) {
      mappings[index].sentTo[known].at = now
    } else {
      let oldest = now - kind.timeout
      mappings[index].sentTo.removeAll { $0.at < oldest }
      mappings[index].sentTo.append((target, now))
    }
    return mappings[index].port
  }

  /// Whether a datagram from `source` to the outer `port` reaches the node inside.
  func admits(_ source: Endpoint, to port: UInt16, at now: Int64) -> Bool {
    guard let mapping = mappings.first(where: { $0.port == port }),
      mapping.usedAt + kind.timeout >= now
    else { return false }
    let oldest = now - kind.timeout
    switch kind.filtering {
    case .none: return true
    case .address:
      return mapping.sentTo.contains { $0.endpoint.address == source.address && $0.at >= oldest }
    case .port: return mapping.sentTo.contains { $0.endpoint == source && $0.at >= oldest }
    }
  }
}
