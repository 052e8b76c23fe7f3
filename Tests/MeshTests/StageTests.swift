import Keys
import Mesh
import Testing
import Wire

/// Seats, streams for the audience, who acts as host, and invites that are used up.
@Suite struct StageTests {
  private static let now = Scene.moment(100_000)
  private static let invite = SigningKey(Bytes32(high: .zero, low: Bytes16(high: 7, low: 7)))

  @Test func sixteenSitTheHigherRoleAndTheLongerEntitledFirst() throws {
    var scene = try Scene(people: 30)
    let terms = InviteTerms(role: .speaker, uses: InviteTerms.reusable)
    scene.write(.inviteAdd, by: 0, key: Self.invite, argument: terms.argument)
    for person in 1..<15 { scene.write(.grantSpeaker, by: 0, about: person, seeing: []) }
    scene.write(.grantModerator, by: 0, about: 20)
    var candidates = (1..<30).map {
      Stage.Candidate(
        person: scene.people[$0], invite: $0 > 20 ? Self.invite : nil, since: UInt64(100 - $0))
    }
    candidates.append(Stage.Candidate(person: scene.people[0], invite: nil, since: 0))
    let seated = Stage.seated(candidates, standing: scene.standing())
    #expect(seated == ([0, 20] + Array(1..<15)).map { scene.people[$0] })
    #expect(Stage.seated(candidates.reversed(), standing: scene.standing()) == seated)
    // With fewer entitled by name, whoever came earlier by the link sits.
    let few = candidates.filter { $0.invite != nil }
    #expect(Stage.seated(few, standing: scene.standing()).first == scene.people[29])
    scene.write(.close, by: 0)
    #expect(Stage.seated(candidates, standing: scene.standing()).isEmpty)
  }

  private func talk(
    _ session: UInt32, began: UInt64, moderator: Bool = false, frames: UInt32 = 10
  ) -> Stage.Talk {
    Stage.Talk(
      session: SessionID(session), isModerator: moderator, began: began, frames: frames)
  }

  @Test func threeVoicesAreForwardedAndAFourthInterruptsNobody() {
    let talks = [talk(4, began: 40), talk(1, began: 10), talk(3, began: 30), talk(2, began: 20)]
    let forwarded = [1, 2, 3].map { SessionID($0) }
    #expect(Stage.forwarded(talks) == forwarded)
    #expect(Stage.forwarded(talks.reversed()) == forwarded)
  }

  @Test func aModeratorIsAlwaysForwarded() {
    let talks = (1...3).map { talk($0, began: UInt64($0)) } + [talk(9, began: 90, moderator: true)]
    #expect(Stage.forwarded(talks).first == SessionID(9))
  }

  @Test func whoTalksForMoreThanAMinuteGivesWayWhileOthersWait() {
    let long = talk(1, began: 1, frames: Stage.turn)
    let three = [long, talk(2, began: 2), talk(3, began: 3)]
    #expect(Stage.forwarded(three).contains(SessionID(1)))
    #expect(!Stage.forwarded(three + [talk(4, began: 4)]).contains(SessionID(1)))
  }

  @Test func theMostSeniorWhoIsThereActsAsHost() throws {
    var scene = try Scene()
    scene.appoint(2, 1)
    scene.write(.grantSpeaker, by: 1, about: 4)
    let standing = scene.standing()
    func host(without absent: [Int]) -> PersonaID? {
      Stage.actingHost(standing) { person in !absent.contains { scene.people[$0] == person } }
    }
    #expect(host(without: []) == scene.people[0])
    #expect(host(without: [0]) == scene.people[2])
    #expect(host(without: [0, 2]) == scene.people[1])
    #expect(host(without: [0, 1, 2]) == scene.people[4])
    #expect(host(without: [0, 1, 2, 4]) == nil)
    scene.write(.handOver, by: 0, about: 5)
    #expect(Stage.actingHost(scene.standing()) { _ in true } == scene.people[5])
  }

  // MARK: Invites

  /// A signed admission by the invite of `scene`.
  private func admission(
    _ person: PersonaID, _ scene: Scene, _ key: borrowing SigningPair
  ) -> Admission {
    var admission = Admission(
      room: scene.room, invite: key.publicKey, persona: person, time: Scene.start)
    admission.signature = key.sign("VR1-adm", admission.unsigned)
    return admission
  }

  @Test func anInviteUsedInBothHalvesOfARoomAdmitsOne() throws {
    try Sodium.start()
    var scene = try Scene()
    let key = try InviteKey.pair(secret: Bytes16(high: 1, low: 2), room: scene.room)
    scene.appoint(1)
    scene.write(
      .inviteAdd, by: 1, key: key.publicKey,
      argument: InviteTerms(role: .listener, uses: 1).argument)
    func decide(_ person: Int, by member: Int, _ log: inout OperationLog) -> InviteBurning.Decision
    {
      InviteBurning.decide(
        on: admission(scene.people[person], scene, key), by: scene.people[member],
        standing: log.standing(at: Self.now), at: Self.now)
    }
    var halves = [0, 1].map { _ in
      var log = OperationLog(genesis: scene.genesis, verify: { _ in true })
      for logged in scene.operations { _ = log.insert(logged.operation, at: Self.now) }
      return log
    }
    // The inviter is in the first half; in the second nobody can admit.
    #expect(decide(5, by: 0, &halves[1]) == .notMine)
    guard case .admit(let sequence) = decide(4, by: 1, &halves[0]) else {
      Issue.record("not admitted")
      return
    }
    let admit = halves[0].draft(
      .admit, by: scene.people[1], about: scene.people[4].raw, argument: sequence, at: Self.now)
    #expect(halves[0].insert(admit, at: Self.now) == .accepted([admit]))
    #expect(decide(4, by: 1, &halves[0]) == .isIn)
    #expect(decide(5, by: 1, &halves[0]) == .refuse(.usedUp))
    var (left, right) = (halves[0], halves[1])
    let rounds = AuthorityExchange.run(&left, &right, at: Self.now)
    #expect(rounds != nil)
    let standings = [left.standing(at: Self.now), right.standing(at: Self.now)]
    for standing in standings {
      #expect([4, 5].map { standing[scene.people[$0]].role } == [.listener, nil])
    }
    #expect(standings[0].hash == standings[1].hash)
  }

  @Test func anInviteThatIsOverOrForgedAdmitsNobody() throws {
    try Sodium.start()
    var scene = try Scene()
    let key = try InviteKey.pair(secret: Bytes16(high: 1, low: 2), room: scene.room)
    let other = try InviteKey.pair(secret: Bytes16(high: 3, low: 4), room: scene.room)
    scene.write(
      .inviteAdd, by: 0, key: key.publicKey,
      argument: InviteTerms(role: .speaker, uses: 2).argument, lifetime: 60, time: Scene.start)
    scene.write(.remove, by: 0, about: 7)
    func decide(_ admission: Admission, at time: UInt64) -> InviteBurning.Decision {
      InviteBurning.decide(
        on: admission, by: scene.people[0], standing: scene.standing(), at: Scene.moment(time))
    }
    let good = admission(scene.people[4], scene, key)
    #expect(decide(good, at: 59_999) == .admit(sequence: 1))
    #expect(decide(good, at: 60_000) == .refuse(.expired))
    var forged = good
    forged.persona = scene.people[5]
    #expect(decide(forged, at: 0) == .refuse(.badProof))
    #expect(decide(admission(scene.people[4], scene, other), at: 0) == .refuse(.unknownInvite))
    #expect(decide(admission(scene.people[7], scene, key), at: 0) == .refuse(.removed))
    scene.write(.policy, by: 0, argument: RoomPolicy.doorShut.rawValue)
    #expect(decide(good, at: 0) == .refuse(.doorShut))
    scene.write(.inviteRevoke, by: 0, key: key.publicKey)
    #expect(decide(good, at: 0) == .refuse(.unknownInvite))
  }
}
