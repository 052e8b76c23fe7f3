import Keys
import OrderedCollections
import Wire

/// Operations from neighbour to neighbour: new ones flooded, logs compared.
extension Room {
  /// What a new neighbour is told: everything when it has only just come in.
  func tellOperations(to link: LinkID, isJoining: Bool, _ ctx: inout Context) {
    guard let log else { return }
    // What founded the room came with the JOIN.
    let founding = charter?.operation == nil ? 0 : 1
    guard isJoining, log.count > founding else {
      return compareOperations(with: link, &ctx)
    }
    let nothing = OperationVector(first: AuthorID(0), last: AuthorID(.max), entries: [])
    send(log.answer(to: nothing), to: link, &ctx)
    tellVectors(to: link, &ctx)
  }

  func compareOperations(with link: LinkID, _ ctx: inout Context) {
    guard let hash = log?.hash else { return }
    sendOnce(.operationHash, to: link, &ctx) { hash.encoded(tag: $0) }
  }

  /// Something is missing here that others have.
  func compareSoon(_ ctx: borrowing Context) {
    nextComparison = nextComparison ?? ctx.now + Room.comparisonPause
  }

  func received(_ hash: OperationHash, from link: LinkID, _ ctx: inout Context) {
    guard let log else { return }
    guard hash != log.hash else { return hasCompared = true }
    guard mayAnswer(link, &ctx) else { return }
    tellVectors(to: link, &ctx)
  }

  func received(_ vector: OperationVector, from link: LinkID, _ ctx: inout Context) {
    guard let log else { return }
    hasCompared = true
    send(log.answer(to: vector).filter { _ in mayAnswer(link, &ctx) }, to: link, &ctx)
    guard let want = log.wants(after: vector) else { return }
    send(.operationWant, to: link, &ctx) { want.encoded(tag: $0) }
  }

  func received(_ want: OperationWant, from link: LinkID, _ ctx: inout Context) {
    guard let log else { return }
    send(log.answer(to: want).filter { _ in mayAnswer(link, &ctx) }, to: link, &ctx)
  }

  func received(_ bundle: OperationBundle, from link: LinkID, _ ctx: inout Context) {
    var news: [RoomOperation] = []
    var deeper: [OperationWant.Range] = []
    for operation in bundle.operations {
      switch insert(operation, from: link, &ctx) {
      case .accepted(let operations): news += operations
      case .equivocation(let proof): news += proof.operations
      case .diverges(let range): deeper.append(range)
      case .waiting:
        // Somebody else may know what it follows.
        compareSoon(ctx)
      case .dropped, nil: break
      }
    }
    if !deeper.isEmpty {
      let want = OperationWant(ranges: deeper)
      send(.operationWant, to: link, &ctx) { want.encoded(tag: $0) }
    }
    guard !news.isEmpty else { return }
    if bundle.operations.count == OperationBundle.maximum {
      compareSoon(ctx)
    }
    spread(news, except: link, &ctx)
    standingChanged(isImmediate: news.contains(where: \.isImmediate), &ctx)
  }

  /// Nil when this link sent too much that led to nothing.
  private func insert(
    _ operation: RoomOperation, from link: LinkID, _ ctx: inout Context
  ) -> OperationLog.Outcome? {
    guard links[link]?.futile.isSpent(at: ctx.now) != true else {
      ctx.drop(.rateLimited)
      return nil
    }
    guard let outcome = log?.insert(operation, at: ctx.now) else { return nil }
    switch outcome {
    case .accepted: return outcome
    case .equivocation: ctx.drop(.contradiction)
    case .dropped(.duplicate): return outcome
    case .dropped(.badSignature), .dropped(.wrongRoom), .dropped(.malformed):
      ctx.drop(.badOperation)
    case .dropped(.authorFull), .dropped(.roomFull), .dropped(.waitingFull):
      ctx.drop(.operationsFull)
    case .dropped, .waiting, .diverges: ctx.drop(.staleOperation)
    }
    _ = links[link]?.futile.take(at: ctx.now)
    return outcome
  }

  func spread(_ operations: [RoomOperation], except source: LinkID?, _ ctx: inout Context) {
    for link in newsLinks(except: source, ctx) { send(operations, to: link, &ctx) }
    compareAfterNews(&ctx)
  }

  private func send(_ operations: [RoomOperation], to link: LinkID, _ ctx: inout Context) {
    var queue = operations[...]
    while !queue.isEmpty {
      let bundle = OperationBundle(takingFrom: &queue)
      guard !bundle.operations.isEmpty else { return }
      send(.operations, to: link, &ctx) { bundle.encoded(tag: $0) }
    }
  }

  private func tellVectors(to link: LinkID, _ ctx: inout Context) {
    for vector in log?.vectors() ?? [] {
      send(.operationVector, to: link, &ctx) { vector.encoded(tag: $0) }
    }
  }

  // MARK: Own operations

  /// Signs one and lets it take effect here, at once, and everywhere, as fast as it travels.
  func write(
    _ kind: OperationKind, about subject: Bytes32 = .zero, argument: UInt32 = 0,
    lifetime: UInt32 = 0, isImmediate: Bool = false, _ ctx: inout Context
  ) -> Refusal? {
    guard var log, hasCompared else { return .tooEarly }
    var operation = log.draft(
      kind, by: me.person, about: subject, argument: argument, lifetimeSeconds: lifetime,
      at: ctx.now)
    operation.isImmediate = isImmediate
    guard log.wouldCount(operation, at: ctx.now) else { return .notAllowed }
    me.sign(&operation)
    guard case .accepted(let operations) = log.insert(operation, at: ctx.now) else {
      return .notAllowed
    }
    self.log = log
    keep(&ctx)
    spread(operations, except: nil, &ctx)
    standingChanged(isImmediate: isImmediate, &ctx)
    return nil
  }

  private func keep(_ ctx: inout Context) {
    guard let log, let charter else { return }
    let isCreator = charter.genesis.creator == me.person
    ctx.effects.keepsakes.append(
      Keepsake(
        room: id, nonce: isCreator ? charter.genesis.nonce : nil,
        operations: log.operations(of: me.person), expiry: charter.genesis.expiry))
  }

  // MARK: Time

  /// A guess: what was asked for is here by then.
  private static let comparisonPause: Duration = .milliseconds(200)

  func tickOperations(_ ctx: inout Context) {
    if let due = standing?.nextChange, due <= ctx.now.milliseconds { standingChanged(&ctx) }
    expireHands(&ctx)
    strangers.removeAll { $0.value.until <= ctx.now }
    pleas.removeAll { $0.value <= ctx.now }
    tickGuests(&ctx)
    if nextHostLook <= ctx.now {
      nextHostLook = ctx.now + ctx.settings.entry.hostLook
      findActingHost(&ctx)
      if !hasBelonged { judgeMe(&ctx) }
    }
    guard let due = nextComparison, due <= ctx.now else { return }
    nextComparison = nil
    if let link = ctx.entropy.pick(overlay.active) { compareOperations(with: link, &ctx) }
  }

  var authorityDeadline: Deadline? {
    // Asked for after every datagram: nothing is allocated here.
    var due: Instant?
    func consider(_ moment: Instant?) {
      if let moment { due = min(due ?? moment, moment) }
    }
    func consider(_ milliseconds: UInt64?) {
      guard let milliseconds else { return }
      consider(Instant(nanoseconds: Int64(clamping: milliseconds) &* 1_000_000))
    }
    consider(nextComparison)
    consider(ending?.at)
    consider(rekey?.at)
    for key in awaited.values { consider(key.askAt) }
    consider(standing?.nextChange)
    consider(hands.nextExpiry)
    for guest in guests.values { consider(min(guest.until, guest.pleaAt)) }
    return due.map { Deadline($0, .authority) }
  }
}
