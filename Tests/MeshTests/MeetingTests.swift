import Keys
import Mesh
import OrderedCollections
import Testing
import Wire

/// Members behind routers are brought together, and nobody is made to call half the world.
@Suite(.timeLimit(.minutes(30)))
struct MeetingTests {
  private static let victim = Endpoint(ipv4: 0xC633_6401, port: 53)

  private func network(
    seed: UInt64, _ settings: Settings, nodes: Int = 8, settle: Duration = .seconds(3)
  ) throws -> (network: Network, room: RoomID) {
    let network = try Network(seed: seed)
    // All but the first.
    network.sheltered = [1, 2, 3, 4, 5, 6, 7]
    let room = try network.room(nodes: nodes, settle: settle, settings: settings)
    return (network, room)
  }

  private func linksBetweenSheltered(_ network: Network) -> Int {
    let first = network.nodes[0].contact.node
    return network.nodes.dropFirst().reduce(0) { sum, node in
      sum + node.status(at: network.now).peers.count { $0.node != first }
    } / 2
  }

  @Test func inASmallRoomAllAreLinkedWhateverIsInFrontOfThem() throws {
    // Seven behind routers are 21 pairs.
    #expect(linksBetweenSheltered(try network(seed: 300, Settings()).network) == 21)
  }

  /// One dials; the other has no reason to.
  @Test(arguments: [3, 0])
  func aNeighbourBringsTogetherWhomRoutersKeepApart(asked: Int) throws {
    let network = try Network(seed: 301)
    network.sheltered = [1, 2]
    var settings = Settings()
    settings.forest.smallRoom = 0
    settings.meeting.asked = asked
    try network.add(settings: settings)
    settings.overlay.active = 1
    for _ in 0..<2 { try network.add(settings: settings, relays: false) }
    let nodes = network.nodes
    network.command(nodes[0], .create(title: "flock", access: .social, name: "host"))
    let room = try #require(nodes[0].joined.first?.room)
    let invite = try #require(nodes[0].invite(to: room))
    for node in nodes.dropFirst() {
      network.command(node, .join(invite, name: "guest"))
      network.run(for: .seconds(4))
    }
    #expect(linksBetweenSheltered(network) == 0)
    let person = try #require(nodes[2].status(at: network.now).rooms.first?.person)
    network.command(nodes[1], .compareCodes(room, person))
    network.run(for: .seconds(1))
    #expect(linksBetweenSheltered(network) == (asked > 0 ? 1 : 0))
  }

  @Test func nothingButHandshakesGoesToWhoIsCalled() throws {
    let (network, room) = try network(seed: 303, Settings(), nodes: 3)
    let caller = network.nodes[1]
    let stranger = Contact(
      node: NodeID(Bytes32(high: Bytes16(high: 3, low: 1), low: .zero)), endpoints: [Self.victim])
    let before = network.lost.count
    network.utter(caller, .meeting, in: room) { Meeting.call(stranger).encoded(tag: $0) }
    network.run(for: .seconds(20))
    let sent = network.lost.dropFirst(before)
    // Both neighbours call, four times each.
    #expect(sent.count == 8)
    #expect(sent.allSatisfy { $0.target == Self.victim && (189...380).contains($0.count) })
    #expect(network.nodes.allSatisfy { $0.count(.handshakeFailed) == 0 })
    let unanswered = network.nodes.flatMap(\.events).filter { event in
      if case .unanswered = event { true } else { false }
    }
    #expect(unanswered.isEmpty)
  }

  @Test func whatOneNeighbourCausesIsBounded() throws {
    let (network, room) = try network(seed: 304, Settings(), nodes: 2)
    let before = network.lost.count
    for number in 0..<200 as Range<UInt64> {
      let stranger = Contact(
        node: NodeID(Bytes32(high: Bytes16(high: 4, low: number), low: .zero)),
        endpoints: [Self.victim])
      network.utter(network.nodes[1], .meeting, in: room) {
        Meeting.call(stranger).encoded(tag: $0)
      }
    }
    network.run(for: .seconds(5))
    #expect(network.lost.count - before <= 4 * 36)
    #expect(network.nodes[0].drops(.rateLimited) > 150)
  }

  @Test func nobodyAsksInAnothersName() throws {
    let (network, room) = try network(seed: 305, Settings(), nodes: 3)
    let wanted = network.nodes[0].contact.node
    let forged = Contact(node: wanted, endpoints: [Self.victim])
    let before = network.lost.count
    network.utter(network.nodes[1], .meeting, in: room) {
      Meeting.ask(wanted, forged).encoded(tag: $0)
    }
    network.run(for: .seconds(5))
    #expect(network.nodes[2].drops(.badMeeting) == 1)
    #expect(network.lost.count == before)
  }

  @Test func whoHasNoLinkBringsNobodyTogether() throws {
    let (network, room) = try network(seed: 306, Settings(), nodes: 3)
    let nobody = NodeID(Bytes32(high: Bytes16(high: 5, low: 1), low: .zero))
    let asker = network.nodes[1]
    let own = asker.contact
    let before = network.nodes[0].drops(.noMeeting)
    network.utter(asker, .meeting, in: room) {
      Meeting.ask(nobody, own).encoded(tag: $0)
    }
    network.run(for: .seconds(2))
    #expect(network.nodes[0].drops(.noMeeting) == before + 1)
  }

  @Test func programsOnThisMachineAreNotCalledForOthers() throws {
    let (network, room) = try network(seed: 307, Settings(), nodes: 2)
    let local = Contact(
      node: NodeID(Bytes32(high: Bytes16(high: 6, low: 1), low: .zero)),
      endpoints: [Endpoint(ipv4: 0x7F00_0001, port: 631), Endpoint(ipv4: 0, port: 1)])
    let before = network.lost.count
    network.utter(network.nodes[1], .meeting, in: room) {
      Meeting.call(local).encoded(tag: $0)
    }
    network.run(for: .seconds(5))
    #expect(network.lost.count == before)
    #expect(network.nodes[0].drops(.badMeeting) == 1)
  }

  @Test func aMeetingThatDoesNotParseEndsTheLink() throws {
    let (network, room) = try network(seed: 308, Settings(), nodes: 2)
    network.utter(network.nodes[1], .meeting, in: room) { [$0, 2] }
    network.run(for: .seconds(1))
    #expect(network.nodes[0].drops(.malformedRecord) > 0)
  }

  // MARK: Links

  private func isDialling(_ one: LinkNode, _ two: LinkNode) -> Bool {
    one.links.isDialling(two.id)
  }

  @Test func aFavourEndsSoonAndBecomesOwnWhenItIsWanted() throws {
    let network = LinkNetwork(seed: 309)
    let one = try network.add(seed: 310)
    let two = try network.add(seed: 311)
    var isOpen = false
    network.path = { _, _ in isOpen ? [.milliseconds(20)] : [] }
    network.act(one) { _ = $0.greet(two.contact, at: $1, into: &$2) }
    network.run(for: .seconds(1))
    #expect(isDialling(one, two))
    network.run(for: .seconds(2))
    #expect(!isDialling(one, two))
    // Nobody heard of it, and it does not count against the other.
    #expect(one.events.isEmpty)
    let redial = one.links.redial(of: two.id)
    #expect(redial == nil)

    network.act(one) { _ = $0.greet(two.contact, at: $1, into: &$2) }
    network.run(for: .milliseconds(500))
    network.dial(one, two)
    network.run(for: .seconds(3))
    #expect(isDialling(one, two))
    isOpen = true
    network.run(for: .seconds(4))
    #expect(one.link(to: two) != nil)
  }

  @Test func whoWasNeverWrittenToShowsThatStrangersGetThrough() throws {
    let network = LinkNetwork(seed: 312)
    let (one, two) = (try network.add(seed: 313), try network.add(seed: 314))
    one.endpoint = Endpoint(ipv4: 0xCB00_7101, port: 4_000)
    two.endpoint = Endpoint(ipv4: 0xCB00_7102, port: 4_000)
    network.dial(one, two)
    network.run(for: .seconds(1))
    let link = try #require(two.link(to: one))
    #expect(two.events.contains(.called(link)))
    #expect(!one.events.contains { if case .called = $0 { true } else { false } })
    // It comes again: by now a router may let it in because of what was sent.
    network.act(one) { links, now, effects in
      guard let link = links.link(to: two.id) else { return }
      links.close(link, reason: CloseReason.leaving, at: now, into: &effects)
    }
    network.run(for: .seconds(10))
    network.dial(one, two)
    network.run(for: .seconds(1))
    #expect(two.link(to: one) != nil)
    #expect(two.events.count { if case .called = $0 { true } else { false } } == 1)
  }
}
