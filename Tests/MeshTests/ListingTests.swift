import Keys
import Mesh
import Testing
import Wire

/// Open rooms on the list, and those who would hide them.
@Suite(.timeLimit(.minutes(30)))
struct ListingTests {
  private struct Scene {
    let network: Network
    let host: Network.Node
    let friend: Network.Node
    let joiner: Network.Node
    let liar: Visitor
    let genuine: Listing
  }

  /// An open room, a node that knows of it, one that does not, and a liar who has read the listing.
  private func scene(_ seed: UInt64) throws -> Scene {
    let network = try Network(seed: seed)
    let host = try network.add()
    let friend = try network.add()
    let joiner = try network.add()
    let liar = try network.addVisitor()
    network.command(host, .create(title: "open house", access: .open, name: "host"))
    network.command(friend, .connect(host.contact))
    network.run(for: .seconds(1))
    network.visit(liar, friend)
    let record = liar.inbox.first { $0.type == MessageType.listing.rawValue }
    let body = try #require(record?.body)
    var reader = Reader(body.span)
    return Scene(
      network: network, host: host, friend: friend, joiner: joiner, liar: liar,
      genuine: try Listing(from: &reader))
  }

  private func lie(_ scene: Scene, _ count: Int) throws {
    let later = scene.network.now.milliseconds + 200_000
    for _ in 0..<count {
      let listing = try scene.liar.lie(
        about: scene.genuine, contacts: [scene.liar.contact], expiry: later, at: scene.network.now)
      scene.network.say(scene.liar, to: scene.joiner, .listing, listing.encoded)
    }
    scene.network.run(for: .milliseconds(200))
  }

  private func join(_ scene: Scene) throws {
    let listing = try #require(scene.joiner.status(at: scene.network.now).listings.first)
    scene.network.command(scene.joiner, .joinListed(listing.room, name: "passer-by"))
    scene.network.run(for: .seconds(3))
    let members = scene.host.status(at: scene.network.now).rooms.first?.members ?? []
    #expect(members.contains { $0.node == scene.joiner.contact.node })
  }

  @Test(arguments: [1, 10])
  func liesThatComeFirstDoNotHideARoom(count: Int) throws {
    let scene = try scene(61)
    scene.network.visit(scene.liar, scene.joiner)
    try lie(scene, count)
    #expect(scene.joiner.status(at: scene.network.now).listings.first?.members == 999)
    scene.network.command(scene.joiner, .connect(scene.friend.contact))
    scene.network.run(for: .seconds(1))
    // The creator's own word is what is shown.
    #expect(scene.joiner.status(at: scene.network.now).listings.first?.members == 1)
    try join(scene)
  }

  @Test(arguments: [1, 10])
  func liesThatComeLastDoNotHideARoom(count: Int) throws {
    let scene = try scene(62)
    scene.network.command(scene.joiner, .connect(scene.friend.contact))
    scene.network.run(for: .seconds(1))
    scene.network.visit(scene.liar, scene.joiner)
    try lie(scene, count)
    try join(scene)
  }

  @Test func aRoomKeepsThreePublishersAndALinkItsShareOfChecks() throws {
    let scene = try scene(63)
    scene.network.visit(scene.liar, scene.joiner)
    try lie(scene, 10)
    #expect(scene.joiner.drops(.listingFull) == 7)
    let late = Listing(
      version: 1, expiry: 1, members: 1, genesis: scene.genuine.genesis,
      certificate: scene.genuine.certificate, contacts: [])
    for _ in 0..<400 { scene.network.say(scene.liar, to: scene.joiner, .listing, late.encoded) }
    scene.network.run(for: .seconds(3))
    #expect(scene.joiner.drops(.rateLimited) >= 50)
  }
}
