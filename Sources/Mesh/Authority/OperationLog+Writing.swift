import Keys
import OrderedCollections
package import Wire

/// Operations of the own person: filled in, and tried before they are signed.
extension OperationLog {
  /// The next operation of `author`, unsigned: linked to its log and naming what it has seen.
  ///
  /// - Parameter cutAt: for REVOKE, REMOVE and CUT, the subject's last operation that shall count;
  ///   all that are known when nil.
  package func draft(
    _ kind: OperationKind, by author: PersonaID, about subject: Bytes32, argument: UInt32 = 0,
    lifetimeSeconds: UInt32 = 0, cutAt: UInt32? = nil, at now: Instant
  ) -> RoomOperation {
    let own = chains[author]
    var operation = RoomOperation(
      kind: kind, room: room, author: author, sequence: (own?.count ?? 0) + 1,
      previous: own?.head ?? .zero, time: now.milliseconds, subject: subject, argument: argument,
      lifetimeSeconds: lifetimeSeconds, seen: news(for: author, about: subject))
    if kind.hasCut {
      let victim = chains[PersonaID(subject)]
      let last = min(cutAt ?? .max, victim?.count ?? 0)
      operation.argument = last
      operation.cut = victim?[last]?.hash ?? .zero
    }
    return operation
  }

  /// Whether it would count, were it signed and inserted, and there are not too many moderators.
  package func wouldCount(_ operation: RoomOperation, at now: Instant) -> Bool {
    guard operation.isWellFormed, operation.room == room else { return false }
    let logged = LoggedOperation(operation)
    var chain = chains[operation.author] ?? LogChain(author: operation.author)
    guard case .extends = chain.link(logged) else { return false }
    chain.append(logged)
    var chains = chains
    chains[operation.author] = chain
    let past = Causality(
      chains.values, latest: now.milliseconds + UInt64(settings.clockSkew.milliseconds))
    let evaluation = Evaluation(past, creator: genesis.creator, settings: settings)
    guard let node = past.node(operation.author, operation.sequence) else { return false }
    return evaluation.verdicts[node] == .counts && leavesRoom(operation, at: now)
  }

  /// Others do not count moderators: that would depend on what each had seen.
  private func leavesRoom(_ operation: RoomOperation, at now: Instant) -> Bool {
    guard operation.kind == .grantModerator else { return true }
    let standing = Authority.standing(
      of: genesis, room: room, chains: chains.values, at: now.milliseconds, settings: settings)
    return standing.moderators.count < settings.moderators
      || standing.moderators.contains(operation.person)
  }

  /// Newest operations of others that `author` has not named itself.
  ///
  /// Each is named directly, though another may imply it: what is known through somebody's log is
  /// lost with that log. Those who spoke about the subject come first, then the senior.
  private func news(for author: PersonaID, about subject: Bytes32) -> [OperationReference] {
    var named: OrderedSet<OperationReference> = []
    for logged in chains[author]?.operations ?? [] { named.formUnion(logged.operation.seen) }
    let unnamed = chains.values.filter {
      guard let last = $0.operations.last, $0.author != author else { return false }
      return !named.contains(last.reference)
    }
    let inOrder = unnamed.sorted { left, right in
      let (one, other) = (speaks(left, about: subject), speaks(right, about: subject))
      if one != other { return one }
      return (path(left.author), left.author) < (path(right.author), right.author)
    }
    return inOrder.prefix(RoomOperation.seenMaximum).compactMap { $0.operations.last?.reference }
  }

  private func speaks(_ chain: LogChain, about subject: Bytes32) -> Bool {
    chain.author.raw == subject || chain.operations.contains { $0.operation.subject == subject }
  }

  func path(_ author: PersonaID) -> Rank { authors[author]?.path ?? Rank(path: [.max]) }
}
