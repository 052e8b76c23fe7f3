import Glibc
import Keys
import Logging
import Mesh
import Node
import Synchronization
import Testing
import Wire

/// Whole hosts on loopback, with the real participant, the real clock and real sockets.
///
/// They wait for what must happen and have no say in how fast it does.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct HostTests {
  @Test func twoHostsLinkUp() async throws {
    let (ann, ben) = (try Neighbour(1), try Neighbour(2))
    try await ann.begin()
    try await ben.begin()
    await ann.host.perform(.connect(ben.contact))
    try await until { await ann.host.status().peers.count == 1 }
    try await until { await ben.host.status().peers.count == 1 }
    #expect(await ann.host.status().peers.first?.node == ben.contact.node)
    #expect(await ben.host.status().peers.first?.node == ann.contact.node)
    #expect(await ann.host.peersToSave()?.contacts.first?.node == ben.contact.node)
    await ann.end()
    await ben.end()
  }

  /// Its clock rings a second after it began; whoever lets go of a host need not have stopped it.
  @Test func theClockOfAHostThatIsGoneWakesNobody() async throws {
    weak var gone: Host?
    let loop = try await {
      let ann = try Neighbour(14)
      try await ann.begin()
      gone = ann.host
      return ann.host.loop
    }()
    try await until { gone == nil }
    try await Task.sleep(for: .seconds(2))
    loop.stop()
  }

  @Test func whoAsksForALinkIsToldWhetherThePeerAnswers() async throws {
    let folder = try Folder()
    let book = LogBook()
    var settings = Settings()
    settings.links.dialPauses = [.milliseconds(50)]
    settings.links.dialLimit = .milliseconds(200)
    let ann = try Neighbour(11, log: book, settings: settings)
    let (ben, cid) = (try Neighbour(12), try Neighbour(13))
    try await ann.begin(control: folder.file("ann"))
    try await ben.begin()
    func address(_ neighbour: Neighbour) -> PeerAddress {
      let endpoint = neighbour.contact.endpoints[0]
      return PeerAddress(
        node: neighbour.contact.node, host: endpoint.host, port: endpoint.port,
        token: neighbour.contact.token)
    }
    let addresses = [address(ben), address(cid)]
    try await elsewhere {
      var control = try ControlConnection(path: folder.file("ann"))
      // Cid's socket is there, but Cid never begins.
      let failure = #expect(throws: Failure.self) {
        try control.ask(.connect(addresses[1]), for: DoneReport.self)
      }
      #expect(failure?.sentence.contains("Nobody answers there") == true)
      _ = try control.ask(.connect(addresses[0]), for: DoneReport.self)
      let peers = try control.ask(.status, for: StatusReport.self).peers
      #expect(peers.count == 1)
      _ = try control.ask(.connect(addresses[0]), for: DoneReport.self)
    }
    let warnings = book.lines.withLock { $0.filter { $0.level == .warning } }
    #expect(warnings.count == 1)
    #expect(warnings.first?.text.contains("does not answer") == true)
    await ann.end()
    await ben.end()
  }

  @Test func aRoomIsMadeJoinedAndHeardOverTheControlSocket() async throws {
    let folder = try Folder()
    let (ann, ben) = (try Neighbour(3), try Neighbour(4))
    try await ann.begin(control: folder.file("ann"))
    try await ben.begin(control: folder.file("ben"))
    let rooms = try await elsewhere {
      var control = try ControlConnection(path: folder.file("ann"))
      let create = ControlRequest.create(title: "Kitchen", access: .social, name: "Ann")
      let room = try control.ask(create, for: RoomReport.self)
      let link = try control.ask(.invite("Kitchen", lifetime: nil), for: InviteReport.self).link
      var other = try ControlConnection(path: folder.file("ben"))
      let joined = try other.ask(
        .join(try Invite(text: link), name: "Ben"), for: RoomReport.self)
      return [room.room, joined.room]
    }
    #expect(rooms[0] == rooms[1])
    try await until { await ben.host.status().rooms.first?.members.count == 2 }

    let heard = try await elsewhere {
      var frames = try ControlConnection(path: folder.file("ben"))
      _ = try frames.ask(.frames(nil), for: DoneReport.self)
      var speaker = try ControlConnection(path: folder.file("ann"))
      _ = try speaker.ask(.speak(nil, bitrate: 24_000, milliseconds: 20), for: SoundReport.self)
      try speaker.send([UInt8](repeating: 1, count: 25 * 1_920))
      speaker.finishSending()
      let spoken = try speaker.receive(SpokenReport.self)
      var counters: Set<UInt32> = []
      while counters.count < spoken.frames {
        counters.insert(try frames.receive(FrameReport.self).ctr)
      }
      return (counters, spoken)
    }
    #expect(heard.1.frames == 25 + heard.1.silent)
    #expect(heard.0.min() == Limits.firstCounter)
    await ann.end()
    await ben.end()
  }

  @Test func aBrokenClientHarmsNobody() async throws {
    let folder = try Folder()
    let ann = try Neighbour(5)
    let path = folder.file("ann")
    try await ann.begin(control: path)
    try await elsewhere {
      // One leaves in the middle of a line, one never ends its line, one talks nonsense, and more
      // than are let in do nothing.
      do {
        let rude = try ControlConnection(path: path)
        try rude.send(Array("{\"requ".utf8))
      }
      var endless = try ControlConnection(path: path)
      try endless.send([UInt8](repeating: UInt8(ascii: "x"), count: 70_000))
      let refused = #expect(throws: Failure.self) { try endless.receive(DoneReport.self) }
      #expect(refused?.kind == .refused)
      #expect(try endless.readLine() == nil)
      var nonsense = try ControlConnection(path: path)
      try nonsense.send(Array("nonsense\n{\"request\":\"id\"}\n".utf8))
      #expect(throws: Failure.self) { try nonsense.receive(IdentityReport.self) }
      _ = try nonsense.receive(IdentityReport.self)
      var idle: [Int32] = []
      for _ in 0..<80 { idle.append(try UnixSocket.connect(to: path).release()) }
      for raw in idle { close(raw) }
    }
    try await until {
      let asked = try? await elsewhere {
        var control = try ControlConnection(path: path)
        return try control.ask(.id, for: IdentityReport.self)
      }
      return asked != nil
    }
    await ann.end()
    #expect(!StoredFile.exists(path))
  }

  @Test func aStaleSocketIsReplacedAndALiveOneIsNot() async throws {
    let folder = try Folder()
    let path = folder.file("control")
    do {
      // Its owner dies without removing the file.
      _ = try UnixSocket.listen(at: path)
    }
    #expect(StoredFile.exists(path))
    let ann = try Neighbour(6)
    try await ann.begin(control: path)
    #expect(StoredFile.mode(path) == 0o600)
    let failure = #expect(throws: Failure.self) { _ = try UnixSocket.listen(at: path) }
    #expect(failure?.sentence.contains("Another node") == true)
    await ann.end()
    let file = try folder.write("precious", to: "file")
    #expect(throws: Failure.self) { _ = try UnixSocket.listen(at: file) }
    #expect(try StoredFile.read(file, limit: 100) == Array("precious".utf8))
  }

  @Test func nobodyRunningIsSaid() throws {
    let folder = try Folder()
    let failure = #expect(throws: Failure.self) {
      _ = try ControlConnection(path: folder.file("none"))
    }
    #expect(failure?.kind == .noNode)
  }

  @Test func noLogLineAboveDebugNamesAnybody() async throws {
    let book = LogBook()
    let (ann, ben) = (try Neighbour(7, log: book), try Neighbour(8, log: book))
    try await ann.begin()
    try await ben.begin()
    await ann.host.perform(.connect(ben.contact))
    try await until { await ben.host.status().peers.count == 1 }
    await ann.end()
    await ben.end()
    let lines = book.lines.withLock { $0 }
    #expect(lines.contains { $0.level == .info && $0.text.contains("Link up") })
    for line in lines where line.level > .debug {
      for secret in [ann.contact, ben.contact] {
        #expect(!line.text.contains(secret.node.text))
        #expect(!line.text.contains(secret.endpoints.first?.text ?? "?"))
      }
    }
  }

  @Test func aNodeWhoseClockIsAnHourOffIsToldSoOrLetIn() async throws {
    let folder = try Folder()
    let ann = try Neighbour(9)
    let ben = try Neighbour(10, clock: Clock(error: .seconds(3_600)))
    try await ann.begin(control: folder.file("ann"))
    try await ben.begin(control: folder.file("ben"))
    let outcome = try await elsewhere {
      var control = try ControlConnection(path: folder.file("ann"))
      let create = ControlRequest.create(title: "Kitchen", access: .social, name: "Ann")
      _ = try control.ask(create, for: RoomReport.self)
      let link = try control.ask(.invite(nil, lifetime: nil), for: InviteReport.self).link
      var other = try ControlConnection(path: folder.file("ben"))
      do {
        _ = try other.ask(.join(try Invite(text: link), name: "Ben"), for: RoomReport.self)
        return "joined"
      } catch let failure as Failure {
        return failure.sentence
      }
    }
    #expect(outcome.contains("clock"))
    await ann.end()
    await ben.end()
  }
}
