import Mesh
import Node
import Testing
import Wire

/// Clients of messages, over the control socket of whole hosts on loopback.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct LiveTests {
  @Test func whatOneClientTalksAnotherHearsWithItsLevel() async throws {
    try await withRoom { ann, ben in
      var ear = try Messages(ben)
      var mouth = try Messages(ann)
      try ear.send("{\"request\":\"hear\",\"format\":\"s16le\"}")
      #expect(try ear.text()?.contains("\"format\":\"s16le\"") == true)
      try mouth.send("{\"request\":\"talk\",\"format\":\"s16le\"}")
      #expect(try mouth.text()?.contains("\"ok\":true") == true)
      var isHeard = false
      var isTold = false
      while !isHeard || !isTold {
        try mouth.sound(Self.tone)
        switch try ear.next() {
        case .sound(let block):
          #expect(block.count == SoundFormat.blockBytes)
          isHeard = isHeard || block.contains { $0 != 0 }
        case .text(let text):
          isTold = isTold || String(decoding: text, as: UTF8.self).contains("\"talking\":true")
        case .none, .broken: return
        }
      }
    }
  }

  @Test func aRoomIsHeardAsPacketsToo() async throws {
    try await withRoom { _, ben in
      var ear = try Messages(ben)
      try ear.send("{\"request\":\"hear\",\"format\":\"opus\"}")
      #expect(try ear.text()?.contains("opus") == true)
      // 32 kbit/s for 20 ms.
      #expect(try ear.sound()?.count == 80)
    }
  }

  @Test func streamsOfBytesDoNotFitIntoMessages() async throws {
    try await withRoom { ann, _ in
      var client = try Messages(ann)
      for request in ["speak", "listen", "frames", "messages"] {
        try client.send("{\"request\":\"\(request)\"}")
        #expect(try client.text()?.contains("unknownRequest") == true)
      }
      try client.send("{\"request\":\"mute\",\"on\":true}")
      #expect(try client.text()?.contains("notSpeaking") == true)
    }
  }

  @Test func whoSendsSamplesIsToldWhenTheRoomTakesNoMore() async throws {
    try await withRoom { ann, _ in
      var speaker = try ControlConnection(path: ann)
      _ = try speaker.ask(.speak(nil, bitrate: 24_000, milliseconds: 20), for: SoundReport.self)
      try speaker.send([UInt8](repeating: 0, count: 10 * SoundFormat.blockBytes))
      let hasReply = speaker.hasReply
      #expect(!hasReply)
      var other = try ControlConnection(path: ann)
      _ = try other.ask(.leave(nil), for: DoneReport.self)
      while !speaker.hasReply {
        try speaker.send([UInt8](repeating: 0, count: SoundFormat.blockBytes))
      }
      _ = try speaker.receive(SpokenReport.self)
    }
  }

  @Test func withoutMessagesNobodyTalksLive() async throws {
    try await withRoom { ann, _ in
      var control = try ControlConnection(path: ann)
      let failure = #expect(throws: Failure.self) {
        try control.ask(.hear(nil, .opus), for: LiveReport.self)
      }
      #expect(failure?.kind == .refused)
    }
  }

  @Test func whatThisNodeGivesCanBeChanged() async throws {
    try await withRoom { ann, _ in
      var control = try ControlConnection(path: ann)
      let before = try control.ask(.settings(relays: nil, uplink: nil), for: SettingsReport.self)
      #expect(before.relay)
      let after = try control.ask(
        .settings(relays: false, uplink: 77_000), for: SettingsReport.self)
      #expect(!after.relay)
      #expect(after.uplink == 77_000)
    }
  }

  /// A room of two, and the control sockets of both.
  private func withRoom(
    _ body: @escaping @Sendable (String, String) throws -> Void
  ) async throws {
    let folder = try Folder()
    let (ann, ben) = (try Neighbour(41), try Neighbour(42))
    try await ann.begin(control: folder.file("ann"))
    try await ben.begin(control: folder.file("ben"))
    let paths = (folder.file("ann"), folder.file("ben"))
    try await elsewhere {
      var first = try ControlConnection(path: paths.0)
      _ = try first.ask(
        .create(title: "Kitchen", access: .social, name: "Ann"), for: RoomReport.self)
      let link = try first.ask(.invite(nil, lifetime: nil), for: InviteReport.self).link
      var second = try ControlConnection(path: paths.1)
      _ = try second.ask(.join(try Invite(text: link), name: "Ben"), for: RoomReport.self)
      try body(paths.0, paths.1)
    }
    await ann.end()
    await ben.end()
  }

  private static let tone = (0..<SoundFormat.blockBytes / 2).flatMap { index -> [UInt8] in
    let value = Int16(index / 24 % 2 == 0 ? 8_000 : -8_000)
    return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }
}

/// A client of messages, which blocks.
private struct Messages: ~Copyable {
  private var control: ControlConnection
  private var held: [UInt8]

  init(_ path: String) throws {
    var fresh = try ControlConnection(path: path)
    _ = try fresh.ask(.messages(), for: DoneReport.self)
    held = []
    control = fresh
  }

  mutating func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    try control.send(ControlMessage.header(.text, count: bytes.count) + bytes)
  }

  mutating func sound(_ bytes: [UInt8]) throws {
    try control.send(ControlMessage.header(.sound, count: bytes.count) + bytes)
  }

  mutating func next() throws -> ControlMessage.Taken {
    while true {
      let taken = ControlMessage.take(from: &held)
      guard taken == .none else { return taken }
      let more = try control.read()
      if more.isEmpty { return .broken }
      held += more
    }
  }

  mutating func text() throws -> String? {
    while true {
      switch try next() {
      case .text(let text): return String(decoding: text, as: UTF8.self)
      case .sound: continue
      case .none, .broken: return nil
      }
    }
  }

  mutating func sound() throws -> [UInt8]? {
    while true {
      switch try next() {
      case .sound(let bytes): return bytes
      case .text: continue
      case .none, .broken: return nil
      }
    }
  }
}
