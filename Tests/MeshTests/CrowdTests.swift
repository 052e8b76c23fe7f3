import Keys
import Mesh
import Testing
import Wire

/// The stage of a room whose members know only some of each other.
@Suite(.timeLimit(.minutes(30)))
struct CrowdTests {
  private static var settings: Settings {
    var settings = Settings()
    settings.presence.companions = 8
    settings.presence.beatsEvery = 1
    return settings
  }

  @Test func aHandIsSeenByThoseWhoDidNotKnowItsOwner() throws {
    let network = try Network(seed: 421)
    let room = try network.audience(nodes: 30, settings: Self.settings)
    let (host, guest) = (network.nodes[0], network.nodes[17])
    let person = network.person(guest, room)
    let session = try #require(network.status(guest, room)?.me)
    let strangers = network.nodes.count { !$0.knows(session, room) }
    #expect(strangers > 5)
    #expect(network.attempt(guest, .raiseHand(room, isUp: true)) == nil)
    network.run(for: .seconds(2))
    for node in network.nodes { #expect(network.status(node, room)?.hands == [person]) }
    // Nobody forgets it while it is up, whomever else they meet.
    network.run(for: .seconds(40))
    for node in network.nodes { #expect(network.status(node, room)?.hands == [person]) }
    let late = try network.add(settings: Self.settings)
    network.command(late, .join(try #require(host.invite(to: room)), name: "late"))
    network.run(for: .seconds(2))
    #expect(network.moderate(host, room, .letSpeak(network.ownPerson(late, room))) == nil)
    network.command(late, .join(try #require(host.invite(to: room)), name: "late"))
    network.run(for: .seconds(5))
    #expect(network.status(late, room)?.hands == [person])
    #expect(network.moderate(host, room, .offerSeat(person)) == nil)
    network.run(for: .seconds(1))
    #expect(network.attempt(guest, .takeSeat(room)) == nil)
    network.run(for: .seconds(2))
    for node in network.nodes { #expect(network.status(node, room)?.hands == []) }
    network.speak(guest, in: room, frames: 100)
    for node in network.nodes where node !== guest && node !== late {
      #expect(node.heard.count >= 90)
    }
  }

  /// Moderators are known to all, silent or not: so all agree who acts when the host is gone.
  @Test func silentModeratorsAreForgottenByNobody() throws {
    let network = try Network(seed: 422)
    let room = try network.audience(nodes: 30, settings: Self.settings)
    let people = network.nodes.map { network.person($0, room) }
    network.moderate(network.nodes[0], room, .promote(people[20]))
    network.moderate(network.nodes[0], room, .promote(people[11]))
    network.run(for: .seconds(60))
    for index in [0, 11, 20] {
      let session = try #require(network.status(network.nodes[index], room)?.me)
      for node in network.nodes { #expect(node.knows(session, room)) }
    }
    let others = network.nodes.dropFirst()
    for node in others { node.events = [] }
    let expiry = try network.killWhenKnown(network.nodes[0], room)
    network.run(until: expiry + .seconds(5))
    for node in others {
      #expect(network.status(node, room)?.actingHost == people[20])
      #expect(network.actingHosts(node) == [people[20]])
    }
  }

  /// Who is no moderator any more is one of the crowd again.
  @Test func whoIsDemotedIsForgottenAsOthersAre() throws {
    let network = try Network(seed: 423)
    let room = try network.audience(nodes: 30, settings: Self.settings)
    let guest = network.nodes[20]
    let session = try #require(network.status(guest, room)?.me)
    network.moderate(network.nodes[0], room, .promote(network.person(guest, room)))
    network.run(for: .seconds(20))
    #expect(network.nodes.allSatisfy { $0.knows(session, room) })
    network.moderate(network.nodes[0], room, .demote(network.person(guest, room)))
    network.run(for: .seconds(60))
    #expect(network.nodes.count { $0.knows(session, room) } < 25)
    // And all agree about the stage.
    let hashes = Set(network.nodes.map { $0.rosterVersions(room) })
    #expect(hashes.count == 1)
  }
}
