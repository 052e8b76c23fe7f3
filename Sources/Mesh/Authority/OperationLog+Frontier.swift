import OrderedCollections
package import Wire

/// What a speaker had applied when it announced a key, and whether another node has applied it too:
/// a node that has not could hand the key to somebody who was removed.
extension OperationLog {
  /// Heads of the logs that ever shut somebody out, the most senior first, as many as an
  /// announcement holds. A contradicted log is named by its proof.
  package func frontier() -> [OperationReference] {
    let restrictive = named.filter { chain in
      chain.fork != nil && authors[chain.author]?.moderates == true
        || chain.operations.contains { $0.operation.kind.limitsHearing }
    }
    let inOrder = restrictive.sorted {
      (path($0.author), $0.author) < (path($1.author), $1.author)
    }
    return inOrder.prefix(KeyAnnouncement.frontierMaximum).compactMap { chain in
      if let fork = chain.fork { return LoggedOperation(fork.first).reference }
      return chain.operations.last?.reference
    }
  }

  /// Whether all that `frontier` names counts here as well, or is void.
  package func covers(_ frontier: [OperationReference]) -> Bool {
    let chains = chainsByID()
    return frontier.allSatisfy { reference in
      (chains[reference.author] ?? []).contains { chain in
        if let fork = chain.fork, reference.sequence >= fork.sequence { return true }
        return chain[reference.sequence]?.hash.high == reference.head
      }
    }
  }
}
