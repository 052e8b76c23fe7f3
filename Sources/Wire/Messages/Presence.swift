/// The signed word that a member is still here, and in what part: 100 bytes.
///
/// A new `version` is flooded; a new `beat` only pushes the expiry out and spreads by comparison of
/// rosters.
package struct Presence: Hashable, Sendable {
  /// What part a member plays, a bit each.
  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// May be a parent in the tree of its colour.
    package static let relays = Flags(rawValue: 1)
    /// A root of both trees: speaks, or spoke last.
    package static let root = Flags(rawValue: 2)
    /// Sends frames now.
    package static let speaking = Flags(rawValue: 4)
    /// Colour B; A when absent.
    package static let colourB = Flags(rawValue: 8)
    /// Leaves: the last record of this session.
    package static let leaving = Flags(rawValue: 16)
    /// Behind a router that lets in only what was written to first.
    package static let sheltered = Flags(rawValue: 32)
    /// And that shows each peer another port.
    package static let shifting = Flags(rawValue: 64)
  }

  package var session: SessionID
  package var version: UInt32
  package var beat: UInt32
  package var flags: Flags
  /// Uplink in units of 100 kbit/s, saturating.
  package var uplink: UInt8
  /// Milliseconds since 1970, 48 bits.
  package var expiry: UInt64
  /// Length of a frame in milliseconds and of its sealed form in bytes, while speaking.
  package var frameMilliseconds: UInt8
  package var frameBytes: UInt16
  /// When it began to speak, in milliseconds since 1970, and its first frame since then: whose turn
  /// it is must come out alike everywhere.
  package var began: UInt64
  package var firstFrame: UInt32
  package var signature: Signature

  package init(
    session: SessionID, version: UInt32, beat: UInt32, flags: Flags, uplink: UInt8, expiry: UInt64,
    frameMilliseconds: UInt8 = 0, frameBytes: UInt16 = 0, began: UInt64 = 0, firstFrame: UInt32 = 0,
    signature: Signature = Signature(.zero)
  ) {
    self.session = session
    self.version = version
    self.beat = beat
    self.flags = flags
    self.uplink = uplink
    self.expiry = expiry
    self.frameMilliseconds = frameMilliseconds
    self.frameBytes = frameBytes
    self.began = began
    self.firstFrame = firstFrame
    self.signature = signature
  }

  /// What six bytes hold.
  package static let latestBeginning: UInt64 = 1 << 48 - 1

  package var isOnStage: Bool { !flags.isDisjoint(with: [.root, .speaking]) }

  package var colour: Tree { flags.contains(.colourB) ? .b : .a }

  /// Which of two records of one session is newer.
  package func supersedes(_ other: Presence) -> Bool {
    (version, beat) > (other.version, other.beat)
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 36)
    writer.u24(session.raw)
    writer.u32(version)
    writer.u32(beat)
    writer.u8(flags.rawValue)
    writer.u8(uplink)
    writer.u48(expiry)
    writer.u8(frameMilliseconds)
    writer.u16(frameBytes)
    writer.u48(began)
    writer.u32(firstFrame)
    return writer.bytes
  }

  package func encode(into writer: inout Writer) {
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 101)
    writer.u8(tag)
    encode(into: &writer)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let session = SessionID(try reader.u24())
    let version = try reader.u32()
    let beat = try reader.u32()
    let flags = Flags(rawValue: try reader.u8())
    guard flags.rawValue < 128 else { throw .unknown }
    let uplink = try reader.u8()
    let expiry = try reader.u48()
    let milliseconds = try reader.u8()
    let bytes = try reader.u16()
    let began = try reader.u48()
    let firstFrame = try reader.u32()
    guard milliseconds == 0 || [20, 40, 60].contains(milliseconds) else { throw .range }
    guard bytes == 0 || Limits.sealedFrame.contains(Int(bytes)) else { throw .range }
    self.init(
      session: session, version: version, beat: beat, flags: flags, uplink: uplink,
      expiry: expiry, frameMilliseconds: milliseconds, frameBytes: bytes,
      began: began, firstFrame: firstFrame,
      signature: Signature(try reader.bytes64()))
  }
}
