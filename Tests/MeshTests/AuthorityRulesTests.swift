import Keys
import Mesh
import OrderedCollections
import Testing
import Wire

/// Who may do what, case by case. Person 0 made the room.
@Suite struct AuthorityRulesTests {
  @Test func theCreatorIsHostAndAppointsInOrder() throws {
    var scene = try Scene()
    scene.appoint(3, 1)
    scene.write(.grantSpeaker, by: 1, about: 4)
    let standing = scene.standing()
    #expect(standing.host == scene.people[0])
    #expect(standing.moderators == [scene.people[3], scene.people[1]])
    #expect(standing.speakers == [scene.people[4]])
    #expect(standing.stage == [0, 3, 1, 4].map { scene.people[$0] })
  }

  @Test func nobodyWithoutARoleChangesAnything() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 2, about: 2)
    scene.write(.grantModerator, by: 3, about: 2)
    scene.write(.remove, by: 2, about: 1)
    scene.write(.close, by: 2)
    #expect(scene.role(2) == nil)
    #expect(scene.role(1) == .moderator)
    #expect(!scene.standing().isClosed)
  }

  @Test func whatSomebodyWroteBeforeItHadTheRoleStaysVoid() throws {
    var scene = try Scene()
    scene.write(.remove, by: 1, about: 5, seeing: [])
    scene.appoint(1)
    scene.write(.remove, by: 1, about: 6)
    #expect(!scene.isRemoved(5))
    #expect(scene.isRemoved(6))
  }

  @Test func ofTwoWhoRemoveEachOtherTheSeniorStays() throws {
    for firstWrites in [1, 2] {
      var scene = try Scene()
      scene.appoint(1, 2)
      let known = scene.operations
      let second = 3 - firstWrites
      scene.write(.remove, by: firstWrites, about: second, seeing: known, cut: .after(0))
      scene.write(.remove, by: second, about: firstWrites, seeing: known, cut: .after(0))
      #expect(!scene.isRemoved(1))
      #expect(scene.role(1) == .moderator)
      #expect(scene.isRemoved(2))
    }
  }

  @Test func ofACircleOfRemovalsTheMostSeniorDecides() throws {
    var scene = try Scene()
    scene.appoint(1, 2, 3)
    let known = scene.operations
    scene.write(.remove, by: 2, about: 1, seeing: known, cut: .after(0))
    scene.write(.remove, by: 3, about: 2, seeing: known, cut: .after(0))
    scene.write(.remove, by: 1, about: 3, seeing: known, cut: .after(0))
    #expect([1, 2, 3].map { scene.isRemoved($0) } == [false, false, true])
  }

  @Test func aJuniorsActAgainstASeniorIsVoid() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.revoke, by: 2, about: 1)
    scene.write(.mute, by: 2, about: 1)
    scene.write(.remove, by: 2, about: 0)
    #expect(scene.role(1) == .moderator)
    #expect(scene.role(0) == .host)
    #expect(!scene.standing()[scene.people[1]].isMuted)
  }

  @Test func aJuniorWhoFeignsNotToKnowTheSeniorGainsNothing() throws {
    var scene = try Scene()
    scene.appoint(1)
    let appointed = scene.write(.grantModerator, by: 1, about: 3)
    scene.appoint(2)
    // 3 has its power from 1, who is senior to 2; 2 leaves that out of what it saw.
    scene.write(.remove, by: 2, about: 3, seeing: [scene.logs[0][1]])
    #expect(scene.role(3) == .moderator)
    #expect(appointed.operation.sequence == 1)
  }

  @Test func aCircleOfAppointmentsLiftsNobody() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantModerator, by: 1, about: 2)
    scene.write(.grantModerator, by: 2, about: 3)
    scene.write(.grantModerator, by: 3, about: 1)
    scene.write(.remove, by: 3, about: 1)
    #expect(scene.role(1) == .moderator)
    // Whoever falls takes the circle's power over itself along.
    scene.write(.remove, by: 0, about: 1, cut: .after(0))
    #expect(scene.isRemoved(1))
    #expect([2, 3].map { scene.role($0) } == [nil, nil])
  }

  @Test func theCreatorCannotBeRemoved() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.remove, by: 1, about: 0, cut: .after(0))
    scene.write(.revoke, by: 1, about: 0, cut: .after(0))
    #expect(scene.role(0) == .host)
    #expect(scene.role(1) == .moderator)
  }

  // MARK: What is past, and what is cut off

  @Test func whatADemotedModeratorDidBeforeStands() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.remove, by: 1, about: 5)
    scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.revoke, by: 0, about: 1)
    scene.write(.remove, by: 1, about: 6)
    #expect(scene.role(1) == .listener)
    #expect(scene.isRemoved(5))
    #expect(scene.role(4) == .speaker)
    #expect(!scene.isRemoved(6))
  }

  @Test func whatIsDatedBackBehindACutIsVoid() throws {
    var scene = try Scene()
    scene.appoint(1)
    let known = scene.operations
    scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.remove, by: 0, about: 1)
    // Written after the removal, dated and linked as if before.
    scene.write(.remove, by: 1, about: 5, time: Scene.start + 1, seeing: known)
    scene.write(.grantModerator, by: 1, about: 6, time: Scene.start + 1, seeing: known)
    #expect(scene.role(4) == .speaker)
    #expect(!scene.isRemoved(5))
    #expect(scene.role(6) == nil)
  }

  @Test func aCutBelowWhatWasSeenVoidsTheRest() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.grantSpeaker, by: 1, about: 5)
    scene.write(.revoke, by: 0, about: 1, cut: .after(1))
    #expect(scene.role(4) == .speaker)
    #expect(scene.role(5) == nil)
  }

  @Test func aCutWithAnotherHashLetsNothingStand() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.revoke, by: 0, about: 1, cut: .forged(1))
    #expect(scene.role(4) == nil)
  }

  @Test func aCutAloneTakesNoPowerAway() throws {
    var scene = try Scene()
    scene.appoint(1)
    let known = scene.operations
    scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.grantSpeaker, by: 1, about: 5)
    scene.write(.cut, by: 0, about: 1, cut: .after(1))
    scene.write(.grantSpeaker, by: 1, about: 6, seeing: known)
    scene.write(.grantSpeaker, by: 1, about: 7)
    let roles = [4, 5, 6, 7].map { scene.role($0) }
    #expect(roles == [.speaker, nil, nil, .speaker])
    #expect(scene.role(1) == .moderator)
  }

  @Test func aForkVoidsItsAuthorFromThere() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.grantSpeaker, by: 1, about: 4)
    scene.write(.grantSpeaker, by: 1, about: 5)
    scene.write(.grantSpeaker, by: 1, about: 7)
    scene.write(.remove, by: 1, about: 6, at: 2)
    let standing = scene.standing()
    #expect(standing[scene.people[1]].isForked)
    #expect(scene.role(1) == .listener)
    #expect(scene.role(4) == .speaker)
    #expect([5, 7].map { scene.role($0) } == [nil, nil])
    #expect(!scene.isRemoved(6))
    #expect(standing.moderators == [scene.people[2]])
  }

  @Test func aForkedHostLeavesTheRoomToTheModerators() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.close, by: 0)
    scene.write(.policy, by: 0, argument: 1, at: 3)
    let standing = scene.standing()
    #expect(standing.host == nil)
    #expect(!standing.isClosed)
    #expect(standing.stage.first == scene.people[1])
    scene.write(.remove, by: 1, about: 0)
    #expect(scene.isRemoved(0))
  }

  @Test func knowledgeNamedDirectlyOutlivesTheForkOfAThird() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    let removal = scene.write(.remove, by: 1, about: 5)
    let third = scene.write(.grantSpeaker, by: 2, about: 4)
    var indirect = scene
    scene.write(.unban, by: 0, about: 5, seeing: [removal, third])
    scene.write(.grantSpeaker, by: 2, about: 6, at: 1)
    #expect(!scene.isRemoved(5))
    indirect.write(.unban, by: 0, about: 5, seeing: [third])
    #expect(!indirect.isRemoved(5))
    indirect.write(.grantSpeaker, by: 2, about: 6, at: 1)
    #expect(indirect.isRemoved(5))
  }

  @Test func whoKnewTheVoidPartOfALogKnewWhatCountsOfIt() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 0, about: 4)
    // 1 names the creator's last operation only, and that is void soon.
    scene.write(.remove, by: 1, about: 5)
    scene.write(.grantSpeaker, by: 0, about: 6, at: 2)
    #expect(scene.role(4) == nil)
    #expect(scene.isRemoved(5))
  }

  // MARK: One after the other, and at once

  @Test func aLaterUnbanLetsBackInAsListener() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 0, about: 4)
    scene.write(.remove, by: 1, about: 4)
    #expect(scene.role(4) == nil)
    scene.write(.unban, by: 0, about: 4)
    #expect(scene.role(4) == .listener)
    scene.write(.grantSpeaker, by: 1, about: 4)
    #expect(scene.role(4) == .speaker)
  }

  @Test func ofConcurrentStatementsTheRestrictionWins() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    let known = scene.operations
    scene.write(.remove, by: 1, about: 4, seeing: known)
    let removed = scene.operations
    scene.write(.unban, by: 2, about: 4, seeing: removed)
    scene.write(.remove, by: 0, about: 4, seeing: removed)
    #expect(scene.isRemoved(4))

    scene.write(.grantSpeaker, by: 1, about: 5, seeing: known)
    scene.write(.revoke, by: 2, about: 5, seeing: known)
    #expect(scene.role(5) == .listener)

    scene.write(.mute, by: 1, about: 6, seeing: known)
    scene.write(.unmute, by: 2, about: 6, seeing: known)
    #expect(scene.standing()[scene.people[6]].isMuted)
    scene.write(.unmute, by: 2, about: 6)
    #expect(!scene.standing()[scene.people[6]].isMuted)
  }

  @Test func whoIsPromotedAgainBeginsAsJunior() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    scene.write(.revoke, by: 0, about: 1)
    scene.write(.grantModerator, by: 2, about: 1)
    #expect(scene.standing().moderators == [scene.people[2], scene.people[1]])
    scene.write(.remove, by: 1, about: 2)
    #expect(!scene.isRemoved(2))
    scene.write(.remove, by: 2, about: 1)
    #expect(scene.isRemoved(1))
  }

  @Test func aSeniorWhoIsKnownToHaveBeenDemotedCanBeRemoved() throws {
    var scene = try Scene()
    scene.appoint(1, 2)
    let known = scene.operations
    scene.write(.revoke, by: 0, about: 1)
    scene.write(.remove, by: 2, about: 1, seeing: known)
    #expect(!scene.isRemoved(1))
    scene.write(.remove, by: 2, about: 1)
    #expect(scene.isRemoved(1))
  }

  @Test func aModeratorWhoStepsDownModeratesNoMore() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.stepDown, by: 1, about: 1, argument: UInt32(Role.speaker.rawValue))
    scene.write(.remove, by: 1, about: 5)
    #expect(scene.role(1) == .listener)
    #expect(!scene.isRemoved(5))
    scene.write(.grantModerator, by: 0, about: 1)
    scene.write(.remove, by: 1, about: 5)
    #expect(scene.isRemoved(5))
  }

  @Test func aSpeakerStepsDownAndComesBackByAnotherGrantOnly() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 1, about: 4)
    let known = scene.operations
    scene.write(.stepDown, by: 4, about: 4)
    #expect(scene.role(4) == .listener)
    scene.write(.grantSpeaker, by: 0, about: 4, seeing: known)
    #expect(scene.role(4) == .listener)
    scene.write(.grantSpeaker, by: 1, about: 4)
    #expect(scene.role(4) == .speaker)
  }

  @Test func aMutedSpeakerKeepsTheSeatAndIsNotForwarded() throws {
    var scene = try Scene()
    scene.appoint(1)
    scene.write(.grantSpeaker, by: 1, about: 4)
    #expect(scene.standing().maySpeak(scene.people[4], via: nil))
    scene.write(.mute, by: 1, about: 4)
    #expect(scene.role(4) == .speaker)
    #expect(!scene.standing().maySpeak(scene.people[4], via: nil))
    #expect(scene.standing().mayListen(scene.people[4], via: nil))
  }
}
