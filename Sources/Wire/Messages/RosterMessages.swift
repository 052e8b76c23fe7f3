/// A short hash of a roster, to see in one datagram whether two neighbours agree. Two parts, so
/// that mere heartbeats do not make rosters look different every second.
package struct RosterHash: Hashable, Sendable {
  /// Of the stage only: the room is too large for everybody to know all.
  package var stageOnly: Bool
  package var versions: UInt64
  package var beats: UInt64

  package init(stageOnly: Bool = false, versions: UInt64, beats: UInt64) {
    self.stageOnly = stageOnly
    self.versions = versions
    self.beats = beats
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 18)
    writer.u8(tag)
    writer.u8(stageOnly ? 1 : 0)
    writer.u64(versions)
    writer.u64(beats)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let flags = try reader.u8()
    guard flags < 2 else { throw .unknown }
    stageOnly = flags == 1
    versions = try reader.u64()
    beats = try reader.u64()
    try reader.finish()
  }
}

/// Hashes of the parts of a roster, members sorted into parts by the low bits of their session id.
package struct RosterBuckets: Hashable, Sendable {
  package static let count = 64
  package var hashes: [UInt64]

  package init(hashes: [UInt64]) { self.hashes = hashes }

  package static func index(of session: SessionID) -> Int { Int(session.raw) & (count - 1) }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 1 + 8 * Self.count)
    writer.u8(tag)
    for hash in hashes { writer.u64(hash) }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    hashes = []
    for _ in 0..<Self.count { hashes.append(try reader.u64()) }
    try reader.finish()
  }
}

/// How far a roster's records have come, for the parts whose bits are set: 15 bytes a member, so
/// that only the records that really are newer travel.
package struct RosterSummary: Hashable, Sendable {
  /// How far the records of one session have come.
  package struct Entry: Hashable, Sendable {
    package var session: SessionID
    package var version: UInt32
    package var beat: UInt32
    package var introduction: UInt32

    package init(session: SessionID, version: UInt32, beat: UInt32, introduction: UInt32) {
      self.session = session
      self.version = version
      self.beat = beat
      self.introduction = introduction
    }
  }

  /// As many as fit one record.
  package static let maximum = 70

  /// Says nothing about who only listens.
  package var stageOnly: Bool
  package var buckets: UInt64
  package var entries: [Entry]

  package init(stageOnly: Bool = false, buckets: UInt64, entries: [Entry]) {
    self.stageOnly = stageOnly
    self.buckets = buckets
    self.entries = Array(entries.prefix(Self.maximum))
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 11 + 15 * entries.count)
    writer.u8(tag)
    writer.u8(stageOnly ? 1 : 0)
    writer.u64(buckets)
    writer.u8(UInt8(entries.count))
    for entry in entries {
      writer.u24(entry.session.raw)
      writer.u32(entry.version)
      writer.u32(entry.beat)
      writer.u32(entry.introduction)
    }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let flags = try reader.u8()
    guard flags < 2 else { throw .unknown }
    stageOnly = flags == 1
    buckets = try reader.u64()
    let count = Int(try reader.u8())
    guard count <= Self.maximum else { throw .range }
    entries = []
    for _ in 0..<count {
      entries.append(
        Entry(
          session: SessionID(try reader.u24()), version: try reader.u32(),
          beat: try reader.u32(), introduction: try reader.u32()))
    }
    try reader.finish()
  }
}

/// Asks for what is known of some sessions: introductions of those heard of but not known, presence
/// records that are newer elsewhere.
package struct SessionWant: Hashable, Sendable {
  package static let maximum = 96
  package var sessions: [SessionID]

  package init(sessions: [SessionID]) { self.sessions = Array(sessions.prefix(Self.maximum)) }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 2 + 3 * sessions.count)
    writer.u8(tag)
    writer.u8(UInt8(sessions.count))
    for session in sessions { writer.u24(session.raw) }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let count = Int(try reader.u8())
    guard count <= Self.maximum else { throw .range }
    sessions = []
    for _ in 0..<count { sessions.append(SessionID(try reader.u24())) }
    try reader.finish()
  }
}
