import Wire

/// At which addresses neighbours see this node, and which of these are believed.
struct Sightings {
  private struct Sighting {
    let endpoint: Endpoint
    let by: NodeID
    /// Nil as long as there is a link to whoever saw it.
    var until: Instant?
  }

  /// As many neighbours as are listened to, and addresses believed at once. Guesses: IPv4 and IPv6.
  private static let most = 16
  private static let mostBelieved = 2
  /// Peers that must have said where they see us: who has two neighbours has no third to ask. One
  /// that lies is found out by the next.
  private static let enough = 2

  private var all: [Sighting] = []
  /// Latest first.
  private(set) var believed: [Endpoint] = []

  /// Two neighbours that see us at the same address are believed; returns whether that is news.
  mutating func saw(_ endpoint: Endpoint, by node: NodeID) -> Bool {
    all.removeAll { $0.by == node }
    all.append(Sighting(endpoint: endpoint, by: node))
    if all.count > Self.most { all.removeFirst() }
    let before = believed
    forgetUnseen()
    if !believed.contains(endpoint), all.count(where: { $0.endpoint == endpoint }) >= 2 {
      believed.insert(endpoint, at: 0)
      if believed.count > Self.mostBelieved { believed.removeLast() }
    }
    return believed != before
  }

  /// What a neighbour saw holds for a while after its link.
  mutating func lost(_ node: NodeID, until: Instant) {
    for index in all.indices where all[index].by == node { all[index].until = until }
  }

  /// Returns whether an address that nobody has seen for long was given up.
  mutating func expire(at now: Instant) -> Bool {
    all.removeAll { sighting in sighting.until.map { $0 <= now } ?? false }
    let before = believed
    forgetUnseen()
    return believed != before
  }

  /// What is between this node, which is at `places`, and those who see it.
  ///
  /// Who is on the same cable tells nothing about the world, and a forwarded port that the settings
  /// name is as good as an own address.
  func translation(isIPv4: Bool, places: [Endpoint]) -> Translation {
    let seen = all.map(\.endpoint).filter { ($0.ipv4 != nil) == isIPv4 && !$0.isPrivate }
    let own = seen.count(where: places.contains)
    let others = seen.filter { !places.contains($0) }
    guard max(own, others.count) >= Self.enough else { return .unknown }
    if own >= others.count { return .none }
    let most = others.map { one in others.count { $0 == one } }.max() ?? 0
    return most >= 2 && most * 2 >= others.count ? .independent : .dependent
  }

  private mutating func forgetUnseen() {
    believed.removeAll { endpoint in !all.contains { $0.endpoint == endpoint } }
  }
}
