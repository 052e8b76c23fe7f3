/// A short hash of a roster, to see in one datagram whether two neighbours agree. Two parts, so that
/// mere heartbeats do not make rosters look different every second.
package struct RosterHash: Hashable, Sendable {
  package var versions: UInt64
  package var beats: UInt64

  package init(versions: UInt64, beats: UInt64) {
    self.versions = versions
    self.beats = beats
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 17)
    writer.u8(tag)
    writer.u64(versions)
    writer.u64(beats)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
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

/// Asks for the presence records of the parts whose bits are set.
package struct RosterWant: Hashable, Sendable {
  package var buckets: UInt64

  package init(buckets: UInt64) { self.buckets = buckets }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 9)
    writer.u8(tag)
    writer.u64(buckets)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    buckets = try reader.u64()
    try reader.finish()
  }
}

/// Asks for the introductions of sessions heard of but not known.
package struct IntroductionWant: Hashable, Sendable {
  package static let maximum = 32
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
