import Keys
import Mesh
import Node
import Testing
import Wire

/// Whom this node does not play and show: kept, bounded, and nobody else's matter.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct BlockingTests {
  private func key(_ seed: UInt64) throws -> Secret {
    try Sodium.start()
    var entropy = Entropy.seeded(seed)
    return try Secret(random: &entropy)
  }

  private func person(_ number: Int) -> PersonaID {
    PersonaID(Bytes32(high: Bytes16(high: UInt64(number), low: 1), low: .zero))
  }

  @Test func theListIsKeptAndFoundAgain() throws {
    let folder = try Folder()
    let path = folder.file("blocked")
    let list = BlockList(path: path, key: try key(1))
    #expect(try list.set(person(1), true))
    #expect(try list.set(person(2), true))
    #expect(try list.set(person(1), false))
    #expect(BlockList(path: path, key: try key(1)).people == [person(2)])
    #expect(StoredFile.mode(path) == 0o600)
    // Another identity reads nothing.
    #expect(BlockList(path: path, key: try key(2)).people.isEmpty)
    let bytes = try StoredFile.read(path, limit: 1 << 20)
    let name = person(2).raw.array
    #expect(!bytes.indices.contains { bytes[$0...].starts(with: name) })
  }

  @Test func aFullListSaysSo() throws {
    let folder = try Folder()
    var writer = Writer(capacity: 64)
    writer.u8(1)
    writer.u16(UInt16(BlockList.most + 1))
    #expect(throws: WireError.self) { try BlockList.people(in: writer.bytes) }
    let list = BlockList(path: folder.file("blocked"), key: try key(1))
    for number in 0..<BlockList.most { #expect(try list.set(person(number), true)) }
    #expect(try !list.set(person(BlockList.most), true))
    #expect(list.people.count == BlockList.most)
    #expect(try list.set(person(3), true))
  }

  /// Words said while the speaker is blocked are never heard; those before and after are.
  @Test func whoeverIsBlockedIsNotPlayedHere() async throws {
    let folder = try Folder()
    let (ann, ben) = (try Neighbour(61), try Neighbour(62, blocks: folder.file("blocked")))
    try await ann.begin(control: folder.file("ann"))
    try await ben.begin(control: folder.file("ben"))
    let (first, second) = (folder.file("ann"), folder.file("ben"))
    try await elsewhere {
      var host = try ControlConnection(path: first)
      _ = try host.ask(
        .create(title: "Kitchen", access: .social, name: "Ann"), for: RoomReport.self)
      let link = try host.ask(.invite(nil, lifetime: nil), for: InviteReport.self).link
      var guest = try ControlConnection(path: second)
      _ = try guest.ask(.join(try Invite(text: link), name: "Ben"), for: RoomReport.self)
      var events = try ControlConnection(path: second)
      _ = try events.ask(.events(nil), for: DoneReport.self)
      let who = try host.ask(.status, for: StatusReport.self).rooms[0].stage.person

      var frames = try ControlConnection(path: second)
      _ = try frames.ask(.frames(nil), for: DoneReport.self)
      var highest: UInt32 = 0
      let before = Limits.firstCounter + (try Self.talk(first)) - 1
      while highest < before {
        highest = max(highest, try frames.receive(FrameReport.self).ctr)
      }
      _ = try guest.ask(.block(.set(nil, person: "Ann", true)), for: DoneReport.self)
      #expect(try guest.ask(.block(.list), for: BlocksReport.self).people == [who])
      let report = try guest.ask(.status, for: StatusReport.self).rooms[0]
      #expect(report.members.first { $0.person == who }?.blocked == true)
      let silenced = try Self.talk(first)
      // What is under way when the block ends would be heard.
      var last: UInt32 = 0
      while last < highest + silenced {
        last = try guest.ask(.status, for: StatusReport.self).rooms[0].streams[0].lastCounter
      }
      _ = try guest.ask(
        .block(.set(nil, person: String(who.prefix(8)), false)), for: DoneReport.self)
      _ = try Self.talk(first)
      #expect(try frames.receive(FrameReport.self).ctr > highest + silenced)

      var seen: [Bool?] = []
      while seen.count < 2 {
        let event = try events.receive(EventReport.self)
        if event.event == "blocked", event.person == who { seen.append(event.on) }
      }
      #expect(seen == [true, false])
      let refusal = #expect(throws: Failure.self) {
        try guest.ask(.block(.set(nil, person: "Ben", true)), for: DoneReport.self)
      }
      #expect(refusal?.kind == .refused)
    }
    await ann.end()
    await ben.end()
  }

  /// Half a second of sound; how many frames that is with the silence behind it.
  private static func talk(_ path: String) throws -> UInt32 {
    var speaker = try ControlConnection(path: path)
    _ = try speaker.ask(.speak(nil, bitrate: 24_000, milliseconds: 20), for: SoundReport.self)
    try speaker.send([UInt8](repeating: 1, count: 25 * 1_920))
    speaker.finishSending()
    return UInt32(try speaker.receive(SpokenReport.self).frames) + 2
  }

  /// The trials run elsewhere, and the room is entered.
  @Test func aStrangerFindsAStampAndComesIn() async throws {
    let folder = try Folder()
    let (ann, ben) = (try Neighbour(63), try Neighbour(64))
    try await ann.begin(control: folder.file("ann"))
    try await ben.begin(control: folder.file("ben"))
    let (first, second) = (folder.file("ann"), folder.file("ben"))
    let rooms = try await elsewhere {
      var host = try ControlConnection(path: first)
      let made = try host.ask(
        .create(title: "Square", access: .open, name: "Ann"), for: RoomReport.self)
      let link = try host.ask(.invite(nil, lifetime: nil), for: InviteReport.self).link
      var guest = try ControlConnection(path: second)
      let joined = try guest.ask(
        .join(try Invite(text: link), name: "Ben"), for: RoomReport.self)
      return [made.room, joined.room]
    }
    #expect(rooms[0] == rooms[1])
    await ann.end()
    await ben.end()
  }
}
