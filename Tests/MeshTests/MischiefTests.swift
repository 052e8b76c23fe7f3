import Keys
import Mesh
import Testing
import Wire

/// Members that mean harm, and what the others make of them.
@Suite(.timeLimit(.minutes(30)))
struct MischiefTests {
  /// A pull of frame 0 and an offer with the longest delay there is.
  @Test(arguments: [MessageType.pull, .offer])
  func aMessageOutOfRangeEndsItsLinkAndNothingElse(type: MessageType) throws {
    let network = try Network(seed: 21)
    let room = try network.room(nodes: 6)
    let session = try #require(network.nodes[0].status(at: network.now).rooms.first?.me)
    network.utter(network.nodes[3], type, in: room) { tag in
      var writer = Writer(capacity: 16)
      writer.u8(tag)
      if type == .pull {
        writer.u24(session.raw)
        writer.u32(0)
        writer.u32(1)
      } else {
        writer.u8(2)
        writer.u32(.max)
        writer.u8(1)
        writer.u32(7)
      }
      return writer.bytes
    }
    network.run(for: .milliseconds(200))
    #expect(network.nodes.contains { $0.drops(.malformedRecord) > 0 })
    network.speak(network.nodes[0], in: room, frames: 100)
    for node in network.nodes.dropFirst() where node !== network.nodes[3] {
      #expect(node.heard.count == 100)
    }
  }

  @Test(arguments: [222, 223])
  func framesFromWhoeverWasNotAskedAreNotTaken(seed: UInt64) throws {
    let network = try Network(seed: seed)
    let room = try network.room(nodes: 12)
    let session = try #require(network.nodes[0].status(at: network.now).rooms.first?.me)
    // One that carries nobody: whose children take what it sends is another matter.
    let liar = try network.add(relays: false)
    let invite = try #require(network.nodes[4].invite(to: room))
    network.command(liar, .join(invite, name: "liar"))
    network.run(for: .seconds(8))
    var top: UInt32 = 0
    network.speak(network.nodes[0], in: room, frames: 300) { frame in
      top = liar.heard.last?.frame.counter ?? top
      guard frame > 50, top > 0 else { return }
      network.utter(liar, frame: top + 3, of: session, count: 77, in: room)
      network.utter(liar, frame: top + 190, of: session, count: 77, in: room)
    }
    #expect(network.nodes.map { $0.drops(.unwantedMedia) }.reduce(0, +) > 1_000)
    for node in network.nodes.dropFirst() {
      #expect(Set(node.heard.map(\.frame.counter)).count == 300, "\(node.tally)")
    }
  }

  /// Those below the forger could not know; nobody may lose its parents over one frame.
  @Test func oneForgedFrameCostsNobodyItsParents() throws {
    let quiet = try parentsLost(forging: false)
    let forged = try parentsLost(forging: true)
    #expect(forged.mismatches > 0 && quiet.mismatches == 0)
    #expect(forged.heardLeast >= 303 && quiet.heardLeast == 304, "\(forged)")
    // Whoever moves away from the forger may take the place of one that carries nobody.
    #expect(forged.detached <= quiet.detached + 1)
  }

  private func parentsLost(
    forging: Bool
  ) throws -> (mismatches: Int, detached: Int, heardLeast: Int) {
    let network = try Network(seed: 23)
    let room = try network.room(nodes: 12)
    let session = try #require(network.nodes[0].status(at: network.now).rooms.first?.me)
    let relay = try #require(network.interior(of: room))
    // As many as are attested: after a forgery only what is proven is played.
    network.speak(network.nodes[0], in: room, frames: 304) { frame in
      guard forging, frame == 150, let top = relay.heard.last?.frame.counter else { return }
      network.utter(relay, frame: top + 2, of: session, count: 77, in: room)
    }
    let mismatches = network.nodes.map { $0.drops(.attestationMismatch) }.reduce(0, +)
    let heard = network.nodes.dropFirst().map { Set($0.heard.map(\.frame.counter)).count }
    return (mismatches, network.nodes.map { $0.count(.detached) }.reduce(0, +), heard.min() ?? 0)
  }

  @Test(arguments: 23...34)
  func whoGoesOnForgingIsNoParentForLong(seed: Int) throws {
    let network = try Network(seed: UInt64(seed))
    let room = try network.room(nodes: 12)
    let session = try #require(network.nodes[0].status(at: network.now).rooms.first?.me)
    let relay = try #require(network.interior(of: room))
    network.speak(network.nodes[0], in: room, frames: 600) { frame in
      guard frame > 100, let top = relay.heard.last?.frame.counter else { return }
      network.utter(relay, frame: top + 2, of: session, count: 77, in: room)
    }
    for node in network.nodes.dropFirst() where node !== relay {
      // Ten frames pass before an attestation tells, and once more after the probation; it may
      // then be the parent in the other tree.
      #expect(Set(node.heard.map(\.frame.counter)).count >= 560, "\(node.tally)")
    }
  }

  /// No word is wrong in itself; two of them are the proof, and it convinces those who come later.
  @Test func whoeverSwearsTwoThingsIsHeardNoMoreAndNewcomersAreShownWhy() throws {
    let network = try Network(seed: 25)
    let room = try network.room(nodes: 24)
    let liar = network.nodes[0]
    let person = network.person(liar, room)
    let others = network.nodes.filter { $0 !== liar }
    network.misbehave(liar, .equivocate)
    network.speak(liar, in: room, frames: 200)
    for node in others {
      #expect(node.drops(.contradiction) == 1)
      #expect(contradicted(node) == [person])
      node.heard = []
    }
    network.speak(liar, in: room, frames: 100)
    #expect(others.allSatisfy { $0.heard.isEmpty })
    let late = try network.add()
    network.command(late, .join(try #require(network.nodes[5].invite(to: room)), name: "late"))
    network.run(for: .seconds(8))
    #expect(contradicted(late) == [person])
    network.speak(liar, in: room, frames: 100)
    #expect(late.heard.isEmpty)
    // It is about one person: the others are heard.
    network.speak(network.nodes[5], in: room, frames: 50)
    for node in others + [late] where node !== network.nodes[5] { #expect(node.heard.count >= 48) }
  }

  /// Half a proof, and words that anybody could have written, prove nothing.
  @Test func oneWordOrTwoOfSomebodyElseProveNothing() throws {
    let network = try Network(seed: 26)
    let room = try network.room(nodes: 5)
    network.speak(network.nodes[0], in: room, frames: 60)
    let session = try #require(network.status(network.nodes[0], room)?.me)
    for leaf in [1, 2] as [UInt64] {
      let word = Attestation(
        session: session, last: Limits.firstCounter + 5, mask: 1, leaves: [leaf])
      network.utter(network.nodes[2], .attestation, in: room) { word.encoded(tag: $0) }
    }
    network.run(for: .seconds(1))
    for node in network.nodes { #expect(contradicted(node).isEmpty) }
    #expect(network.nodes[3].drops(.badAttestation) == 2)
  }

  private func contradicted(_ node: Network.Node) -> [PersonaID] {
    node.events.compactMap { if case .contradicted(_, let person) = $0 { person } else { nil } }
  }

  @Test func aWrongKeyIsFoundOutAndTheRightOneFound() throws {
    let network = try Network(seed: 24)
    var settings = Settings()
    settings.keys.stepShift = 5
    let room = try network.room(nodes: 6, settings: settings)
    let session = try #require(network.nodes[0].status(at: network.now).rooms.first?.me)
    let liar = network.nodes[2]
    let newcomer = try network.add(settings: settings)
    var heardByThen = 0
    network.speak(network.nodes[0], in: room, frames: 400) { frame in
      if frame == 100, let invite = liar.invite(to: room) {
        network.spoilKey(liar, of: session, in: room)
        let only = Invite(
          room: room, secret: invite.secret, expiry: invite.expiry, contacts: [liar.contact])
        network.command(newcomer, .join(only, name: "late"))
      }
      if frame == 200 { heardByThen = newcomer.heard.count }
    }
    #expect(newcomer.drops(.badGrant) > 0)
    #expect(heardByThen < 100)
    #expect(newcomer.heard.count { $0.frame.counter >= Limits.firstCounter + 250 } == 150)
  }
}
