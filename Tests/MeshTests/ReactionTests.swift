import Keys
import Mesh
import Testing
import Wire

/// Signs without words: seen by all, a few at a time, of people who may be heard.
@Suite(.timeLimit(.minutes(30)))
struct ReactionTests {
  @Test func everybodySeesASignOnce() throws {
    let network = try Network(seed: 501)
    let room = try network.audience(nodes: 8)
    let guest = network.nodes[3]
    network.lossPermille = 100
    #expect(network.attempt(guest, .react(room, .clap)) == nil)
    network.run(for: .seconds(5))
    for node in network.nodes {
      #expect(seen(node) == [Seen(person: network.person(guest, room), sign: .clap)])
    }
  }

  @Test func tooManyOfOnePersonAreNotSent() throws {
    let network = try Network(seed: 502)
    let room = try network.room(nodes: 4)
    let guest = network.nodes[1]
    var taken = 0
    for _ in 0..<20 {
      if network.attempt(guest, .react(room, .laugh)) == nil { taken += 1 }
      network.run(for: .milliseconds(10))
    }
    network.run(for: .seconds(2))
    #expect(taken == ReactionSettings().atOnce)
    for node in network.nodes { #expect(seen(node).count == taken) }
    #expect(network.attempt(guest, .react(room, .laugh)) == nil)
  }

  @Test func whoeverIsMutedOrRemovedShowsNothing() throws {
    let network = try Network(seed: 503)
    let room = try network.room(nodes: 5)
    let guest = network.nodes[2]
    let person = network.person(guest, room)
    #expect(network.moderate(network.nodes[0], room, .mute(person, seconds: 0)) == nil)
    network.run(for: .seconds(1))
    #expect(network.attempt(guest, .react(room, .heart)) == .notAllowed)
    #expect(network.moderate(network.nodes[0], room, .unmute(person)) == nil)
    network.run(for: .seconds(1))
    #expect(network.attempt(guest, .react(room, .heart)) == nil)
    network.run(for: .seconds(1))
    for node in network.nodes { #expect(seen(node).map(\.sign) == [.heart]) }
  }

  @Test func aRoomShowsNoMoreThanPeopleCanLookAt() {
    let now = Scene.moment(100_000)
    var reactions = Reactions()
    let settings = ReactionSettings()
    var fresh = 0
    for number in 0..<200 where receive(&reactions, number, at: now) == .fresh { fresh += 1 }
    #expect(fresh == settings.roomAtOnce)
    fresh = 0
    for number in 200..<400 where receive(&reactions, number, at: now + .seconds(1)) == .fresh {
      fresh += 1
    }
    #expect(fresh == settings.perSecond)
  }

  @Test func oldAndRepeatedOnesAreNotShown() {
    let now = Scene.moment(1_000_000)
    var reactions = Reactions()
    #expect(receive(&reactions, 1, at: now) == .fresh)
    #expect(receive(&reactions, 1, at: now) == .known)
    #expect(reactions.knows(now.milliseconds, of: person(1)))
    #expect(receive(&reactions, 2, dated: now.milliseconds - 120_001, at: now) == .badTime)
    #expect(receive(&reactions, 2, dated: now.milliseconds + 120_001, at: now) == .badTime)
  }

  @Test func memoryIsBounded() {
    var settings = ReactionSettings()
    settings.places = 4
    let now = Scene.moment(100_000)
    var reactions = Reactions(settings: settings)
    for number in 0..<10 { _ = receive(&reactions, number, at: now) }
    #expect((0..<10).filter { reactions.knows(now.milliseconds, of: person($0)) }.count == 4)
  }

  private struct Seen: Hashable {
    let person: PersonaID
    let sign: Reaction.Sign
  }

  private func seen(_ node: Network.Node) -> [Seen] {
    node.events.compactMap {
      guard case .reacted(_, let person, let sign) = $0 else { return nil }
      return Seen(person: person, sign: sign)
    }
  }

  private func receive(
    _ reactions: inout Reactions, _ number: Int, dated time: UInt64? = nil, at now: Instant
  ) -> Reactions.Outcome {
    reactions.receive(time ?? now.milliseconds, of: person(number), at: now)
  }

  private func person(_ number: Int) -> PersonaID {
    PersonaID(Digest.hash32("VR1-psk", [UInt8(number & 0xFF), UInt8(number >> 8)]))
  }
}
