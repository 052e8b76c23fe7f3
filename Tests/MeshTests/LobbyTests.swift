import Keys
import Mesh
import Testing
import Wire

/// The overlay of all nodes, and what strangers may cause through it.
@Suite(.timeLimit(.minutes(30)))
struct LobbyTests {
  private func place(_ number: UInt32) -> Endpoint {
    Endpoint(ipv4: 0x0B00_0000 + number, port: 9)
  }

  private func nobody(_ number: UInt32, at endpoint: Endpoint? = nil) -> Contact {
    Contact(
      node: NodeID(Bytes32(high: Bytes16(high: 1, low: UInt64(number)), low: .zero)),
      endpoints: [endpoint ?? place(number)])
  }

  // MARK: Contacts

  @Test func aNeighbourThatDialledIsFoundByOthersThoughItAsksForAToken() throws {
    let network = try Network(seed: 41)
    let shy = try network.add(token: Bytes16(high: 5, low: 6))
    let middle = try network.add(token: Bytes16(high: 7, low: 8))
    let late = try network.add(token: Bytes16(high: 9, low: 9))
    network.command(shy, .connect(middle.contact))
    network.run(for: .seconds(1))
    network.command(late, .connect(middle.contact))
    network.run(for: .seconds(60))
    #expect(late.status(at: network.now).peers.contains { $0.node == shy.contact.node })
  }

  @Test func aPeerIsRememberedWithItsTokenAndWhereItAnswered() throws {
    let network = try Network(seed: 42)
    let node = try network.add()
    let visitor = try network.addVisitor(token: Bytes16(high: 1, low: 1))
    var contact = visitor.contact
    contact.endpoints = [place(1), visitor.endpoint]
    network.command(node, .connect(contact))
    network.run(for: .seconds(1))
    let reached = node.events.compactMap { event -> Contact? in
      if case .reached(let contact) = event { contact } else { nil }
    }
    #expect(reached.map(\.token) == [contact.token])
    #expect(reached.map(\.endpoints) == [[visitor.endpoint, place(1)]])
  }

  @Test func theAddressOthersSeeGoesFirstAndIsForgottenWhenNobodySeesIt() throws {
    let network = try Network(seed: 43)
    let node = try network.add()
    let interfaces = (1...5 as ClosedRange<UInt32>).map { place($0) }
    network.command(node, .reachableAt(interfaces))
    let visitors = [try network.addVisitor(), try network.addVisitor()]
    network.visit(visitors[0], node)
    #expect(node.contact.endpoints == Array(interfaces.prefix(4)))
    network.visit(visitors[1], node)
    #expect(node.contact.endpoints == [node.endpoint] + interfaces.prefix(3))
    for visitor in visitors {
      for link in visitor.links.up {
        visitor.links.close(link, reason: 0, at: network.now, into: &visitor.effects)
      }
      network.collect(visitor)
    }
    network.run(for: .seconds(500))
    #expect(node.contact.endpoints.first == node.endpoint)
    network.run(for: .seconds(200))
    #expect(node.contact.endpoints == Array(interfaces.prefix(4)))
  }

  // MARK: Dials

  @Test func whatAStrangerNamesIsDialledSeldom() throws {
    let network = try Network(seed: 44)
    let node = try network.add()
    let visitor = try network.addVisitor()
    network.visit(visitor, node)
    // A neighbour, so that the link lasts.
    let request = NeighbourRequest(.alone)
    network.say(visitor, to: node, .neighbour, request.encoded(tag: .lobby))
    func targets() -> Int { Set(network.lost.map(\.target)).count }
    func name(_ number: UInt32, at endpoint: Endpoint? = nil) {
      let walk = ForwardJoin(timeToLive: 0, contact: nobody(number, at: endpoint))
      network.say(visitor, to: node, .forwardJoin, walk.encoded(tag: .lobby))
    }
    for number in 0..<100 as Range<UInt32> { name(number) }
    network.run(for: .milliseconds(10))
    #expect(targets() == 4)
    for number in 100..<700 as Range<UInt32> {
      name(number)
      network.run(for: .milliseconds(100))
    }
    // A minute at one in two seconds; those that failed made room for the next.
    #expect(targets() > 20 && targets() <= 4 + 31)
    #expect(node.drops(.rateLimited) > 600)
    let before = targets()
    network.run(for: .seconds(10))
    name(800, at: Endpoint(ipv4: 0x7F00_0001, port: 53))
    name(801, at: Endpoint(ipv4: 0xE000_0001, port: 53))
    network.run(for: .seconds(10))
    #expect(targets() == before)
  }

  @Test func manyStrangersCauseEightDialsAtOnce() throws {
    let network = try Network(seed: 45)
    let node = try network.add()
    for index in 0..<5 as Range<UInt32> {
      let visitor = try network.addVisitor()
      network.visit(visitor, node)
      for number in 0..<4 as Range<UInt32> {
        let walk = ForwardJoin(timeToLive: 0, contact: nobody(index * 4 + number))
        network.say(visitor, to: node, .forwardJoin, walk.encoded(tag: .lobby))
      }
    }
    network.run(for: .seconds(2))
    #expect(Set(network.lost.map(\.target)).count == 8)
  }

  @Test func aPeerThatDoesNotAnswerIsTriedLessAndLessOftenAndFoundWhenItIsBack() throws {
    let network = try Network(seed: 46)
    let node = try network.add()
    let friend = try network.add()
    let contact = Contact(node: friend.contact.node, endpoints: [place(1)])
    network.command(node, .connect(contact))
    network.run(for: .seconds(600))
    // Four datagrams to a dial.
    let starts = network.lost.enumerated().filter { $0.offset % 4 == 0 }.map(\.element.at)
    let pauses = zip(starts, starts.dropFirst()).map { ($1 - $0).milliseconds - 8_000 }
    #expect(pauses.allSatisfy { (500...61_000).contains($0) })
    #expect((0..<5).allSatisfy { pauses[$0] <= 1_100 << $0 && pauses[$0] >= 500 << $0 })
    #expect(pauses.suffix(3).allSatisfy { $0 >= 30_000 })
    let misses = node.events.count { if case .unanswered = $0 { true } else { false } }
    #expect(misses == 1)

    network.command(node, .connect(friend.contact))
    network.run(for: .milliseconds(500))
    #expect(node.status(at: network.now).peers.count == 1)
    network.kill(friend)
    network.run(for: .seconds(300))
    friend.isAlive = true
    network.run(for: .seconds(75))
    #expect(node.status(at: network.now).peers.count == 1)
  }

  // MARK: Answers

  @Test func answersNobodyAskedForAreIgnored() throws {
    let network = try Network(seed: 47)
    let node = try network.add()
    let visitor = try network.addVisitor()
    network.visit(visitor, node)
    let yes = NeighbourReply(accepted: true)
    network.say(visitor, to: node, .neighbourReply, yes.encoded(tag: .lobby))
    let contacts = (0..<8 as Range<UInt32>).map { nobody($0) }
    let reply = Shuffle(timeToLive: 0, origin: visitor.contact, contacts: contacts)
    network.say(visitor, to: node, .shuffleReply, reply.encoded(tag: .lobby))
    network.run(for: .seconds(20))
    #expect(node.drops(.badShuffle) == 2)
    #expect(network.lost.isEmpty)
    // It never became a neighbour: nothing is shuffled with it.
    #expect(!visitor.inbox.contains { $0.type == MessageType.shuffle.rawValue })
  }

  @Test func shufflesOfOneLinkAreAnsweredSeldom() throws {
    let network = try Network(seed: 48)
    let node = try network.add()
    let visitor = try network.addVisitor()
    network.visit(visitor, node)
    let shuffle = Shuffle(timeToLive: 0, origin: visitor.contact, contacts: [nobody(1)])
    for _ in 0..<100 { network.say(visitor, to: node, .shuffle, shuffle.encoded(tag: .lobby)) }
    network.run(for: .milliseconds(500))
    #expect(visitor.inbox.count { $0.type == MessageType.shuffleReply.rawValue } == 8)
  }

  // MARK: Going

  @Test func whoSaysFarewellIsGoneForItsNeighboursAtOnce() throws {
    let network = try Network(seed: 49)
    let room = try network.room(nodes: 4)
    #expect(network.nodes[1].status(at: network.now).peers.count == 3)
    network.command(network.nodes[0], .farewell)
    network.kill(network.nodes[0])
    network.run(for: .milliseconds(200))
    for node in network.nodes.dropFirst() {
      let status = node.status(at: network.now)
      #expect(status.peers.count == 2)
      #expect(status.rooms.first { $0.id == room }?.members.count == 3)
    }
  }

  @Test func everyLinkIsCountedOnce() throws {
    let network = try Network(seed: 50)
    let one = try network.add()
    let two = try network.add()
    network.command(one, .connect(two.contact))
    network.run(for: .seconds(1))
    network.command(two, .farewell)
    network.run(for: .seconds(1))
    for node in [one, two] {
      #expect(node.notes.count { $0 == .linkUp } == 1)
      #expect(node.notes.count { $0 == .linkDown } == 1)
    }
    network.command(one, .connect(nobody(1)))
    network.run(for: .milliseconds(8_200))
    #expect(one.notes.count { $0 == .handshakeFailed } == 1)
  }

  @Test func aRefusalNamesTheRoomItIsAbout() throws {
    let network = try Network(seed: 51)
    let node = try network.add()
    func invite(_ number: UInt64, to contact: Contact) -> Invite {
      Invite(
        room: RoomID(Bytes16(high: 9, low: number)), secret: nil, expiry: nil, contacts: [contact])
    }
    // The first waits for an answer; the second is refused while it does.
    network.command(node, .join(invite(1, to: nobody(1)), name: "x"))
    network.command(node, .join(invite(2, to: nobody(2, at: place(0))), name: "x"))
    network.command(node, .join(invite(1, to: nobody(1)), name: "x"))
    network.run(for: .seconds(12))
    let refusals = node.events.compactMap { event -> String? in
      guard case .refused(let refusal, let room) = event else { return nil }
      return "\(refusal) \(room.map { "\($0.raw.low)" } ?? "none")"
    }
    #expect(refusals.first == "alreadyIn 1")
    #expect(Set(refusals) == ["alreadyIn 1", "nobodyAnswered 1", "nobodyAnswered 2"])
  }
}
