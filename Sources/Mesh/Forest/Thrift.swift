package import Wire

/// Whether this node's line carries both trees. Each brings the whole of what is said, so on a line
/// that is too thin for two one is better than two of which a part is lost.
///
/// That both lose is no proof: the air may be bad, where two are better than one. So one is let go
/// on trial, and taken back at once unless the other then brings all.
package struct Thrift {
  /// Whether one tree is done without, and until when.
  package enum State {
    case both
    /// The tree was let go; judged at that moment.
    case trying(Tree, until: Instant)
    /// One is enough; the other is tried again then.
    case one(Tree, until: Instant)
  }

  package private(set) var state = State.both
  /// Packets the parents brought since the last look, by tree.
  package var arrived = [0, 0]
  private var strained = 0
  private var notBefore = Instant(nanoseconds: 0)
  /// Since when both trees have come through.
  private var goodSince: Instant?
  private var doublings = 0

  package init() {}

  /// The tree that does without a parent.
  package var spared: Tree? {
    switch state {
    case .both: nil
    case .trying(let tree, _), .one(let tree, _): tree
    }
  }

  /// What a look says.
  package enum Verdict {
    case asBefore
    /// The line seems too thin.
    case letGo
    case takeBack
  }

  /// `due`: packets that each tree should have brought since the last look; `canSpare`: the tree
  /// that may be let go.
  package mutating func look(
    due: Int, canSpare: Tree?, at now: Instant, _ settings: ThriftSettings
  ) -> Verdict {
    let brought = arrived
    arrived = [0, 0]
    // Of silence nothing can be learnt.
    guard due >= settings.fewest else {
      return isOver(at: now) ? takeBack(at: now, settings) : .asBefore
    }
    let shares = brought.map { $0 * 1_000 / due }
    switch state {
    case .both: return weigh(shares, canSpare, at: now, settings)
    case .trying(let tree, let until):
      guard until <= now else { return .asBefore }
      guard shares[Int(tree.other.rawValue)] >= settings.enough else {
        return takeBack(at: now, settings)
      }
      strained = 0
      state = .one(tree, until: now + span(settings))
    case .one(let tree, let until):
      strained = shares[Int(tree.other.rawValue)] < settings.lost ? strained + 1 : 0
      if until <= now || strained >= settings.looks { return takeBack(at: now, settings) }
    }
    return .asBefore
  }

  private func isOver(at now: Instant) -> Bool {
    switch state {
    case .both: false
    case .trying(_, let until), .one(_, let until): until <= now
    }
  }

  /// The line must be strained again before a tree is let go again.
  package mutating func takeBack(at now: Instant, _ settings: ThriftSettings) -> Verdict {
    state = .both
    strained = 0
    goodSince = nil
    notBefore = now + settings.rest
    doublings = min(doublings + 1, settings.doublings)
    return .takeBack
  }

  package mutating func letGo(_ tree: Tree, at now: Instant, _ settings: ThriftSettings) {
    state = .trying(tree, until: now + settings.trial)
    strained = 0
  }

  private mutating func weigh(
    _ permille: [Int], _ canSpare: Tree?, at now: Instant, _ settings: ThriftSettings
  ) -> Verdict {
    let isStrained = permille.allSatisfy { $0 < settings.strained } && permille.contains { $0 > 0 }
    strained = isStrained ? strained + 1 : 0
    forgive(isStrained, at: now, settings)
    guard strained >= settings.looks, now >= notBefore, canSpare != nil else { return .asBefore }
    return .letGo
  }

  /// How long the line is left with one, the next time.
  private func span(_ settings: ThriftSettings) -> Duration { settings.spare * (1 << doublings) }

  /// A line that has carried both for as long as it would be left with one is another line.
  private mutating func forgive(_ isStrained: Bool, at now: Instant, _ settings: ThriftSettings) {
    guard !isStrained else { return goodSince = nil }
    let since = goodSince ?? now
    goodSince = since
    if now >= since + span(settings) { doublings = 0 }
  }
}
