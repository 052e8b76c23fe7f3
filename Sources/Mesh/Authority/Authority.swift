import OrderedCollections
package import Wire

/// The one function that says what a set of signed operations comes to.
package enum Authority {
  /// - Parameters:
  ///   - operations: of this room and rightly signed, in any order, repeated or not.
  ///   - now: milliseconds since 1970.
  package static func standing(
    of genesis: Genesis, room: RoomID, operations: some Sequence<LoggedOperation>, at now: UInt64,
    settings: AuthoritySettings = AuthoritySettings()
  ) -> Standing {
    let inOrder = operations.sorted { $0.operation.author < $1.operation.author }
    var chains: [LogChain] = []
    for part in inOrder.chunked(by: { $0.operation.author == $1.operation.author }) {
      guard let author = part.first?.operation.author else { continue }
      let limit =
        author == genesis.creator ? settings.operationsOfCreator : settings.operationsOfAuthor
      chains.append(LogChain(author: author, from: Array(part), limit: limit))
    }
    return standing(of: genesis, room: room, chains: chains, at: now, settings: settings)
  }

  static func standing(
    of genesis: Genesis, room: RoomID, chains: some Sequence<LogChain>, at now: UInt64,
    settings: AuthoritySettings
  ) -> Standing {
    let chains = named(chains, creator: genesis.creator)
    let latest = now + UInt64(settings.clockSkew.milliseconds)
    let past = Causality(chains, latest: latest)
    let evaluation = Evaluation(past, creator: genesis.creator, settings: settings)
    var standing = Tally(evaluation, genesis: genesis, room: room, at: now).result()
    // What is dated ahead begins to count later.
    for chain in chains {
      let first = chain.operations.first { $0.operation.time > latest }
      guard let due = first.map({ $0.operation.time - (latest - now) }) else { continue }
      standing.nextChange = min(standing.nextChange ?? due, due)
    }
    return standing
  }

  /// Logs of people whom somebody in the same state named: of others nothing is looked at.
  static func named(
    _ chains: some Sequence<LogChain>, creator: PersonaID
  ) -> [LogChain] {
    var left: OrderedDictionary<PersonaID, LogChain> = [:]
    for chain in chains { left[chain.author] = chain }
    var named: [LogChain] = []
    var next = [creator]
    while let author = next.popLast() {
      guard let chain = left.removeValue(forKey: author) else { continue }
      named.append(chain)
      for logged in chain.operations where logged.operation.kind.namesAuthor {
        next.append(logged.operation.person)
      }
    }
    return named
  }
}

extension Array {
  /// Runs of neighbours for which `belong` holds.
  fileprivate func chunked(by belong: (Element, Element) -> Bool) -> [ArraySlice<Element>] {
    var chunks: [ArraySlice<Element>] = []
    var start = startIndex
    for index in indices.dropFirst() where !belong(self[index - 1], self[index]) {
      chunks.append(self[start..<index])
      start = index
    }
    if start < endIndex { chunks.append(self[start...]) }
    return chunks
  }
}
