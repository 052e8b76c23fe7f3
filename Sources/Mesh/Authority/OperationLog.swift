import Keys
import OrderedCollections
package import Wire

/// All logs of a room as one node holds them, one operation at a time, and what they come to.
package struct OperationLog: Sendable {
  /// What became of an operation.
  package enum Outcome: Hashable, Sendable {
    /// It counts from now on, and these with it that waited for it: to be passed on.
    case accepted([RoomOperation])
    /// Kept until what comes before it is here.
    case waiting
    /// Its author contradicted itself: both operations are to be passed on.
    case equivocation(Equivocation)
    /// Of another log of the author than ours: these would show where they part.
    case diverges(OperationWant.Range)
    case dropped(OperationDrop)
  }

  package let genesis: Genesis
  package let room: RoomID
  package let settings: AuthoritySettings
  let verify: @Sendable (RoomOperation) -> Bool

  private(set) var chains: OrderedDictionary<PersonaID, LogChain> = [:]
  /// Who may write, how senior whoever said so, and whether as a moderator.
  private(set) var authors: OrderedDictionary<PersonaID, (path: Rank, moderates: Bool)>
  private(set) var waiting: OrderedDictionary<Bytes16, LoggedOperation> = [:]
  private(set) var count = 0
  private var cached: (standing: Standing, at: UInt64)?
  private var reported: Standing

  /// - Parameter verify: whether an operation is rightly signed; asked once for each.
  package init(
    genesis: Genesis, settings: AuthoritySettings = AuthoritySettings(),
    verify: @escaping @Sendable (RoomOperation) -> Bool = {
      LoggedOperation.hasGoodSignature($0)
    }
  ) {
    self.genesis = genesis
    self.settings = settings
    self.verify = verify
    room = Charter.id(of: genesis.unsigned)
    authors = [genesis.creator: (.host(term: 0), true)]
    reported = Standing(room: room, isOpen: genesis.mode == 0)
  }

  /// Over the operations of people who are named: alike on two nodes that know the same of them.
  package var hash: OperationHash {
    var hash = OperationHash(hash: 0, count: 0)
    for chain in named {
      for logged in chain.operations { hash.hash ^= logged.hash.high }
      hash.hash ^= OperationLog.mark(chain)
      hash.count = UInt16(clamping: Int(hash.count) + chain.operations.count)
    }
    return hash
  }

  /// Logs that are spoken of to others. Those of people whose naming was voided are kept, in case
  /// somebody names them again.
  var named: [LogChain] { Authority.named(chains.values, creator: genesis.creator) }

  package var equivocations: [Equivocation] { chains.values.compactMap(\.fork) }

  /// What counts of one author, oldest first.
  package func operations(of author: PersonaID) -> [RoomOperation] {
    chains[author]?.operations.map(\.operation) ?? []
  }

  package mutating func standing(at now: Instant) -> Standing {
    let moment = now.milliseconds
    if let cached, moment >= cached.at, cached.standing.nextChange.map({ moment < $0 }) ?? true {
      return cached.standing
    }
    let standing = Authority.standing(
      of: genesis, room: room, chains: chains.values, at: moment, settings: settings)
    cached = (standing, moment)
    return standing
  }

  /// What became different since this was last asked.
  package mutating func changes(at now: Instant) -> [Change] {
    let standing = standing(at: now)
    defer { reported = standing }
    return standing.changes(since: reported)
  }

  package mutating func insert(_ operation: RoomOperation, at now: Instant) -> Outcome {
    insert(LoggedOperation(operation), at: now)
  }

  package mutating func insert(_ logged: LoggedOperation, at now: Instant) -> Outcome {
    let operation = logged.operation
    let author = operation.author
    guard operation.room == room else { return .dropped(.wrongRoom) }
    guard operation.isWellFormed else { return .dropped(.malformed) }
    let latest = now.milliseconds + UInt64(settings.clockSkew.milliseconds)
    guard operation.time <= latest else { return .dropped(.fromTheFuture) }
    guard operation.sequence <= limit(of: author) else { return .dropped(.authorFull) }
    let link = link(logged)
    guard link != .duplicate, waiting[logged.hash] == nil else { return .dropped(.duplicate) }
    guard link != .void else { return .dropped(.voidAuthor) }
    guard verify(operation) else { return .dropped(.badSignature) }
    guard authors[author] != nil, link != .ahead else { return wait(logged) }
    return apply(logged, link)
  }

  /// How many operations of one author are kept.
  private func limit(of author: PersonaID) -> UInt32 {
    if author == genesis.creator { return settings.operationsOfCreator }
    guard let known = authors[author], !known.moderates else { return settings.operationsOfAuthor }
    return settings.operationsOfSpeaker
  }

  private func link(_ logged: LoggedOperation) -> LogChain.Link {
    let author = logged.operation.author
    return (chains[author] ?? LogChain(author: author)).link(logged)
  }

  private mutating func wait(_ logged: LoggedOperation) -> Outcome {
    let author = logged.operation.author
    let ofAuthor = waiting.values.count { $0.operation.author == author }
    guard waiting.count < settings.waiting, ofAuthor < settings.waitingOfAuthor else {
      return .dropped(.waitingFull)
    }
    waiting[logged.hash] = logged
    return .waiting
  }

  private mutating func apply(_ logged: LoggedOperation, _ link: LogChain.Link) -> Outcome {
    let operation = logged.operation
    switch link {
    case .extends:
      guard makeRoom(for: operation.author) else { return .dropped(.roomFull) }
      keep(logged)
      return .accepted([operation] + takeFollowers())
    case .forks:
      contradict(logged)
      guard let proof = chains[operation.author]?.fork else { return .dropped(.malformed) }
      return .equivocation(proof)
    case .diverges:
      let first = max(1, Int(operation.sequence) - OperationLog.window)
      return .diverges(
        OperationWant.Range(
          author: AuthorID.of(operation.author), first: UInt32(first),
          last: max(1, operation.sequence - 1)))
    case .duplicate: return .dropped(.duplicate)
    case .void: return .dropped(.voidAuthor)
    case .ahead: return wait(logged)
    }
  }

  private mutating func keep(_ logged: LoggedOperation) {
    let operation = logged.operation
    chains[operation.author, default: LogChain(author: operation.author)].append(logged)
    count += 1
    cached = nil
    guard operation.kind.namesAuthor, let author = authors[operation.author] else { return }
    let path = author.path.granting(operation.sequence)
    let moderates = operation.kind == .grantModerator || operation.kind == .handOver
    let known = authors[operation.person]
    authors[operation.person] = (
      min(known?.path ?? path, path), moderates || known?.moderates ?? false
    )
  }

  private mutating func contradict(_ logged: LoggedOperation) {
    let author = logged.operation.author
    guard let before = chains[author] else { return }
    var chain = before
    chain.contradict(logged)
    chains[author] = chain
    count -= before.operations.count - chain.operations.count
    // What lies below may show that the logs parted earlier.
    waiting.removeAll {
      $0.value.operation.author == author
        && $0.value.operation.sequence >= chain.fork?.sequence ?? .max
    }
    cached = nil
  }

  /// Stands in the hash for a log that contradicts itself, whichever proof of it is held.
  private static func mark(_ chain: LogChain) -> UInt64 {
    guard let fork = chain.fork else { return 0 }
    var writer = Writer(capacity: 36)
    writer.bytes32(chain.author.raw)
    writer.u32(fork.sequence)
    return Digest.hash16("VR1-fork", writer.bytes).high
  }

  private mutating func takeFollowers() -> [RoomOperation] {
    var taken: [RoomOperation] = []
    while let next = waiting.values.first(where: {
      authors[$0.operation.author] != nil && link($0) != .ahead
    }) {
      waiting.removeValue(forKey: next.hash)
      switch apply(next, link(next)) {
      case .accepted(let operations): taken += operations
      case .equivocation(let proof): taken += proof.operations
      case .waiting, .diverges, .dropped: break
      }
    }
    return taken
  }

  // MARK: Bounds

  /// The newest operation of the most junior author gives way to anybody more senior.
  private mutating func makeRoom(for author: PersonaID) -> Bool {
    let isNew = chains[author] == nil
    guard count >= settings.operations || isNew && chains.count >= settings.authors else {
      return true
    }
    let junior = chains.keys.max { juniority($0) < juniority($1) }
    guard let junior, juniority(author) < juniority(junior) else { return false }
    repeat {
      guard chains[junior]?.operations.isEmpty == false else { break }
      chains[junior]?.dropLast()
      count -= 1
    } while isNew && chains.count >= settings.authors
    if chains[junior]?.operations.isEmpty ?? false { chains.removeValue(forKey: junior) }
    cached = nil
    return true
  }

  private func juniority(_ author: PersonaID) -> Juniority {
    let role = cached?.standing[author].role ?? .listener
    return Juniority(
      isPowerless: author != genesis.creator && role < .moderator,
      path: authors[author]?.path ?? Rank(path: [.max]), author: author)
  }

  private struct Juniority: Comparable {
    let isPowerless: Bool
    let path: Rank
    let author: PersonaID

    static func < (left: Self, right: Self) -> Bool {
      if left.isPowerless != right.isPowerless { return right.isPowerless }
      return (left.path, left.author) < (right.path, right.author)
    }
  }
}

/// Why an operation was not kept. Each has one meaning and can be counted.
package enum OperationDrop: String, Hashable, CaseIterable, Sendable {
  case wrongRoom, malformed, duplicate, badSignature, fromTheFuture
  /// Its author contradicted itself before.
  case voidAuthor
  case authorFull, roomFull, waitingFull
}
