import Keys
import Mesh
import OrderedCollections
import Synchronization
import Testing
import Wire

/// One node's logs: what they take, what they refuse, what they ask for.
@Suite struct AuthorityLogTests {
  private static let now = Scene.moment(100_000)

  private func log(
    _ scene: Scene, settings: AuthoritySettings = AuthoritySettings()
  ) -> OperationLog {
    OperationLog(genesis: scene.genesis, settings: settings, verify: { _ in true })
  }

  private func fill(_ log: inout OperationLog, _ operations: some Sequence<LoggedOperation>) {
    for logged in operations { _ = log.insert(logged.operation, at: Self.now) }
  }

  @Test func aSignatureIsCheckedOnceAndForgeriesAreRefused() throws {
    var scene = try Scene(isSigned: true)
    scene.appoint(1)
    let checks = Mutex(0)
    var log = OperationLog(
      genesis: scene.genesis,
      verify: {
        checks.withLock { $0 += 1 }
        return LoggedOperation.hasGoodSignature($0)
      })
    let genuine = scene.operations[0].operation
    var forged = genuine
    forged.subject = scene.people[2].raw
    #expect(log.insert(forged, at: Self.now) == .dropped(.badSignature))
    #expect(log.insert(genuine, at: Self.now) == .accepted([genuine]))
    #expect(log.insert(genuine, at: Self.now) == .dropped(.duplicate))
    #expect(log.standing(at: Self.now)[scene.people[1]].role == .moderator)
    #expect(checks.withLock { $0 } == 2)
  }

  @Test func whatComesAheadWaitsAndIsPassedOnWhenItCounts() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.grantSpeaker, by: 1, about: 5)
    var log = log(scene)
    let operations = scene.operations.map(\.operation)
    #expect(log.insert(operations[2], at: Self.now) == .waiting)
    #expect(log.insert(operations[2], at: Self.now) == .dropped(.duplicate))
    #expect(log.insert(operations[1], at: Self.now) == .waiting)
    #expect(log.insert(operations[0], at: Self.now) == .accepted(operations))
    #expect(log.hash.count == 3)
  }

  @Test func aForkIsKeptAsProofThatConvincesOthers() throws {
    var scene = try Scene(isSigned: true)
    scene.appoint(1)
    let one = scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.grantSpeaker, by: 1, about: 5)
    let other = scene.write(.grantSpeaker, by: 1, about: 6, at: 1)
    var log = OperationLog(genesis: scene.genesis)
    fill(&log, scene.operations.dropLast())
    guard case .equivocation(let proof) = log.insert(other.operation, at: Self.now) else {
      Issue.record("no proof")
      return
    }
    #expect(proof.author == scene.people[1])
    #expect(proof.sequence == 1)
    #expect(Set(proof.operations) == [one.operation, other.operation])
    #expect(proof.operations.allSatisfy { LoggedOperation.hasGoodSignature($0) })
    #expect(log.equivocations == [proof])
    #expect(Equivocation(one, one) == nil)

    var told = OperationLog(genesis: scene.genesis)
    fill(&told, scene.operations.prefix(1))
    for operation in proof.operations { _ = told.insert(operation, at: Self.now) }
    #expect(told.hash == log.hash)
    #expect(told.standing(at: Self.now)[scene.people[1]].isForked)
    #expect(
      told.insert(scene.operations[2].operation, at: Self.now) == .dropped(.voidAuthor))
  }

  @Test func ofAnotherLogOfAnAuthorTheNeighbourIsAskedWhereItParts() throws {
    var scene = try Scene()
    var other = scene
    scene.appoint(1)
    other.appoint(2)
    for _ in 0..<40 {
      scene.write(.grantSpeaker, by: 0, about: 3)
      other.write(.grantSpeaker, by: 0, about: 4)
    }
    var (left, right) = (log(scene), log(other))
    fill(&left, scene.operations)
    fill(&right, other.operations)
    let outcome = left.insert(other.operations[30].operation, at: Self.now)
    let author = AuthorID.of(scene.people[0])
    #expect(outcome == .diverges(OperationWant.Range(author: author, first: 15, last: 30)))
    let rounds = AuthorityExchange.run(&left, &right, at: Self.now)
    #expect(rounds != nil)
    #expect(left.equivocations.first?.sequence == 1)
    #expect(left.standing(at: Self.now).host == nil)
  }

  @Test func logsOfManyAuthorsAreToldInPieces() throws {
    var scene = try Scene(people: 140)
    for person in 1..<140 { scene.write(.grantSpeaker, by: 0, about: person, seeing: []) }
    for person in 1..<140 { scene.write(.stepDown, by: person, about: person, seeing: []) }
    var (full, empty) = (log(scene), log(scene))
    fill(&full, scene.operations)
    #expect(full.vectors().count == 3)
    #expect(full.vectors().allSatisfy { $0.encoded(tag: 1).count <= Limits.record })
    let rounds = AuthorityExchange.run(&empty, &full, at: Self.now)
    #expect(rounds.map { $0 <= 8 } == true)
    #expect(empty.standing(at: Self.now).hash == scene.standing().hash)
  }

  // MARK: Bounds

  @Test func whatIsWrongInItselfIsRefused() throws {
    var scene = try Scene()
    scene.appoint(1)
    var log = log(scene)
    var wrongRoom = scene.operations[0].operation
    wrongRoom.room = RoomID(.zero)
    #expect(log.insert(wrongRoom, at: Self.now) == .dropped(.wrongRoom))
    var malformed = scene.operations[0].operation
    malformed.argument = 1
    #expect(log.insert(malformed, at: Self.now) == .dropped(.malformed))
    var early = scene.operations[0].operation
    early.time = Scene.start + 700_001
    #expect(log.insert(early, at: Self.now) == .dropped(.fromTheFuture))
    early.time -= 1
    #expect(log.insert(early, at: Self.now) == .accepted([early]))
  }

  @Test func oneAuthorFillsItsOwnShareOnly() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 0, about: 2)
    var settings = AuthoritySettings()
    settings.operationsOfAuthor = 4
    settings.operationsOfSpeaker = 2
    for _ in 0..<6 {
      scene.write(.grantSpeaker, by: 1, about: 4)
      scene.write(.stepDown, by: 2, about: 2)
    }
    var log = log(scene, settings: settings)
    let drops = scene.operations.compactMap { logged -> OperationDrop? in
      guard case .dropped(let drop) = log.insert(logged.operation, at: Self.now) else { return nil }
      return drop
    }
    #expect(drops == Array(repeating: .authorFull, count: 6))
    #expect(log.operations(of: scene.people[1]).count == 4)
    #expect(log.operations(of: scene.people[2]).count == 2)
  }

  @Test func strangersFillTheWaitingRoomOnly() throws {
    var scene = try Scene(people: 40)
    scene.appoint(1)
    for person in 2..<40 {
      for _ in 0..<3 { scene.write(.grantSpeaker, by: person, about: 1) }
    }
    var settings = AuthoritySettings()
    settings.waiting = 16
    settings.waitingOfAuthor = 2
    var log = log(scene, settings: settings)
    let outcomes = scene.operations.dropFirst().map { log.insert($0.operation, at: Self.now) }
    #expect(outcomes.count { $0 == .waiting } == 16)
    #expect(outcomes.count { $0 == .dropped(.waitingFull) } == outcomes.count - 16)
    #expect(log.insert(scene.operations[0].operation, at: Self.now) != .dropped(.waitingFull))
    #expect(log.hash.count == 1)
  }

  @Test func aFullRoomStillHearsTheSenior() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    for _ in 0..<30 { scene.write(.grantSpeaker, by: 2, about: 4) }
    for _ in 0..<3 { scene.write(.grantSpeaker, by: 1, about: 5) }
    scene.write(.remove, by: 0, about: 2, cut: .after(0))
    scene.write(.grantSpeaker, by: 2, about: 6)
    var settings = AuthoritySettings()
    settings.operations = 20
    var log = log(scene, settings: settings)
    let outcomes = scene.operations.map { log.insert($0.operation, at: Self.now) }
    #expect(log.hash.count <= 20)
    #expect(outcomes.last == .dropped(.authorFull) || outcomes.last == .waiting)
    #expect(outcomes.contains(.dropped(.roomFull)))
    #expect(log.operations(of: scene.people[1]).count == 3)
    #expect(log.standing(at: Self.now)[scene.people[2]].isRemoved)
  }

  @Test func theMostSeniorModeratorsCountAndNoMore() throws {
    var scene = try Scene(people: 10)
    scene.appoint(1, 2, 3, 4, 5)
    var settings = AuthoritySettings()
    settings.moderatorsEver = 4
    let standing = Authority.standing(
      of: scene.genesis, room: scene.room, operations: scene.operations, at: Scene.start,
      settings: settings)
    #expect(standing.moderators == [1, 2, 3].map { scene.people[$0] })
  }

  // MARK: Writing

  @Test func aDraftNamesWhatIsNewAndCutsWhatIsKnown() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.grantSpeaker, by: 1, about: 4)
    let last = scene.write(.grantSpeaker, by: 1, about: 5)
    var log = log(scene)
    fill(&log, scene.operations)
    let me = scene.people[0]
    let removal = log.draft(.remove, by: me, about: scene.people[1].raw, at: Self.now)
    #expect(removal.sequence == 3)
    #expect(removal.previous == scene.operations[1].hash)
    #expect(removal.argument == 2)
    #expect(removal.cut == last.hash)
    #expect(removal.seen == [last.reference])
    #expect(log.wouldCount(removal, at: Self.now))
    #expect(log.insert(removal, at: Self.now) == .accepted([removal]))
    let next = log.draft(.unban, by: me, about: scene.people[1].raw, at: Self.now)
    #expect(next.seen.isEmpty)
    let junior = log.draft(.remove, by: scene.people[2], about: me.raw, at: Self.now)
    #expect(junior.seen.count == 2)
    #expect(!log.wouldCount(junior, at: Self.now))
  }

  @Test func aDraftNamesThoseFirstWhoSpokeOfTheSubject() throws {
    var scene = try Scene(people: 30)
    for person in 1..<26 { scene.write(.grantModerator, by: 0, about: person, seeing: []) }
    for person in 1..<26 { scene.write(.grantSpeaker, by: person, about: 27, seeing: []) }
    let removal = scene.write(.remove, by: 25, about: 28, seeing: [])
    var log = log(scene)
    fill(&log, scene.operations)
    let unban = log.draft(.unban, by: scene.people[0], about: scene.people[28].raw, at: Self.now)
    #expect(unban.seen.count == RoomOperation.seenMaximum)
    #expect(unban.seen.first == removal.reference)
  }

  @Test func theOwnPersonAppointsNoMoreThanTheRoomBears() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    var settings = AuthoritySettings()
    settings.moderators = 2
    var log = log(scene, settings: settings)
    fill(&log, scene.operations)
    func appoint(_ person: Int) -> RoomOperation {
      log.draft(
        .grantModerator, by: scene.people[0], about: scene.people[person].raw, at: Self.now)
    }
    #expect(!log.wouldCount(appoint(3), at: Self.now))
    #expect(log.wouldCount(appoint(2), at: Self.now))
  }

  // MARK: The frontier of keys

  @Test func aFrontierIsCoveredByWhoeverKnowsItsRestrictions() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.grantSpeaker, by: 2, about: 4)
    var behind = log(scene)
    fill(&behind, scene.operations)
    #expect(behind.frontier().isEmpty)
    let removal = scene.write(.remove, by: 1, about: 5)
    var ahead = log(scene)
    fill(&ahead, scene.operations)
    #expect(ahead.frontier() == [removal.reference])
    #expect(ahead.covers(ahead.frontier()))
    #expect(!behind.covers(ahead.frontier()))
    #expect(ahead.covers(behind.frontier()))
    _ = behind.insert(removal.operation, at: Self.now)
    #expect(behind.covers(ahead.frontier()))
    // A contradiction takes power away too, and stands for what it voids.
    let fork = scene.write(.remove, by: 1, about: 6, at: 1)
    _ = ahead.insert(fork.operation, at: Self.now)
    #expect(!behind.covers([fork.reference]))
    _ = behind.insert(fork.operation, at: Self.now)
    #expect(behind.covers(ahead.frontier()))
    #expect(behind.covers([removal.reference]))
  }

  // MARK: Cost

  @Test func theCostOfAFullRoomIsPrinted() throws {
    var scene = try Scene(people: 60)
    for person in 1..<20 { scene.write(.grantModerator, by: 0, about: person, seeing: []) }
    var dice = Entropy.seeded(5)
    let kinds: [OperationKind] = [.grantSpeaker, .mute, .unmute, .remove, .unban, .revoke]
    while scene.operations.count < 3_000 {
      let seen = scene.operations.suffix(8).filter { _ in dice.below(3) == 0 }
      scene.write(
        dice.pick(kinds) ?? .mute, by: dice.below(20), about: 20 + dice.below(40),
        time: Scene.start, seeing: seen, cut: .after(0))
    }
    var log = log(scene)
    let clock = ContinuousClock()
    let inserting = clock.measure { fill(&log, scene.operations) }
    let folding = clock.measure { _ = log.standing(at: Self.now) }
    let again = clock.measure { _ = log.standing(at: Self.now) }
    print("authority: \(log.hash.count) operations: insert \(inserting), fold \(folding),")
    print("authority: cached \(again)")
    #expect(log.standing(at: Self.now).moderators.count == 19)
  }
}
