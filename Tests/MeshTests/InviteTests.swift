import Keys
import Mesh
import Testing
import Wire

/// Links that carry a role, run out, are burnt and revoked; rooms that let in by name.
@Suite(.timeLimit(.minutes(30)))
struct InviteTests {
  @Test func aLinkGivesTheRoleItSays() throws {
    let network = try Network(seed: 421)
    let room = try network.audience(nodes: 3)
    let guest = try network.add()
    let link = try #require(network.invite(network.nodes[0], room, role: .speaker, uses: 0))
    network.command(guest, .join(link.invite, name: "speaker"))
    network.run(for: .seconds(4))
    #expect(network.role(guest, room) == .speaker)
    network.speak(guest, in: room, frames: 50)
    for node in network.nodes.dropLast() { #expect(node.heard.count >= 49) }
    #expect(network.standings(room).count == 1)
  }

  @Test func aLinkThatRanOutAdmitsNobodyNewAndKeepsWhoIsIn() throws {
    let network = try Network(seed: 422)
    let room = try network.audience(nodes: 3)
    let link = try #require(
      network.invite(network.nodes[0], room, role: .listener, uses: 0, lifetime: .seconds(60)))
    let (early, late) = (try network.add(), try network.add())
    network.command(early, .join(link.invite, name: "early"))
    network.run(for: .seconds(70))
    var stale = link.invite
    stale.expiry = nil
    network.command(late, .join(stale, name: "late"))
    network.run(for: .seconds(12))
    #expect(network.role(early, room) == .listener)
    #expect(late.refusals.last == .linkExpired)
    #expect(network.status(late, room) == nil)
  }

  @Test func aRevokedLinkTakesItsGuestsWithIt() throws {
    let network = try Network(seed: 423)
    let room = try network.audience(nodes: 4)
    let link = try #require(network.invite(network.nodes[0], room, role: .listener, uses: 0))
    let guest = try network.add()
    network.command(guest, .join(link.invite, name: "guest"))
    network.run(for: .seconds(4))
    #expect(network.role(guest, room) == .listener)
    #expect(network.moderate(network.nodes[0], room, .revokeInvite(link.key)) == nil)
    network.run(for: .seconds(3))
    #expect(network.status(guest, room) == nil)
    for node in network.nodes.dropLast() {
      #expect(network.status(node, room)?.members.count == 4)
    }
  }

  @Test func aLinkForOneAdmitsOneAndNoSecond() throws {
    let network = try Network(seed: 424)
    let room = try network.audience(nodes: 4)
    let link = try #require(network.invite(network.nodes[0], room, role: .speaker, uses: 1))
    let (first, second) = (try network.add(), try network.add())
    network.command(first, .join(link.invite, name: "first"))
    network.run(for: .seconds(3))
    network.command(second, .join(link.invite, name: "second"))
    // It need not wait for a yes that cannot come.
    network.run(for: .seconds(4))
    #expect(network.role(first, room) == .speaker)
    #expect(network.status(second, room) == nil)
    #expect(second.refusals.last == .notAdmitted)
    #expect(network.standings(room).count == 1)
  }

  /// A moderator in each half, the inviter in one: what the other cannot burn it does not honour,
  /// whoever comes first, and nobody is let in twice when the halves meet.
  @Test(arguments: [431, 432, 433, 434] as [UInt64])
  func aLinkForOneUsedInTwoHalvesWithModeratorsAdmitsExactlyOne(seed: UInt64) throws {
    let network = try Network(seed: seed)
    let room = try network.audience(nodes: 8)
    let people = network.nodes.map { network.person($0, room) }
    for moderator in [1, 6] {
      network.moderate(network.nodes[0], room, .promote(people[moderator]))
    }
    network.run(for: .seconds(3))
    // Node 1 invites; it is in the first half, or with the host's in the second.
    let link = try #require(network.invite(network.nodes[1], room, role: .speaker, uses: 1))
    network.run(for: .seconds(4))
    let guests = [try network.add(), try network.add()]
    let far = seed % 2 == 0 ? [4, 5, 6, 7, 9] : [0, 2, 3, 6, 9]
    network.isCut = { far.contains($0) != far.contains($1) }
    for (guest, door) in zip(guests, seed % 2 == 0 ? [2, 4] : [4, 2]) {
      var invite = link.invite
      invite.contacts = [network.nodes[door].contact]
      network.command(guest, .join(invite, name: "guest"))
    }
    network.run(for: .seconds(8))
    #expect(guests.count { network.status($0, room)?.role == .speaker } == 1)
    network.isCut = { _, _ in false }
    network.run(for: .seconds(90))
    let inside = guests.filter { network.status($0, room) != nil }
    #expect(inside.count == 1)
    let admitted = guests.map { network.ownPerson($0, room) }
    for node in network.nodes.prefix(8) + inside {
      let members = network.status(node, room)?.members ?? []
      #expect(members.count == 9)
      #expect(members.count { admitted.contains($0.person) && $0.role == .speaker } == 1)
      #expect(network.status(node, room)?.invites.first { $0.key == link.key }?.used == 1)
    }
    #expect(guests.first { network.status($0, room) == nil }?.refusals.last == .notAdmitted)
    #expect(network.standings(room).count == 1)
  }

  /// The half without the inviter cannot say yes; the guest there waits, and is not let in later
  /// either, for the link is burnt.
  @Test func aLinkForOneUsedInBothHalvesOfARoomAdmitsOne() throws {
    let network = try Network(seed: 425)
    let room = try network.audience(nodes: 6)
    let link = try #require(network.invite(network.nodes[0], room, role: .listener, uses: 1))
    network.run(for: .seconds(4))
    let (here, there) = (try network.add(), try network.add())
    let far = [3, 4, 5, 7]
    network.isCut = { far.contains($0) != far.contains($1) }
    var elsewhere = link.invite
    elsewhere.contacts = [network.nodes[4].contact, network.nodes[5].contact]
    network.command(there, .join(elsewhere, name: "there"))
    network.run(for: .seconds(2))
    #expect(there.events.contains { if case .waiting = $0 { true } else { false } })
    network.command(here, .join(link.invite, name: "here"))
    network.run(for: .seconds(8))
    #expect(network.role(here, room) == .listener)
    #expect(network.status(there, room) == nil)
    network.isCut = { _, _ in false }
    network.run(for: .seconds(90))
    #expect(network.role(here, room) == .listener)
    #expect(network.status(there, room) == nil)
    #expect(network.standings(room).count == 1)
  }

  /// Operations come in several records, in any order: the one about the guest may be the last.
  @Test(arguments: 441...452 as ClosedRange<UInt64>)
  func whoeverHearsOfItsOwnAdmissionLastStays(seed: UInt64) throws {
    let network = try Network(seed: seed)
    let room = try network.audience(nodes: 4)
    let host = network.nodes[0]
    let people = network.nodes.map { network.person($0, room) }
    network.moderate(host, room, .promote(people[1]))
    for _ in 0..<10 {
      #expect(network.moderate(host, room, .letSpeak(people[2])) == nil)
      #expect(network.moderate(host, room, .demote(people[2])) == nil)
    }
    network.run(for: .seconds(3))
    let link = try #require(network.invite(network.nodes[1], room, role: .speaker, uses: 1))
    network.run(for: .seconds(2))
    let guest = try network.add()
    network.lossPermille = 100
    network.command(guest, .join(link.invite, name: "guest"))
    network.run(for: .seconds(8))
    #expect(network.role(guest, room) == .speaker)
    #expect(guest.refusals.isEmpty)
    #expect(network.status(guest, room)?.members.count == 5)
  }

  @Test func aGuestWaitsForAnInviterFurtherAway() throws {
    let network = try Network(seed: 426)
    let room = try network.audience(nodes: 16)
    let link = try #require(network.invite(network.nodes[0], room, role: .listener, uses: 3))
    network.run(for: .seconds(2))
    let guest = try network.add()
    var elsewhere = link.invite
    elsewhere.contacts = [network.nodes[13].contact]
    network.command(guest, .join(elsewhere, name: "guest"))
    network.run(for: .seconds(4))
    #expect(network.role(guest, room) == .listener)
    #expect(network.standings(room).count == 1)
  }

  /// Its link holds no secret; its key was named by a moderator.
  @Test func aPersonIsLetInByName() throws {
    let network = try Network(seed: 427)
    let room = try network.audience(nodes: 4)
    let guest = try network.add()
    let invite = try #require(network.nodes[0].invite(to: room))
    #expect(invite.secret == nil)
    network.command(guest, .join(invite, name: "guest"))
    network.run(for: .seconds(12))
    #expect(guest.refusals.last == .notAdmitted)
    let person = network.ownPerson(guest, room)
    #expect(network.moderate(network.nodes[0], room, .admit(person)) == nil)
    network.run(for: .seconds(1))
    network.command(guest, .join(invite, name: "guest"))
    network.run(for: .seconds(4))
    #expect(network.role(guest, room) == .listener)
  }

  @Test func nobodyNewComesInWhileTheDoorIsShut() throws {
    let network = try Network(seed: 428)
    let room = try network.audience(nodes: 4)
    let link = try #require(network.invite(network.nodes[0], room, role: .listener, uses: 0))
    #expect(network.moderate(network.nodes[0], room, .setPolicy(.doorShut)) == nil)
    network.run(for: .seconds(1))
    let guest = try network.add()
    network.command(guest, .join(link.invite, name: "guest"))
    network.run(for: .seconds(12))
    #expect(guest.refusals.last == .doorShut)
    #expect(network.status(network.nodes[1], room)?.members.count == 4)
  }

  /// Whoever wrote something must go on where it stopped, or it contradicts itself.
  @Test func aHostThatRestartsIsStillHost() throws {
    let network = try Network(seed: 429)
    let room = try network.room(nodes: 5)
    let people = network.nodes.map { network.person($0, room) }
    let host = network.nodes[0]
    network.moderate(host, room, .promote(people[1]))
    network.run(for: .seconds(2))
    let invite = try #require(network.nodes[1].invite(to: room))
    try network.restart(host)
    network.command(host, .join(invite, name: "host"))
    network.run(for: .seconds(5))
    #expect(network.person(host, room) == people[0])
    #expect(network.role(host, room) == .host)
    #expect(network.moderate(host, room, .promote(people[2])) == nil)
    network.run(for: .seconds(2))
    for node in network.nodes {
      #expect(
        network.status(node, room)?.members.first { $0.person == people[2] }?.role == .moderator)
    }
    #expect(network.standings(room).count == 1)
  }
}
