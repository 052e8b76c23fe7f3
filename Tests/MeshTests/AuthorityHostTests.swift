import Keys
import Mesh
import OrderedCollections
import Testing
import Wire

/// The host's office, time, seats and invites. Person 0 made the room.
@Suite struct AuthorityHostTests {
  private static let key = SigningKey(Bytes32(high: .zero, low: Bytes16(high: 7, low: 7)))

  @Test func theHostHandsOverAndIsModeratorFromThen() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.handOver, by: 0, about: 2)
    let standing = scene.standing()
    #expect(standing.host == scene.people[2])
    #expect(standing.moderators == [scene.people[0], scene.people[1]])
    scene.write(.close, by: 0)
    #expect(!scene.standing().isClosed)
    scene.write(.close, by: 2)
    #expect(scene.standing().isClosed)
  }

  @Test func theNewHostIsAboveTheOldOneAndNotTheOtherWayRound() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.handOver, by: 0, about: 2)
    scene.write(.remove, by: 0, about: 2)
    scene.write(.remove, by: 1, about: 2)
    #expect(scene.role(2) == .host)
    scene.write(.remove, by: 1, about: 0)
    #expect(scene.role(0) == .moderator)
    scene.write(.revoke, by: 2, about: 0)
    #expect(scene.role(0) == .listener)
    // What it did as host stands.
    #expect(scene.role(1) == .moderator)
  }

  @Test func aRemovalConcurrentWithTheHandOverDoesNotReachTheNewHost() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    let known = scene.operations
    scene.write(.remove, by: 1, about: 2, seeing: known)
    scene.write(.handOver, by: 0, about: 2, seeing: known)
    #expect(scene.role(2) == .host)
    #expect(!scene.isRemoved(2))
  }

  @Test func theOfficeCanComeBack() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.handOver, by: 0, about: 1)
    scene.write(.mute, by: 1, about: 0)
    scene.write(.handOver, by: 1, about: 0)
    #expect(scene.standing().host == scene.people[0])
    #expect(!scene.standing()[scene.people[0]].isMuted)
    #expect(scene.role(1) == .moderator)
    scene.write(.policy, by: 1, argument: RoomPolicy.doorShut.rawValue)
    #expect(scene.standing().policy == [])
    scene.write(.policy, by: 0, argument: RoomPolicy.doorShut.rawValue)
    #expect(scene.standing().policy == .doorShut)
  }

  @Test func aSecondHandOverOfOneTermIsVoid() throws {
    var scene = try Scene()
    scene.write(.handOver, by: 0, about: 1)
    scene.write(.handOver, by: 0, about: 2)
    #expect(scene.standing().host == scene.people[1])
    #expect(scene.role(2) == nil)
  }

  // MARK: Time

  @Test func aGrantEndsWhenItsTimeIsUp() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 1, about: 4, lifetime: 60, time: Scene.start)
    #expect(scene.role(4, after: 59_999) == .speaker)
    #expect(scene.standing(after: 10_000).nextChange == Scene.start + 60_000)
    #expect(scene.role(4, after: 60_000) == nil)
  }

  @Test func aModeratorsActsDatedAfterItsTimeAreVoidAndEarlierOnesStand() throws {
    var scene = try Scene()
    scene.write(.grantModerator, by: 0, about: 1, lifetime: 60, time: Scene.start)
    scene.write(.remove, by: 1, about: 4, time: Scene.start + 59_000)
    scene.write(.remove, by: 1, about: 5, time: Scene.start + 60_000)
    #expect(scene.isRemoved(4))
    #expect(!scene.isRemoved(5))
    #expect(scene.role(1) == nil)
  }

  @Test func aRemovalForAWhileEndsAndTheRoleStaysLost() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 0, about: 4)
    scene.write(.remove, by: 1, about: 4, lifetime: 60, time: Scene.start)
    #expect(scene.role(4, after: 30_000) == nil)
    #expect(scene.role(4, after: 60_000) == .listener)
  }

  @Test func aMuteForAWhileEnds() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.mute, by: 1, about: 4, lifetime: 60, time: Scene.start)
    #expect(scene.standing(after: 30_000)[scene.people[4]].isMuted)
    #expect(!scene.standing(after: 60_000)[scene.people[4]].isMuted)
  }

  @Test func whatIsDatedTooFarAheadCountsLaterWithAllThatFollows() throws {
    var scene = try Scene()
    scene.write(.grantSpeaker, by: 0, about: 3, time: Scene.start)
    scene.write(.grantSpeaker, by: 0, about: 4, time: Scene.start + 700_000)
    scene.write(.grantSpeaker, by: 0, about: 5, time: Scene.start)
    let early = scene.standing(after: 99_999)
    #expect([3, 4, 5].map { early[scene.people[$0]].role } == [.speaker, nil, nil])
    #expect(early.nextChange == Scene.start + 100_000)
    let later = scene.standing(after: 100_000)
    #expect([3, 4, 5].map { later[scene.people[$0]].role } == [.speaker, .speaker, .speaker])
  }

  @Test func clocksThatDifferWithinTheSkewAgree() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 1, about: 4, time: Scene.start + 590_000)
    scene.write(.remove, by: 1, about: 5, time: Scene.start)
    #expect(scene.standing(after: 0).hash == scene.standing(after: 1_190_000).hash)
  }

  // MARK: Seats

  @Test func anOfferedSeatIsTakenWhileTheOfferLasts() throws {
    var scene = try Scene()
    scene.appoint(1)
    let offer = scene.write(.stageInvite, by: 1, about: 4, lifetime: 60, time: Scene.start)
    #expect(scene.standing(after: 1)[scene.people[4]].seatOfferedUntil == Scene.start + 60_000)
    #expect(scene.role(4, after: 1) == nil)
    var late = scene
    scene.write(
      .stageAccept, by: 4, about: 1, argument: offer.operation.sequence,
      time: Scene.start + 59_999)
    #expect(scene.role(4) == .speaker)
    late.write(
      .stageAccept, by: 4, about: 1, argument: offer.operation.sequence,
      time: Scene.start + 60_000)
    #expect(late.role(4) == nil)
  }

  @Test func aSeatOfferedToSomebodyElseOrByNobodyIsNotTaken() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.stageInvite, by: 1, about: 4, lifetime: 60)
    scene.write(.stageInvite, by: 6, about: 6, lifetime: 60)
    scene.write(.stageInvite, by: 6, about: 7, lifetime: 60)
    scene.write(.stageAccept, by: 5, about: 1, argument: 1)
    scene.write(.stageAccept, by: 7, about: 6, argument: 2)
    #expect([5, 6, 7].map { scene.role($0) } == [nil, nil, nil])
  }

  @Test func aSeatIsNotTakenBeforeItIsOffered() throws {
    var scene = try Scene()
    scene.write(.stageAccept, by: 4, about: 0, argument: 1, seeing: [])
    scene.write(.stageInvite, by: 0, about: 4, lifetime: 60)
    #expect(scene.role(4, after: 1) == nil)
  }

  @Test func aRevocationThatTheAcceptanceDidNotSeeWins() throws {
    var scene = try Scene()
    scene.appoint(1)
    let offer = scene.write(.stageInvite, by: 1, about: 4, lifetime: 60)
    scene.write(.revoke, by: 0, about: 4)
    scene.write(.stageAccept, by: 4, about: 1, argument: 1, seeing: [offer])
    #expect(scene.role(4) == .listener)
  }

  // MARK: Invites

  @Test func whoeverHoldsAReusableInviteHasItsRole() throws {
    var scene = try Scene()
    let terms = InviteTerms(role: .speaker, uses: InviteTerms.reusable)
    scene.write(.inviteAdd, by: 0, key: Self.key, argument: terms.argument)
    let standing = scene.standing()
    #expect(standing.role(of: scene.people[5], via: Self.key) == .speaker)
    #expect(standing.role(of: scene.people[5], via: nil) == nil)
    scene.write(.revoke, by: 0, about: 5)
    #expect(scene.standing().role(of: scene.people[5], via: Self.key) == .listener)
    scene.write(.remove, by: 0, about: 5)
    #expect(scene.standing().role(of: scene.people[5], via: Self.key) == nil)
  }

  @Test func todaysInviteOfASocialRoomAdmitsListeners() throws {
    var scene = try Scene()
    scene.write(.inviteAdd, by: 0, key: Self.key, argument: 0, lifetime: 86_400)
    #expect(scene.standing().role(of: scene.people[5], via: Self.key) == .listener)
    #expect(scene.standing().invites[Self.key]?.isOpen(at: Scene.start) == true)
    #expect(scene.standing().invites[Self.key]?.isOpen(at: Scene.start + 86_401_000) == false)
  }

  @Test func aRevokedInviteTakesItsGuestsAlong() throws {
    var scene = try Scene()
    scene.appoint(1)
    let terms = InviteTerms(role: .speaker, uses: 3)
    scene.write(.inviteAdd, by: 1, key: Self.key, argument: terms.argument)
    scene.write(.admit, by: 1, about: 4, argument: 1)
    scene.write(.admit, by: 1, about: 5, argument: 1)
    #expect([4, 5].map { scene.role($0) } == [.speaker, .speaker])
    scene.write(.grantListener, by: 0, about: 5)
    scene.write(.inviteRevoke, by: 0, key: Self.key)
    #expect([4, 5].map { scene.role($0) } == [nil, .listener])
    #expect(scene.standing().invites.isEmpty)
  }

  @Test func aJuniorCannotRevokeASeniorsInvite() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.inviteAdd, by: 1, key: Self.key)
    scene.write(.inviteRevoke, by: 2, key: Self.key)
    #expect(scene.standing().invites[Self.key] != nil)
    scene.write(.inviteRevoke, by: 1, key: Self.key)
    #expect(scene.standing().invites[Self.key] == nil)
    scene.write(.inviteAdd, by: 1, key: Self.key)
    #expect(scene.standing().invites[Self.key]?.sequence == 3)
  }

  @Test func anInviteAdmitsAsManyAsItSaysAndOnlyByItsOwnInviter() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(
      .inviteAdd, by: 1, key: Self.key, argument: InviteTerms(role: .listener, uses: 1).argument)
    scene.write(.admit, by: 0, about: 6, argument: 1)
    scene.write(.admit, by: 1, about: 4, argument: 1)
    scene.write(.admit, by: 1, about: 5, argument: 1)
    #expect([4, 5, 6].map { scene.role($0) } == [.listener, nil, nil])
    #expect(scene.standing().invites[Self.key]?.used == 1)
    // Holding the link is not enough.
    #expect(scene.standing().role(of: scene.people[7], via: Self.key) == nil)
  }

  @Test func inAnOpenRoomEverybodyListensButTheRemoved() throws {
    var scene = try Scene(isOpen: true)
    scene.write(.remove, by: 0, about: 4)
    #expect(scene.standing().role(of: scene.people[5], via: nil) == .listener)
    #expect(!scene.standing().mayListen(scene.people[4], via: nil))
  }

  @Test func aRelayMayForwardWithoutHearing() throws {
    var scene = try Scene()
    scene.write(.grantRelay, by: 0, about: 4)
    #expect(scene.standing()[scene.people[4]].isRelay)
    #expect(!scene.standing().mayListen(scene.people[4], via: nil))
    scene.write(.remove, by: 0, about: 4)
    #expect(!scene.standing()[scene.people[4]].isRelay)
  }

  @Test func operationsOfLaterVersionsAreKeptAndChangeNothing() throws {
    var scene = try Scene()
    scene.appoint(1)
    let before = scene.standing().hash
    scene.write(.later(200), by: 0, about: 1, argument: 9)
    #expect(scene.standing().hash == before)
    scene.write(.grantSpeaker, by: 0, about: 4)
    #expect(scene.role(4) == .speaker)
  }
}
