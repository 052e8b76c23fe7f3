import Keys
import OrderedCollections
import Wire

/// Which way news goes that everybody has to have: operations, and announcements of keys.
///
/// While somebody is heard, one tree reaches everybody, each node once, as fast as sound does. What
/// a node misses while its place in the tree changes is made up for by comparison with the new
/// parent. At all other times, and at nodes that the tree does not feed, news goes to all
/// neighbours of the overlay.
extension Room {
  /// The tree of the even frames: one of the two is enough, and it has to be the same for all.
  private static let newsTree = Tree.a
  /// Whoever heard nothing for so long does not rely on the tree. A guess: ten frames.
  private static let hearsay: Duration = .milliseconds(200)
  /// Frames by which the tree may be late. A guess: as many as bring a parent in doubt, and two.
  private static let lateness: UInt32 = 8

  func newsLinks(except source: LinkID?, _ ctx: borrowing Context) -> [LinkID] {
    let links = isFed(ctx) ? Array(treeLinks) : Array(overlay.active)
    return links.filter { $0 != source }
  }

  /// Whether sound shows that the tree reaches us now.
  func isFed(_ ctx: borrowing Context) -> Bool {
    let slot = forest.slots[Int(Room.newsTree.rawValue)]
    let isRoot = me.presence.flags.contains(.root)
    guard isRoot || (slot.parent != nil && slot.doubt == nil) else { return false }
    return streams.contains { stream in
      ctx.now < stream.lastArrival + Room.hearsay
        && (isRoot
          || stream.primary[Int(Room.newsTree.rawValue)] + Room.lateness >= stream.highest)
    }
  }

  /// Up, down, and to the other roots.
  private var treeLinks: OrderedSet<LinkID> {
    let index = Int(Room.newsTree.rawValue)
    var chosen = OrderedSet(forest.children[index].map(\.link))
    if let parent = forest.slots[index].parent { chosen.append(parent) }
    if me.presence.flags.contains(.root) {
      for peer in links.values where roster[peer.session]?.isRoot == true {
        chosen.append(peer.link)
      }
    }
    return chosen
  }

  /// What the tree did not bring somebody, the next comparison does; it is due soon after news
  /// rather than at any time, and costs no more then.
  func compareAfterNews(_ ctx: inout Context) {
    let pause = ctx.settings.presence.compareAfterNews
    let jitter = Int64(ctx.entropy.below(UInt64(pause.nanoseconds)))
    nextCompare = min(nextCompare, ctx.now + pause + .nanoseconds(jitter))
  }
}
