// Which streams to other nodes are kept, over all rooms.

extension Context {
  /// Streams to parents are there before they are needed; what is of no use to anybody ends.
  mutating func keepTunnels(for rooms: [Room]) {
    for room in rooms { room.keepSecondWays(&self) }
    let parents = rooms.flatMap(\.forest.parents)
    links.tidyPaths(keepingReady: parents, at: now, into: &effects)
  }
}
