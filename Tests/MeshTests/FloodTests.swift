import Keys
import Mesh
import Testing
import Wire

/// Members whose every word is true and rightly signed, and too many.
@Suite(.timeLimit(.minutes(30)))
struct FloodTests {
  @Test(arguments: [MessageType.presence, .member])
  func recordsOfOnePersonArePassedOnSlowly(type: MessageType) throws {
    var unlimited = Settings()
    unlimited.presence.records = 1_000_000
    let all = try flood(type, settings: unlimited)
    let some = try flood(type, settings: Settings())
    #expect(all.dropped == 0 && some.dropped > 100)
    #expect(some.bytes < all.bytes / 2, "\(some.bytes) of \(all.bytes)")
  }

  /// What those who are not its neighbours get of 400 records of one member in two seconds.
  private func flood(
    _ type: MessageType, settings: Settings
  ) throws -> (bytes: Int, dropped: Int) {
    let network = try Network(seed: 431)
    let room = try network.room(nodes: 20, settings: settings)
    let (loud, other) = (network.nodes[3], network.nodes[5])
    let near = loud.participant.inspect(room)?.neighbours ?? []
    let far = network.nodes.filter { $0 !== loud && !near.contains($0.contact.node) }
    #expect(far.count > 5)
    let before = far.map(\.bytesIn).reduce(0, +)
    for _ in 0..<400 {
      network.chatter(loud, type, 1, in: room)
      network.run(for: .milliseconds(5))
    }
    let bytes = far.map(\.bytesIn).reduce(0, +) - before
    let dropped = network.nodes.map { $0.drops(.tooManyRecords) }.reduce(0, +)
    guard dropped > 0 else { return (bytes, dropped) }
    // Others are heard as ever, and it is too when it is calm again.
    network.speak(other, in: room, frames: 50)
    for node in network.nodes where node !== other { #expect(node.heard.count >= 48) }
    network.run(for: .seconds(30))
    #expect(Set(network.nodes.map { $0.rosterVersions(room) }).count == 1)
    network.speak(loud, in: room, frames: 50)
    for node in network.nodes where node !== other && node !== loud {
      #expect(node.heard.count >= 96)
    }
    return (bytes, dropped)
  }

  /// Twenty strangers a second finish handshakes with a node that has 24 links, and say no more.
  @Test func whoeverFillsAllLinksKeepsNobodyOut() throws {
    var settings = Settings()
    settings.links.sessions = 24
    let network = try Network(seed: 433)
    let host = try network.add(settings: settings)
    network.command(host, .create(title: "flock", access: .social, name: "host"))
    let room = try #require(host.joined.last?.room)
    let invite = try #require(host.invite(to: room))
    let friends = try (0..<4).map { _ in try network.add() }
    for number in 0..<200 {
      network.command(try network.add(), .connect(host.contact))
      if number % 40 == 30 {
        network.command(friends[number / 40 % 4], .join(invite, name: "friend"))
      }
      network.run(for: .milliseconds(50))
    }
    for friend in friends { #expect(network.status(friend, room) != nil) }
    #expect(host.status(at: network.now).peers.count <= 24)
    network.speak(host, in: room, frames: 50)
    for friend in friends { #expect(friend.heard.count >= 48) }
  }

  @Test func keysOfOnePersonArePassedOnSlowly() throws {
    let network = try Network(seed: 432)
    let room = try network.room(nodes: 8)
    let loud = network.nodes[3]
    let others = network.nodes.filter { $0 !== loud }
    network.speak(loud, in: room, frames: 50)
    let before = others.map { $0.count(.keyGranted) }
    network.chatter(loud, .keyAnnouncement, 100, in: room)
    network.run(for: .milliseconds(500))
    for (node, before) in zip(others, before) {
      #expect(node.drops(.tooManyKeys) > 0)
      #expect(node.count(.keyGranted) - before < 8 * 7 + 8)
    }
    network.speak(network.nodes[5], in: room, frames: 50)
    for node in network.nodes where node !== network.nodes[5] && node !== loud {
      #expect(node.heard.count >= 96)
    }
  }

  @Test func whoeverPressesTheButtonTwiceASecondIsHeard() throws {
    let network = try Network(seed: 433)
    let room = try network.room(nodes: 6)
    let guest = network.nodes[2]
    for _ in 0..<60 {
      network.command(guest, .startSpeaking(room, duration: .ms20, payload: 60))
      network.speakOn(guest, in: room, frames: 12)
      network.command(guest, .stopSpeaking(room))
      network.run(for: .milliseconds(260))
    }
    for node in network.nodes { #expect(node.drops(.tooManyRecords) == 0) }
    for node in network.nodes where node !== guest { #expect(node.heard.count > 680) }
  }
}
