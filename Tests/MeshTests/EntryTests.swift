import Keys
import Mesh
import Testing
import Wire

/// Coming into a room, being seen there, and leaving it.
@Suite(.timeLimit(.minutes(30)))
struct EntryTests {
  @Test func aLatecomerHearsWithinHalfASecond() throws {
    let network = try Network(seed: 21)
    network.delay = 20_000_000...20_000_000
    let room = try network.room(nodes: 6)
    let invite = try #require(network.nodes[0].invite(to: room))
    let late = try network.add()
    var asked = network.now
    network.speak(network.nodes[0], in: room, frames: 200) { frame in
      guard frame == 100 else { return }
      asked = network.now
      network.command(late, .join(invite, name: "late"))
    }
    let first = try #require(late.heard.first)
    #expect(first.at - asked <= .milliseconds(500))
    #expect(late.heard.count >= 80)
    // Nothing from before the ratchet step at which it was let in could be missing in between.
    let counters = late.heard.map(\.frame.counter)
    let span = Int((counters.max() ?? 0) - (counters.min() ?? 0)) + 1
    #expect(Set(counters).count == span)
  }

  @Test func openRoomsAreListedAndJoinedFromTheList() throws {
    let network = try Network(seed: 22)
    let host = try network.add()
    let friend = try network.add()
    let stranger = try network.add()
    network.command(host, .create(title: "open house", access: .open, name: "host"))
    network.command(friend, .connect(host.contact))
    network.run(for: .seconds(1))
    network.command(stranger, .connect(friend.contact))
    network.run(for: .seconds(2))
    let listing = try #require(stranger.status(at: network.now).listings.first)
    #expect(listing.title == "open house")
    network.command(stranger, .joinListed(listing.room, name: "passer-by"))
    network.run(for: .seconds(3))
    #expect(stranger.joined.map(\.room) == [listing.room])
    network.speak(host, in: listing.room, frames: 50)
    #expect(stranger.heard.count == 50)
  }

  @Test func socialRoomsAreNotListed() throws {
    let network = try Network(seed: 23)
    _ = try network.room(nodes: 3)
    for node in network.nodes { #expect(node.status(at: network.now).listings.isEmpty) }
  }

  @Test func aWrongSecretDoesNotAdmit() throws {
    let network = try Network(seed: 24)
    let room = try network.room(nodes: 3)
    var invite = try #require(network.nodes[0].invite(to: room))
    invite.secret = Bytes16(high: 1, low: 2)
    let intruder = try network.add()
    network.command(intruder, .join(invite, name: "intruder"))
    network.run(for: .seconds(15))
    #expect(intruder.joined.isEmpty)
    #expect(!intruder.refusals.isEmpty)
    network.speak(network.nodes[0], in: room, frames: 50)
    #expect(intruder.heard.isEmpty)
  }

  @Test func anExpiredLinkIsRefusedAtOnce() throws {
    let network = try Network(seed: 25)
    let room = try network.room(nodes: 2)
    var invite = try #require(network.nodes[0].invite(to: room))
    invite.expiry = network.now.milliseconds - 1
    let late = try network.add()
    network.command(late, .join(invite, name: "late"))
    #expect(late.refusals == [.linkExpired])
  }

  @Test func aLinkToNobodyEndsInAnAnswer() throws {
    let network = try Network(seed: 26)
    let room = try network.room(nodes: 2)
    let invite = try #require(network.nodes[0].invite(to: room))
    for node in network.nodes { network.kill(node) }
    let late = try network.add()
    network.command(late, .join(invite, name: "late"))
    network.run(for: .seconds(15))
    #expect(late.refusals == [.nobodyAnswered])
  }

  @Test func rostersAgreeAndForgetWhoLeft() throws {
    let network = try Network(seed: 27)
    let room = try network.room(nodes: 15)
    func names(_ node: Network.Node) -> [String] {
      node.status(at: network.now).rooms.first?.members.map(\.name).sorted() ?? []
    }
    let all = names(network.nodes[0])
    #expect(all.count == 15)
    for node in network.nodes { #expect(names(node) == all) }

    network.command(network.nodes[6], .leave(room))
    network.run(for: .seconds(1))
    for (index, node) in network.nodes.enumerated() where index != 6 {
      #expect(names(node).count == 14)
    }
    network.kill(network.nodes[9])
    network.run(for: .seconds(200))
    for (index, node) in network.nodes.enumerated() where index != 6 && index != 9 {
      #expect(names(node).count == 13)
    }
  }

  @Test func whoLeavesAndComesBackIsHeardAgain() throws {
    for seed in 1...6 {
      let network = try Network(seed: UInt64(seed))
      let room = try network.room(nodes: 5)
      let guest = network.nodes[3]
      let invite = try #require(guest.invite(to: room))
      network.command(guest, .leave(room))
      network.command(guest, .join(invite, name: "again"))
      network.run(for: .seconds(6))
      #expect(guest.joined.count == 2)
      network.speak(network.nodes[0], in: room, frames: 50)
      #expect(guest.heard.count == 50)
      network.command(network.nodes[0], .stopSpeaking(room))
      network.speak(guest, in: room, frames: 50)
      for (index, node) in network.nodes.enumerated() where index != 3 {
        #expect(node.heard.count >= 50)
      }
    }
  }

  @Test func anAddressThatChangedUnheardIsLearntByComparison() throws {
    let network = try Network(seed: 31)
    let room = try network.room(nodes: 6)
    let mover = network.nodes[2]
    let elsewhere = Endpoint(ipv4: 0x0A00_00F0, port: 4_001)
    network.lossPermille = 1_000
    network.command(mover, .reachableAt([mover.endpoint, elsewhere]))
    network.run(for: .milliseconds(100))
    network.lossPermille = 0
    network.run(for: .seconds(20))
    let session = try #require(mover.status(at: network.now).rooms.first?.me)
    let known = network.nodes.filter { node in
      node.participant.contact(of: session, in: room)?.endpoints.contains(elsewhere) ?? false
    }
    #expect(known.count == 6)
  }

  /// Records are signed with a time; two minutes are allowed for.
  @Test(arguments: [3_600, -3_600, 180, -180, 100, -100])
  func aClockAnHourOffIsSaidAndAMinuteOffDoesNoHarm(seconds: Int64) throws {
    let network = try Network(seed: 33)
    let room = try network.room(nodes: 3)
    let invite = try #require(network.nodes[0].invite(to: room))
    let guest = try network.add(skew: .seconds(seconds))
    network.command(guest, .join(invite, name: "guest"))
    network.run(for: .seconds(12))
    if abs(seconds) > 120 {
      #expect(guest.joined.isEmpty)
      #expect(guest.refusals == [.clockWrong])
    } else {
      #expect(guest.joined.count == 1)
      network.speak(network.nodes[0], in: room, frames: 50)
      #expect(guest.heard.count == 50)
    }
  }

  @Test func anUnknownRoomIsDeniedWithoutATrace() throws {
    let network = try Network(seed: 28)
    let stranger = try network.add()
    let host = try network.add()
    network.command(
      stranger,
      .join(
        Invite(
          room: RoomID(Bytes16(high: 9, low: 9)), secret: nil, expiry: nil,
          contacts: [host.contact]), name: "x"))
    network.run(for: .seconds(3))
    #expect(stranger.refusals == [.nobodyAnswered])
    #expect(host.drops(.unknownRoom) > 0)
  }

  @Test func theSameSeedGivesTheSameRun() throws {
    func run() throws -> [Int] {
      let network = try Network(seed: 29)
      network.lossPermille = 30
      let room = try network.room(nodes: 8)
      network.speak(network.nodes[0], in: room, frames: 60)
      return network.nodes.flatMap { [$0.bytesIn, $0.heard.count, $0.notes.count] }
    }
    #expect(try run() == run())
  }
}
