/// Where a power stands among all powers of a room: the smaller, the more senior.
///
/// Hosts come first, in order of their terms; then those who were host; then moderators by the path
/// of grants that leads to them. No clock is asked: an earlier grant of one author is senior to its
/// later ones, and whoever grants is senior to whom it grants.
package struct Rank: Hashable, Comparable, Sendable {
  private static let hosts: UInt32 = 0
  private static let formerHosts: UInt32 = 1
  private static let granted: UInt32 = 2

  package let path: [UInt32]

  static func host(term: UInt32) -> Rank { Rank(path: [hosts, term]) }

  static func formerHost(term: UInt32) -> Rank { Rank(path: [formerHosts, term]) }

  /// Of whom the holder of this rank makes moderator by its operation number `sequence`.
  func granting(_ sequence: UInt32) -> Rank {
    path.first == Self.hosts
      ? Rank(path: [Self.granted] + path.dropFirst() + [sequence]) : Rank(path: path + [sequence])
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.path.lexicographicallyPrecedes(right.path)
  }
}
