import Keys
import Mesh
import Testing
import Wire

/// Keys that nobody should hold any more, or never should have, are nowhere in the process: not in
/// the arena, not on the heap, not on a stack.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct MemoryTests {
  private func search(for network: Network, _ room: RoomID) -> MemorySearch {
    var search = MemorySearch()
    for node in network.nodes {
      node.participant.betray(in: room) { search.note($0) }
    }
    return search
  }

  @Test func whoeverLeavesForgetsTheKeysOfTheRoom() throws {
    let network = try Network(seed: 801)
    network.isSeeded = false
    let room = try network.room(nodes: 5)
    network.speak(network.nodes[0], in: room, frames: 60)
    network.speak(network.nodes[3], in: room, frames: 60)
    let search = search(for: network, room)
    #expect(search.count >= 2)
    #expect(search.found() == search.count)
    for node in network.nodes { network.command(node, .leave(room)) }
    network.run(for: .seconds(6))
    #expect(search.places() == [])
  }

  /// The room's session key ends with the room, what keys were sealed under with the link.
  @Test func whoeverLeavesForgetsItsOwnKeysToo() throws {
    let network = try Network(seed: 804)
    network.isSeeded = false
    let room = try network.room(nodes: 4)
    network.speak(network.nodes[0], in: room, frames: 60)
    var search = MemorySearch()
    for node in network.nodes { node.participant.betrayOwn(in: room) { search.note($0) } }
    // Four sessions, and a secret for each of six links.
    #expect(search.count == 10)
    #expect(search.found() == search.count)
    for node in network.nodes { network.command(node, .leave(room)) }
    network.run(for: .seconds(6))
    // Links are kept for other rooms, until nobody answers.
    #expect(search.found() <= 6)
    network.forgetAll(but: network.nodes[0])
    network.run(for: .seconds(60))
    #expect(search.places() == [])
  }

  /// The secret of the link by which everybody came in, in a room that is left by all.
  ///
  /// A link passes through commands and text, so copies in passing are anywhere until written over;
  /// the one that is kept is looked for.
  @Test func whoeverLeavesForgetsTheSecretOfTheLink() throws {
    let network = try Network(seed: 805)
    network.isSeeded = false
    let room = try network.room(nodes: 4)
    network.speak(network.nodes[0], in: room, frames: 20)
    var search = MemorySearch()
    search.onlyKept = true
    for node in network.nodes {
      if let secret = node.participant.betrayEntry(to: room) { search.note(secret) }
    }
    #expect(search.count == 2)
    #expect(search.found() >= 1)
    for node in network.nodes { network.command(node, .leave(room)) }
    network.run(for: .seconds(6))
    #expect(search.places() == [])
  }

  @Test func aReplacedKeyIsForgottenAfterSixSeconds() throws {
    let network = try Network(seed: 802)
    network.isSeeded = false
    let room = try network.audience(nodes: 6)
    network.speak(network.nodes[0], in: room, frames: 60)
    let search = search(for: network, room)
    #expect(search.found() == search.count)
    network.moderate(
      network.nodes[0], room,
      .remove(network.person(network.nodes[5], room), seconds: 0, isImmediate: false))
    // The removed one hears nothing of the room any more, and the others use the new key.
    network.speakOn(network.nodes[0], in: room, frames: 400)
    #expect(search.places() == [])
  }

  /// Everybody else is gone from this process: what is left is what the relay holds.
  @Test(arguments: [true, false])
  func aKeylessRelayHoldsNoKeyOfASpeaker(isRelay: Bool) throws {
    let network = try Network(seed: 803)
    network.isSeeded = false
    let search = try gather(network, isRelay: isRelay)
    #expect(search.count >= 1)
    #expect(search.found() == search.count)
    weak let host = network.nodes[0]
    network.forgetAll(but: network.nodes[1])
    #expect(host == nil)
    #expect(search.found() == (isRelay ? 0 : search.count))
  }

  /// The host, and one that relays or listens; no variable holds the host when this returns.
  private func gather(_ network: Network, isRelay: Bool) throws -> MemorySearch {
    let host = try network.add()
    let subject = try network.add(uplink: 50_000_000)
    network.command(host, .create(title: "hall", access: .closed, name: "host"))
    let room = try #require(host.joined.first?.room)
    let person = network.ownPerson(subject, room)
    #expect(network.moderate(host, room, isRelay ? .lendRelay(person) : .admit(person)) == nil)
    network.command(subject, .join(try #require(host.invite(to: room)), name: "subject"))
    network.run(for: .seconds(5))
    network.speak(host, in: room, frames: 100)
    #expect(network.status(subject, room)?.streams.first?.received ?? 0 > 80)
    return search(for: network, room)
  }
}
