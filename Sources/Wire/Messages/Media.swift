/// The head of a media record:
/// `type 1 | tag 1 | session 3 | counter 3 | flags 1 | step 1 | step 1`, then the sealed bodies
/// (ciphertext and tag) of frame n and, when the flag says so, of n − 1.
///
/// The RFC 9605 header of each frame is not sent twice: it is rebuilt from these fields. The steps
/// are the low byte of the frames' key ids.
package struct MediaHead: Hashable, Sendable {
  package var tag: RoomTag
  package var session: SessionID
  package var counter: UInt32
  package var hasPrevious: Bool
  /// Frames are on their way again because somebody asked.
  package var repaired: Bool
  package var step: UInt8
  package var previousStep: UInt8

  package static let count = 11

  package init(
    tag: RoomTag, session: SessionID, counter: UInt32, hasPrevious: Bool, repaired: Bool,
    step: UInt8, previousStep: UInt8
  ) {
    self.tag = tag
    self.session = session
    self.counter = counter
    self.hasPrevious = hasPrevious
    self.repaired = repaired
    self.step = step
    self.previousStep = previousStep
  }

  /// Reads behind the type byte.
  package init(from reader: inout Reader) throws(WireError) {
    tag = try reader.u8()
    session = SessionID(try reader.u24())
    counter = try reader.u24()
    let flags = try reader.u8()
    guard flags < 4 else { throw .unknown }
    hasPrevious = flags & 1 != 0
    repaired = flags & 2 != 0
    step = try reader.u8()
    previousStep = try reader.u8()
    guard counter >= Limits.firstCounter else { throw .range }
  }

  /// Appends type and head to `bytes`.
  package func append(to bytes: inout [UInt8]) {
    bytes.append(MessageType.media.rawValue)
    bytes.append(tag)
    append24(session.raw, to: &bytes)
    append24(counter, to: &bytes)
    bytes.append((hasPrevious ? 1 : 0) | (repaired ? 2 : 0))
    bytes.append(step)
    bytes.append(previousStep)
  }
}

/// The RFC 9605 header of a frame: X = 1 with four bytes of key id, Y = 1 with three of counter.
package enum FrameHeader {
  package static let count = 8

  /// Config byte for a 4-byte KID (K − 1 = 3) and a 3-byte CTR (C − 1 = 2).
  package static let config: UInt8 = 0xBA

  package static func append(
    session: SessionID, step: UInt8, counter: UInt32, to bytes: inout [UInt8]
  ) {
    bytes.append(config)
    append24(session.raw, to: &bytes)
    bytes.append(step)
    append24(counter, to: &bytes)
  }
}

private func append24(_ value: UInt32, to bytes: inout [UInt8]) {
  bytes.append(UInt8(truncatingIfNeeded: value >> 16))
  bytes.append(UInt8(truncatingIfNeeded: value >> 8))
  bytes.append(UInt8(truncatingIfNeeded: value))
}
