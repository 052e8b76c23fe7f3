package import Mesh

/// How often each thing happened: notes of the mesh, datagrams, clients of the control socket.
///
/// Nothing in it says who or where.
package struct Counters: Sendable {
  private var drops = [UInt64](repeating: 0, count: Drop.allCases.count)
  private var others: [String: UInt64] = [:]

  package init() {}

  package mutating func count(_ note: Note) {
    guard case .drop(let drop) = note else {
      others["\(note)", default: 0] &+= 1
      return
    }
    drops[Self.index[drop] ?? 0] &+= 1
  }

  package mutating func count(_ name: String) { others[name, default: 0] &+= 1 }

  /// Everything that happened at least once.
  package func all(_ tally: UDPSocket.Tally) -> [String: UInt64] {
    var all = others
    for (drop, count) in zip(Drop.allCases, drops) where count > 0 {
      all["drop.\(drop.rawValue)"] = count
    }
    let datagrams: [(String, UInt64)] = [
      ("udp.received", tally.received), ("udp.sent", tally.sent),
      ("udp.bytesReceived", tally.bytesReceived), ("udp.bytesSent", tally.bytesSent),
      ("udp.oversized", tally.oversized), ("udp.congested", tally.congested),
      ("udp.unreachable", tally.unreachable), ("udp.tooLong", tally.tooLong),
    ]
    for (name, count) in datagrams { all[name] = count }
    return all
  }

  private static let index = Dictionary(
    uniqueKeysWithValues: Drop.allCases.enumerated().map { ($1, $0) })
}
