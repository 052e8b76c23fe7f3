import Keys
import Mesh
import Testing
import Wire

/// What it costs to come into an open room unknown.
@Suite(.timeLimit(.minutes(30)))
struct StampTests {
  private func open(
    _ network: Network, price: StampPuzzle.Price = .minimal
  ) throws -> (host: Network.Node, room: RoomID, link: Invite, settings: Settings) {
    var settings = Settings()
    settings.entry.stamp = price
    let host = try network.add(settings: settings)
    network.command(host, .create(title: "open house", access: .open, name: "host"))
    let room = try #require(host.joined.first?.room)
    return (host, room, try #require(host.invite(to: room)), settings)
  }

  @Test func aStrangerPaysOnceAndIsLetIn() throws {
    let network = try Network(seed: 601)
    let (host, room, link, settings) = try open(network)
    let guests = try (0..<6).map { _ in try network.add(settings: settings) }
    for guest in guests {
      network.command(guest, .join(link, name: "guest"))
      network.run(for: .seconds(1))
    }
    network.run(for: .seconds(8))
    for guest in guests { #expect(guest.joined.map(\.room) == [room]) }
    #expect(network.stamps == 6)
    #expect(host.drops(.unpaid) == 6)
    network.speak(host, in: room, frames: 50)
    for guest in guests { #expect(guest.heard.count == 50) }
  }

  @Test func theRealPriceCanBePaid() throws {
    let network = try Network(seed: 602)
    let (_, room, link, settings) = try open(network, price: .standard)
    let guest = try network.add(settings: settings)
    network.command(guest, .join(link, name: "guest"))
    network.run(for: .seconds(2))
    #expect(guest.joined.map(\.room) == [room])
  }

  @Test func aStampThatDoesNotFitLetsNobodyIn() throws {
    let network = try Network(seed: 603)
    network.arePaid = false
    let (host, _, link, settings) = try open(network)
    let guest = try network.add(settings: settings)
    network.command(guest, .join(link, name: "guest"))
    network.run(for: .seconds(40))
    #expect(guest.joined.isEmpty)
    #expect(!guest.refusals.isEmpty)
    #expect(host.drops(.badStamp) == 1)
    #expect(network.stamps == 1)
  }

  @Test func whoeverIsNamedPaysNothing() throws {
    let network = try Network(seed: 604)
    let (host, room, link, settings) = try open(network)
    let guest = try network.add(settings: settings)
    network.moderate(host, room, .letSpeak(network.ownPerson(guest, room)))
    network.command(guest, .join(link, name: "guest"))
    network.run(for: .seconds(3))
    #expect(guest.joined.count == 1)
    #expect(network.stamps == 0)
  }

  /// Forty keys of one machine come in one moment: sixteen stamps are looked at, then ten a second.
  @Test func stampsAreCheckedSlowlyHoweverManyCome() throws {
    let network = try Network(seed: 605)
    let (host, room, link, settings) = try open(network)
    let guests = try (0..<40).map { _ in try network.add(settings: settings) }
    for guest in guests { network.command(guest, .join(link, name: "guest")) }
    network.run(for: .seconds(1))
    let early = network.status(host, room)?.members.count ?? 0
    // Some may have come in by the others meanwhile; none by the host beyond its allowance.
    #expect(early <= 1 + settings.entry.stampBurst + 10)
    network.run(for: .seconds(20))
    #expect(network.status(host, room)?.members.count == 41)
    for guest in guests { #expect(guest.joined.count == 1) }
  }

  /// Made-up records cost a neighbour its say before they cost us much.
  @Test func whoeverSendsOnlyForgeriesIsNotLookedAtForLong() throws {
    let network = try Network(seed: 606)
    let room = try network.room(nodes: 3)
    let (liar, victim) = (network.nodes[1], network.nodes[2])
    let session = try #require(network.status(network.nodes[0], room)?.me)
    for number in 0..<400 {
      network.utter(liar, .hand, in: room) { tag in
        Hand(
          session: session, subject: session, isUp: true,
          time: network.now.milliseconds + UInt64(number)
        ).encoded(tag: tag)
      }
    }
    network.run(for: .seconds(2))
    #expect((90...140).contains(victim.drops(.badHand)))
    #expect(victim.drops(.rateLimited) >= 250)
  }
}
