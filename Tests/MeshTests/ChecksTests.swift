import Keys
import Mesh
import Testing
import Wire

/// Codes that people compare. The expected values were computed with Python's hashlib.
@Suite struct ChecksTests {
  private static let one = PersonaID(Bytes32(0..<32) ?? .zero)
  private static let other = PersonaID(Bytes32(32..<64) ?? .zero)
  private static let transcript = Bytes64(0..<64) ?? .zero
  private static let nonces = [0xAA, 0xBB].map {
    Bytes32(repeatElement(UInt8($0), count: 32)) ?? .zero
  }

  @Test func theCodeOfTwoPeopleIsAsComputedElsewhere() {
    let code = PairCode(
      transcript: Self.transcript, asker: (Self.one, Self.nonces[0]),
      other: (Self.other, Self.nonces[1]))
    #expect(
      code.pictures.map(\.name) == ["moon", "fire", "turtle", "fire", "sunflower", "fire", "crown"])
    #expect(code.numbers == [3_604, 3_649, 1_180])
    #expect(
      PairCode.commitment(to: Self.nonces[0])
        == Bytes32(
          high: Bytes16(high: 0x1E30_D923_04D2_C7DF, low: 0x4C14_4EA1_3021_0954),
          low: Bytes16(high: 0x1EB7_EEA9_E633_53A3, low: 0x2D3A_F0AD_7CB9_D26B)))
  }

  @Test func picturesAndTheirNamesAreAllDifferent() {
    #expect(EmojiTable.pictures.count == 64)
    #expect(Set(EmojiTable.pictures.map(\.emoji)).count == 64)
    #expect(Set(EmojiTable.pictures.map(\.name)).count == 64)
  }

  @Test func theSafetyNumberIsTheSameFromBothSides() {
    let expected = [
      "07415", "37799", "12024", "64673", "29542", "17025", "33772", "70781", "34541", "73918",
      "84105", "15944",
    ]
    #expect(SpokenDigits.safetyNumber(Self.one, Self.other) == expected)
    #expect(SpokenDigits.safetyNumber(Self.other, Self.one) == expected)
  }

  @Test func theRoomCodeChangesWithTheStageAndNotWithItsOrder() throws {
    let room = RoomID(Bytes16(0..<16) ?? .zero)
    let expected = ["74886", "86452", "46090", "71261", "42852", "33723"]
    #expect(SpokenDigits.roomCode(room, people: [Self.one, Self.other]) == expected)
    #expect(SpokenDigits.roomCode(room, people: [Self.other, Self.one]) == expected)
    #expect(SpokenDigits.roomCode(room, people: [Self.one]) != expected)
    var scene = try Scene()
    scene.appoint(1)
    let code = SpokenDigits.roomCode(scene.standing())
    scene.write(.grantListener, by: 0, about: 5)
    #expect(SpokenDigits.roomCode(scene.standing()) == code)
    scene.write(.grantSpeaker, by: 0, about: 5)
    #expect(SpokenDigits.roomCode(scene.standing()) != code)
  }

  // MARK: The exchange

  private func ends(_ transcript: Bytes64 = transcript) -> (PairCheck, PairCheck) {
    (
      PairCheck(transcript: Self.transcript, me: Self.one, other: Self.other),
      PairCheck(transcript: transcript, me: Self.other, other: Self.one)
    )
  }

  @Test func twoEndsOfALinkShowOneCode() throws {
    var (asker, other) = ends()
    let now = Scene.moment(0)
    let askAsked = asker.ask(nonce: Self.nonces[0], at: now)
    let ask = try #require(askAsked)
    guard case .send(let answer) = other.receive(ask, nonce: Self.nonces[1], at: now),
      case .sendAndShow(let reveal, let mine) = asker.receive(answer, nonce: .zero, at: now),
      case .show(let theirs) = other.receive(reveal, nonce: .zero, at: now)
    else {
      Issue.record("the exchange did not come to its end")
      return
    }
    #expect(mine == theirs)
    #expect(asker.ask(nonce: Self.nonces[1], at: now + .seconds(59)) == nil)
    #expect(asker.ask(nonce: Self.nonces[1], at: now + .seconds(60)) != nil)
  }

  @Test func whoSitsBetweenShowsAnotherCode() throws {
    var (asker, other) = ends(.zero)
    let now = Scene.moment(0)
    let askAsked = asker.ask(nonce: Self.nonces[0], at: now)
    let ask = try #require(askAsked)
    guard case .send(let answer) = other.receive(ask, nonce: Self.nonces[1], at: now),
      case .sendAndShow(let reveal, let mine) = asker.receive(answer, nonce: .zero, at: now),
      case .show(let theirs) = other.receive(reveal, nonce: .zero, at: now)
    else {
      Issue.record("the exchange did not come to its end")
      return
    }
    #expect(mine != theirs)
  }

  @Test func aNonceThatDoesNotFitTheCommitmentIsFraud() throws {
    var (asker, other) = ends()
    let now = Scene.moment(0)
    let askAsked = asker.ask(nonce: Self.nonces[0], at: now)
    let ask = try #require(askAsked)
    _ = other.receive(ask, nonce: Self.nonces[1], at: now)
    #expect(other.receive(.reveal(Self.nonces[1]), nonce: .zero, at: now) == .fraud)
    // And there is no second try within the minute.
    #expect(other.receive(ask, nonce: Self.nonces[1], at: now) == .send(.end))
  }

  @Test func ofTwoWhoAskAtOnceTheSmallerKeyStaysTheAsker() throws {
    var (one, other) = ends()
    let now = Scene.moment(0)
    let firstAsked = one.ask(nonce: Self.nonces[0], at: now)
    let first = try #require(firstAsked)
    let secondAsked = other.ask(nonce: Self.nonces[1], at: now)
    let second = try #require(secondAsked)
    #expect(one.receive(second, nonce: .zero, at: now) == .ignore)
    guard case .send(let answer) = other.receive(first, nonce: Self.nonces[1], at: now),
      case .sendAndShow(let reveal, let mine) = one.receive(answer, nonce: .zero, at: now)
    else {
      Issue.record("the exchange did not go on")
      return
    }
    #expect(other.receive(reveal, nonce: .zero, at: now) == .show(mine))
  }

  @Test func messagesOutOfPlaceAreIgnored() {
    var (_, other) = ends()
    let now = Scene.moment(0)
    #expect(other.receive(.nonce(.zero), nonce: .zero, at: now) == .ignore)
    #expect(other.receive(.reveal(.zero), nonce: .zero, at: now) == .ignore)
    #expect(other.receive(.end, nonce: .zero, at: now) == .ignore)
  }
}
