import Keys
import Mesh
import Testing
import Wire

/// The queue of raised hands.
@Suite struct HandsTests {
  private static let now = Scene.moment(100_000)

  private func hand(
    _ person: Int, up: Bool = true, at time: UInt64 = 100_000, by author: Int? = nil
  ) -> Hand {
    Hand(
      session: SessionID(0x10_0000 + UInt32(author ?? person)),
      subject: SessionID(0x10_0000 + UInt32(person)), isUp: up, time: Scene.start + time)
  }

  private func raise(
    _ hands: inout Hands, _ scene: Scene, _ person: Int, at time: UInt64 = 100_000,
    now: Instant = HandsTests.now
  ) -> Hands.Outcome {
    hands.receive(
      hand(person, at: time), of: scene.people[person], by: scene.people[person],
      standing: scene.standing(), at: now)
  }

  @Test func theQueueIsTheSameInWhateverOrderHandsAreHeardOf() throws {
    var scene = try Scene(people: 40)
    for person in 1..<10 { scene.write(.grantListener, by: 0, about: person, seeing: []) }
    var settings = HandSettings()
    settings.places = 12
    settings.placesOfNewcomers = 6
    settings.newcomersAtOnce = 100
    var queues: Set<[PersonaID]> = []
    var dice = Entropy.seeded(3)
    for _ in 0..<50 {
      var order = Array(1..<40)
      dice.shuffle(&order)
      var hands = Hands(settings: settings, at: Self.now)
      for person in order { _ = raise(&hands, scene, person, at: 90_000 + UInt64(person % 7)) }
      queues.insert(hands.queue.map(\.person))
    }
    #expect(queues.count == 1)
    #expect(queues.first?.count == 12)
    // Nobody known was crowded out by newcomers.
    #expect(queues.first.map { Set($0).isSuperset(of: scene.people[1..<7]) } == true)
  }

  @Test func newcomersCannotFloodTheQueue() throws {
    var scene = try Scene(people: 260)
    scene.write(.grantListener, by: 0, about: 259)
    var hands = Hands(at: Self.now)
    var tooMany = 0
    for person in 1..<259 where raise(&hands, scene, person) == .dropped(.tooMany) { tooMany += 1 }
    #expect(hands.queue.count == 40)
    #expect(tooMany == 218)
    #expect(raise(&hands, scene, 259) == .changed)
    // A second brings twenty more.
    for person in 100..<200 {
      _ = raise(&hands, scene, person, now: Self.now + .seconds(1))
    }
    #expect(hands.queue.count == 61)
    for second in 2..<40 as Range<Int64> {
      for person in 1..<259 {
        _ = raise(&hands, scene, person, now: Self.now + .seconds(second))
      }
    }
    #expect(hands.queue.count == 151)
    #expect(hands.queue.contains { $0.person == scene.people[259] })
  }

  @Test func aHandIsLoweredByItsOwnerOrAModeratorAndNobodyElse() throws {
    var scene = try Scene()
    scene.appoint(1)
    var hands = Hands(at: Self.now)
    #expect(raise(&hands, scene, 4) == .changed)
    #expect(raise(&hands, scene, 5) == .changed)
    func lower(_ person: Int, by author: Int) -> Hands.Outcome {
      hands.receive(
        hand(person, up: false, at: 100_001, by: author), of: scene.people[person],
        by: scene.people[author], standing: scene.standing(), at: Self.now)
    }
    #expect(lower(4, by: 5) == .dropped(.notAllowed))
    #expect(lower(4, by: 4) == .changed)
    #expect(lower(5, by: 1) == .changed)
    #expect(hands.queue.isEmpty)
    // What was raised before does not come back.
    #expect(raise(&hands, scene, 4) == .known)
    #expect(raise(&hands, scene, 4, at: 105_000) == .dropped(.tooOften))
    #expect(raise(&hands, scene, 4, at: 112_000, now: Self.now + .seconds(12)) == .changed)
  }

  @Test func whoIsOnStageOrGoneHasNoHandUp() throws {
    var scene = try Scene()
    scene.appoint(1)
    var hands = Hands(at: Self.now)
    _ = raise(&hands, scene, 4)
    _ = raise(&hands, scene, 5)
    scene.write(.grantSpeaker, by: 1, about: 4)
    let standing = scene.standing()
    hands.settle { (standing[$0].role ?? .listener) < .speaker }
    #expect(hands.queue.map(\.person) == [scene.people[5]])
    #expect(
      raise(&hands, scene, 4, at: 115_000, now: Self.now + .seconds(15)) == .dropped(.onStage))
    scene.write(.remove, by: 1, about: 6)
    #expect(raise(&hands, scene, 6) == .dropped(.notAllowed))
    scene.write(.policy, by: 0, argument: RoomPolicy.handsDown.rawValue)
    #expect(raise(&hands, scene, 7) == .dropped(.notAllowed))
  }

  @Test func aHandIsDatedNowOrToldToNewcomersAndEndsAfterTenMinutes() throws {
    let scene = try Scene()
    var hands = Hands(at: Scene.moment(700_000))
    let now = Scene.moment(700_000)
    #expect(raise(&hands, scene, 4, at: 579_999, now: now) == .dropped(.badTime))
    #expect(raise(&hands, scene, 4, at: 820_001, now: now) == .dropped(.badTime))
    let old = hands.receive(
      hand(4, at: 100_001), of: scene.people[4], by: scene.people[4], standing: scene.standing(),
      isBacklog: true, at: now)
    #expect(old == .changed)
    #expect(hands.nextExpiry == Scene.start + 700_001)
    hands.expire(at: Scene.moment(700_000))
    #expect(hands.queue.count == 1)
    hands.expire(at: Scene.moment(700_001))
    #expect(hands.queue.isEmpty)
  }
}
