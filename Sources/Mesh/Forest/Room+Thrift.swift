import Wire

/// One tree instead of two where the line is too thin for both.
extension Room {
  /// Once a second.
  func weighLine(_ ctx: inout Context) {
    let settings = ctx.settings.forest.thrift
    let spare = canSpare(ctx)
    switch forest.thrift.look(due: packetsDue(), canSpare: spare, at: ctx.now, settings) {
    case .asBefore: break
    case .letGo:
      if let spare { letGo(spare, &ctx) }
    case .takeBack: seekAll(&ctx)
    }
    if let spared = forest.thrift.spared, forest.slots[Int(spared.other.rawValue)].parent == nil {
      _ = forest.thrift.takeBack(at: ctx.now, settings)
      seekAll(&ctx)
    }
  }

  /// By what is known to have been said: who pauses makes no line thin.
  private func packetsDue() -> Int {
    var frames = 0
    for stream in streams where !stream.isOwn {
      if stream.weighed > 0, stream.highest > stream.weighed {
        frames += Int(stream.highest - stream.weighed)
      }
      stream.weighed = stream.highest
    }
    return frames / 2
  }

  private func seekAll(_ ctx: inout Context) {
    for tree in Tree.allCases { seek(tree, &ctx) }
  }

  /// A tree in which nobody hangs on us, while both have parents; the slower of two.
  private func canSpare(_ ctx: borrowing Context) -> Tree? {
    let settled = ctx.settings.forest.thrift.settled
    guard forest.slots.allSatisfy({ $0.parent != nil && ctx.now >= $0.since + settled }) else {
      return nil
    }
    let free = Tree.allCases.filter { forest.lasting($0) == 0 }
    return free.max { way($0, ctx) ?? 0 < way($1, ctx) ?? 0 }
  }

  private func letGo(_ tree: Tree, _ ctx: inout Context) {
    let index = Int(tree.rawValue)
    guard let parent = forest.slots[index].parent else { return }
    forest.thrift.letGo(tree, at: ctx.now, ctx.settings.forest.thrift)
    endDoubt(tree, keep: nil, &ctx)
    endDoubt(tree.other, keep: nil, &ctx)
    release(parent, tree, &ctx)
    detach(tree, &ctx)
    forest.slots[index].asking = nil
    forest.slots[index].standbys = []
    ctx.note(.spared)
  }
}
