import Keys
import Mesh
import Testing
import Wire

/// The stage of a running room: who may speak, and that nobody passes on anybody else.
@Suite(.timeLimit(.minutes(30)))
struct StageRoomTests {
  @Test func everybodySeesTheSameRolesWhateverIsLost() throws {
    let network = try Network(seed: 401)
    let room = try network.room(nodes: 10)
    network.lossPermille = 100
    let people = network.nodes.map { network.person($0, room) }
    #expect(network.moderate(network.nodes[0], room, .promote(people[1])) == nil)
    #expect(network.moderate(network.nodes[0], room, .promote(people[2])) == nil)
    network.run(for: .seconds(5))
    #expect(network.role(network.nodes[1], room) == .moderator)
    // At once, by three people.
    #expect(network.moderate(network.nodes[1], room, .mute(people[5], seconds: 0)) == nil)
    #expect(network.moderate(network.nodes[2], room, .demote(people[6])) == nil)
    #expect(network.moderate(network.nodes[0], room, .setPolicy(.listenersShown)) == nil)
    network.run(for: .seconds(12))
    #expect(network.standings(room).count == 1)
    for node in network.nodes {
      let members = try #require(network.status(node, room)?.members)
      #expect(members.first { $0.person == people[6] }?.role == .listener)
      #expect(members.first { $0.person == people[5] }?.isMuted == true)
      #expect(network.status(node, room)?.code == network.status(network.nodes[0], room)?.code)
    }
    #expect(network.moderate(network.nodes[5], room, .mute(people[1], seconds: 0)) == .notAllowed)
    #expect(network.moderate(network.nodes[1], room, .demote(people[0])) == .notAllowed)
  }

  @Test func everyChangeIsToldInOrder() throws {
    let network = try Network(seed: 402)
    let room = try network.room(nodes: 4)
    let (host, other) = (network.nodes[0], network.nodes[3])
    let guest = network.person(network.nodes[1], room)
    let wishes: [Moderation] = [
      .promote(guest), .mute(guest, seconds: 0), .unmute(guest), .demote(guest),
    ]
    for wish in wishes {
      #expect(network.moderate(host, room, wish) == nil)
      network.run(for: .seconds(1))
    }
    #expect(
      network.changes(other) == [
        .role(guest, .moderator), .muted(guest, true), .muted(guest, false),
        .role(guest, .listener),
      ])
  }

  @Test func aHandGoesUpAndLeadsToTheStage() throws {
    let network = try Network(seed: 403)
    let room = try network.audience(nodes: 6)
    let (host, guest, other) = (network.nodes[0], network.nodes[2], network.nodes[4])
    let people = network.nodes.map { network.person($0, room) }
    #expect(
      network.attempt(guest, .startSpeaking(room, duration: .ms20, payload: 60)) == .notAllowed)
    #expect(network.status(host, room)?.members.first { $0.person == people[2] }?.name == "")
    #expect(network.attempt(other, .raiseHand(room, isUp: true)) == nil)
    network.run(for: .seconds(1))
    #expect(network.attempt(guest, .raiseHand(room, isUp: true)) == nil)
    network.run(for: .seconds(1))
    for node in network.nodes {
      #expect(network.status(node, room)?.hands == [people[4], people[2]])
    }
    #expect(network.status(host, room)?.members.first { $0.person == people[2] }?.name == "guest 2")
    #expect(network.attempt(guest, .takeSeat(room)) == .noSeatOffered)
    #expect(network.moderate(guest, room, .lowerHand(people[4])) == .notAllowed)
    #expect(network.moderate(host, room, .lowerHand(people[4])) == nil)
    #expect(network.moderate(host, room, .offerSeat(people[2])) == nil)
    network.run(for: .seconds(1))
    #expect(network.status(guest, room)?.seatOfferedUntil != nil)
    #expect(network.attempt(guest, .takeSeat(room)) == nil)
    network.run(for: .seconds(1))
    for node in network.nodes {
      #expect(network.status(node, room)?.hands == [])
      #expect(
        network.status(node, room)?.members.first { $0.person == people[2] }?.role == .speaker)
    }
    network.speak(guest, in: room, frames: 100)
    for node in network.nodes where node !== guest { #expect(node.heard.count >= 98) }
    #expect(network.attempt(guest, .stepDown(room)) == nil)
    network.run(for: .seconds(1))
    #expect(network.role(guest, room) == .listener)
    #expect(network.standings(room).count == 1)
  }

  /// Its neighbours drop it, whatever it says of itself; so nobody further on ever gets it.
  @Test func whoeverIsMutedIsPassedOnByNobody() throws {
    let network = try Network(seed: 404)
    let room = try network.room(nodes: 8)
    let rebel = network.nodes[3]
    let person = network.person(rebel, room)
    network.defy(rebel, room)
    let others = network.nodes.filter { $0 !== rebel }
    let session = try #require(network.status(rebel, room)?.me)
    // What each had heard and passed on when it first knew.
    var known: [(heard: Int, forwarded: UInt64)?] = others.map { _ in nil }
    func forwarded(_ node: Network.Node) -> UInt64 {
      network.status(node, room)?.streams.first { $0.session == session }?.forwarded ?? 0
    }
    network.speak(rebel, in: room, frames: 200) { frame in
      if frame == 100 {
        #expect(network.moderate(network.nodes[0], room, .mute(person, seconds: 0)) == nil)
      }
      for (index, node) in others.enumerated() where known[index] == nil {
        let members = network.status(node, room)?.members
        guard members?.first(where: { $0.person == person })?.isMuted == true else { continue }
        known[index] = (node.heard.count, forwarded(node))
      }
    }
    #expect(others.contains { forwarded($0) > 90 })
    for (node, known) in zip(others, known) {
      let known = try #require(known)
      #expect(known.heard > 90)
      #expect(node.heard.count == known.heard)
      #expect(forwarded(node) == known.forwarded)
    }
    #expect(network.nodes.contains { $0.drops(.notAllowed) > 40 })
    #expect(network.moderate(network.nodes[0], room, .unmute(person)) == nil)
    network.run(for: .seconds(1))
    network.speak(rebel, in: room, frames: 50)
    for node in network.nodes where node !== rebel { #expect(node.heard.count > 130) }
  }

  @Test func anHonestNodeStopsWhenItIsMuted() throws {
    let network = try Network(seed: 405)
    let room = try network.room(nodes: 4)
    let guest = network.nodes[2]
    network.command(guest, .startSpeaking(room, duration: .ms20, payload: 60))
    network.run(for: .seconds(1))
    network.moderate(network.nodes[0], room, .mute(network.person(guest, room), seconds: 0))
    network.run(for: .seconds(1))
    #expect(guest.events.contains { if case .silenced = $0 { true } else { false } })
    #expect(
      network.attempt(guest, .startSpeaking(room, duration: .ms20, payload: 60)) == .notAllowed)
  }

  @Test func whoeverIsRemovedIsOutUntilItIsLetInAgain() throws {
    let network = try Network(seed: 406)
    let room = try network.room(nodes: 8)
    let (host, guest) = (network.nodes[0], network.nodes[3])
    let invite = try #require(host.invite(to: room))
    let person = network.person(guest, room)
    #expect(network.moderate(host, room, .remove(person, seconds: 0, isImmediate: false)) == nil)
    network.run(for: .seconds(3))
    #expect(guest.refusals.last == .removed)
    #expect(network.status(guest, room) == nil)
    for node in network.nodes where node !== guest {
      #expect(network.status(node, room)?.members.contains { $0.person == person } == false)
      #expect(network.status(node, room)?.removed == [person])
    }
    network.command(guest, .join(invite, name: "again"))
    network.run(for: .seconds(8))
    #expect(guest.refusals.last == .removed)
    #expect(network.moderate(host, room, .unban(person)) == nil)
    network.run(for: .seconds(1))
    network.command(guest, .join(invite, name: "again"))
    network.run(for: .seconds(5))
    #expect(network.role(guest, room) == .listener)
  }

  @Test func theHostHandsOverAndTheRoomIsClosedByTheNewOne() throws {
    let network = try Network(seed: 407)
    let room = try network.room(nodes: 5)
    let (old, new) = (network.nodes[0], network.nodes[2])
    #expect(network.moderate(old, room, .handOver(network.person(new, room))) == nil)
    network.run(for: .seconds(2))
    #expect(network.role(new, room) == .host)
    #expect(network.role(old, room) == .moderator)
    #expect(network.moderate(old, room, .close) == .notAllowed)
    #expect(network.moderate(new, room, .close) == nil)
    network.run(for: .seconds(8))
    for node in network.nodes {
      #expect(network.status(node, room) == nil)
      #expect(node.refusals.last == .notAllowed || node.refusals.last == .roomClosed)
    }
  }

  /// Nobody votes: all see the same next one as soon as the host's record has run out.
  @Test func theMostSeniorActsWhenTheHostIsGone() throws {
    var settings = Settings()
    settings.presence.lifetime = .seconds(60)
    settings.presence.beatsEvery = 1
    let network = try Network(seed: 408)
    let room = try network.room(nodes: 8, settings: settings)
    let people = network.nodes.map { network.person($0, room) }
    network.moderate(network.nodes[0], room, .promote(people[4]))
    network.moderate(network.nodes[0], room, .promote(people[2]))
    network.run(for: .seconds(3))
    let others = network.nodes.dropFirst()
    let expiry = try network.killWhenKnown(network.nodes[0], room)
    for node in others { node.events = [] }
    network.run(until: expiry)
    for node in others { #expect(network.status(node, room)?.actingHost == people[0]) }
    network.run(until: expiry + .seconds(5))
    for node in others {
      #expect(network.status(node, room)?.actingHost == people[4])
      #expect(network.actingHosts(node) == [people[4]])
    }
    #expect(network.moderate(network.nodes[4], room, .letSpeak(people[6])) == nil)
    network.speak(network.nodes[4], in: room, frames: 50)
    // The only root is gone, so the first frames meet no tree.
    for node in network.nodes.dropFirst() where node !== network.nodes[4] {
      #expect(node.heard.count >= 45)
    }
  }

  @Test func ofSeventeenWhoBeginAtOnceSixteenSit() throws {
    let network = try Network(seed: 410)
    let room = try network.audience(nodes: 20)
    let speakers = Array(network.nodes[1...17])
    for node in speakers + [network.nodes[18]] {
      network.moderate(network.nodes[0], room, .letSpeak(network.person(node, room)))
    }
    network.run(for: .seconds(2))
    for node in speakers {
      #expect(network.attempt(node, .startSpeaking(room, duration: .ms20, payload: 60)) == nil)
    }
    network.run(for: .seconds(3))
    let seated = Set(network.onStage(network.nodes[0], room))
    #expect(seated.count == 16)
    for node in network.nodes { #expect(Set(network.onStage(node, room)) == seated) }
    let silenced = network.nodes.filter { node in
      node.events.contains { if case .silenced = $0 { true } else { false } }
    }
    // Those who were let on the stage first stay.
    #expect(silenced.map { network.person($0, room) } == [network.person(speakers[16], room)])
    let late = network.nodes[18]
    #expect(
      network.attempt(late, .startSpeaking(room, duration: .ms20, payload: 60)) == .stageFull)
    network.command(speakers[3], .stopSpeaking(room))
    network.run(for: .seconds(1))
    #expect(network.attempt(late, .startSpeaking(room, duration: .ms20, payload: 60)) == nil)
  }

  /// However many devices one person brings, it takes one seat: where it began last.
  @Test func onePersonTakesOneSeat() throws {
    let network = try Network(seed: 411)
    let room = try network.room(nodes: 4)
    let invite = try #require(network.nodes[0].invite(to: room))
    let first = network.nodes[2]
    var devices = [first]
    for _ in 0..<16 {
      let twin = try network.add(twin: first)
      network.command(twin, .join(invite, name: "guest 2"))
      network.run(for: .milliseconds(50))
      devices.append(twin)
    }
    network.run(for: .seconds(8))
    #expect(Set(devices.map { network.person($0, room) }).count == 1)
    for device in devices {
      #expect(network.attempt(device, .startSpeaking(room, duration: .ms20, payload: 60)) == nil)
      network.run(for: .milliseconds(20))
    }
    network.run(for: .seconds(3))
    let last = try #require(devices.last.flatMap { network.status($0, room) }?.me)
    for node in network.nodes { #expect(network.onStage(node, room) == [last]) }
    #expect(
      network.attempt(network.nodes[1], .startSpeaking(room, duration: .ms20, payload: 60)) == nil)
    network.run(for: .seconds(1))
    for node in network.nodes { #expect(network.onStage(node, room).count == 2) }
  }

  @Test func theAudienceHearsThreeAtATime() throws {
    let network = try Network(seed: 409)
    let room = try network.audience(nodes: 10)
    let people = network.nodes.map { network.person($0, room) }
    for index in 1...4 { network.moderate(network.nodes[0], room, .letSpeak(people[index])) }
    network.run(for: .seconds(2))
    for index in 1...4 {
      network.command(
        network.nodes[index], .startSpeaking(room, duration: .ms20, payload: 60))
      network.run(for: .milliseconds(500))
    }
    network.run(for: .seconds(2))
    for node in network.nodes { node.heard = [] }
    for _ in 0..<100 {
      for index in 1...4 {
        network.command(
          network.nodes[index],
          .speak(room, payload: [UInt8](repeating: UInt8(index), count: 60), level: 30))
      }
      network.run(for: .milliseconds(20))
    }
    network.run(for: .seconds(1))
    for index in 1...4 {
      let voices = Set(network.nodes[index].heard.map(\.frame.session))
      #expect(voices.count == 3, "each on stage hears all the others")
    }
    let fourth = try #require(network.status(network.nodes[4], room)?.me)
    for node in network.nodes[5...] {
      #expect(Set(node.heard.map(\.frame.session)).count == 3)
      #expect(!node.heard.contains { $0.frame.session == fourth })
    }
  }
}
