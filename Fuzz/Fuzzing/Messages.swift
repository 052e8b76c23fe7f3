import Wire

/// Every message of the wire: whatever is accepted is written back byte for byte, so that one
/// message has one encoding and a signature over it one meaning.
enum Messages {
  static func run(_ tape: inout Tape) throws(Finding) {
    let kind = tape.byte()
    let bytes = tape.rest()
    let again: [UInt8]?
    do throws(WireError) {
      again = try encodeAgain(kind, bytes)
    } catch {
      return
    }
    try Finding.unless(
      again == nil || again == bytes, "message \(kind) is not written as it was read")
  }

  /// Nil for kinds that do not exist.
  private static func encodeAgain(_ kind: UInt8, _ bytes: [UInt8]) throws(WireError) -> [UInt8]? {
    var reader = Reader(bytes.span)
    var writer = Writer()
    switch kind {
    case 0: try Admission(from: &reader).encode(into: &writer)
    case 1: try Genesis(from: &reader).encode(into: &writer)
    case 2: try RoomOperation(from: &reader).encode(into: &writer)
    case 3: try certificate(&reader).encode(into: &writer)
    case 4: try Presence(from: &reader).encode(into: &writer)
    case 5: try contact(&reader).encode(into: &writer)
    case 6: try GrantHeader(from: &reader).encode(into: &writer)
    case 7: return try Join(bytes.span).encoded
    case 8: return try Listing(from: &reader).encoded
    case 9: return try media(bytes)
    case 10...29: return try tagged(kind, &reader)
    case 30: return try primitives(bytes)
    case 31...33: return try more(kind, &reader)
    case 34: try TunnelAddress(from: &reader).encode(into: &writer)
    case 35: return try tunnelled(bytes)
    case 36: try Stamp(from: &reader).encode(into: &writer)
    case 37: return try HybridPart(from: &reader, of: HybridPart.keyBytes).encoded
    case 38: return try HybridPart(from: &reader, of: HybridPart.answerBytes).encoded
    case 39, 40: return try more(kind, &reader)
    default: return nil
    }
    try reader.finish()
    return writer.bytes
  }

  /// Messages that stand behind the tag of a room.
  private static func tagged(_ kind: UInt8, _ reader: inout Reader) throws(WireError) -> [UInt8]? {
    let tag = try reader.u8()
    return switch kind {
    case 10: try MemberRecord(from: &reader).encoded(tag: tag)
    case 11: try RosterHash(from: &reader).encoded(tag: tag)
    case 12: try RosterBuckets(from: &reader).encoded(tag: tag)
    case 13: try RosterSummary(from: &reader).encoded(tag: tag)
    case 14: try SessionWant(from: &reader).encoded(tag: tag)
    case 15: try KeyAnnouncement(from: &reader).encoded(tag: tag)
    case 16: try GrantRequest(from: &reader).encoded(tag: tag)
    case 17: try NeighbourRequest(from: &reader).encoded(tag: tag)
    case 18: try NeighbourReply(from: &reader).encoded(tag: tag)
    case 19: try ForwardJoin(from: &reader).encoded(tag: tag)
    case 20: try Shuffle(from: &reader).encoded(tag: tag)
    case 21: try Offer(from: &reader).encoded(tag: tag)
    case 22: try Graft(from: &reader).encoded(tag: tag)
    case 23: try GraftReply(from: &reader).encoded(tag: tag)
    case 24: try Prune(from: &reader).encoded(tag: tag)
    case 25: try Pull(from: &reader).encoded(tag: tag)
    case 26: try attestation(&reader).encoded(tag: tag)
    case 27: try OperationHash(from: &reader).encoded(tag: tag)
    case 28: try OperationVector(from: &reader).encoded(tag: tag)
    case 29: try OperationWant(from: &reader).encoded(tag: tag)
    default: nil
    }
  }

  /// The same, numbered when 30 and those behind it were taken.
  private static func more(_ kind: UInt8, _ reader: inout Reader) throws(WireError) -> [UInt8]? {
    let tag = try reader.u8()
    return switch kind {
    case 31: try OperationBundle(from: &reader).encoded(tag: tag)
    case 32: try Hand(from: &reader).encoded(tag: tag)
    case 33: try PairCheckMessage(from: &reader).encoded(tag: tag)
    case 39: try Reaction(from: &reader).encoded(tag: tag)
    case 40: try Meeting(from: &reader).encoded(tag: tag)
    default: nil
    }
  }

  /// The datagrams with their lengths, and zeros behind.
  private static func tunnelled(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
    var writer = Writer()
    for range in try TunnelMessage.datagrams(in: bytes.span) {
      writer.u16(UInt16(truncatingIfNeeded: range.count))
      writer.raw(bytes[range])
    }
    writer.zeros(max(0, bytes.count - writer.bytes.count))
    return writer.bytes
  }

  private static func certificate(_ reader: inout Reader) throws(WireError) -> SessionCertificate {
    let certificate = try SessionCertificate(from: &reader)
    _ = certificate.expiry
    return certificate
  }

  private static func contact(_ reader: inout Reader) throws(WireError) -> Contact {
    let contact = try Contact(from: &reader)
    for endpoint in contact.endpoints {
      _ = (endpoint.ipv4, endpoint.isLoopback, endpoint.isDiallable, endpoint.neighbourhood)
    }
    return contact
  }

  private static func attestation(_ reader: inout Reader) throws(WireError) -> Attestation {
    let attestation = try Attestation(from: &reader)
    let counters = attestation.entries.map(\.counter)
    // Oldest first, none before the first counter: else it would have been refused.
    precondition(counters == counters.sorted() && counters.count == attestation.leaves.count)
    precondition(counters.allSatisfy { $0 >= Limits.firstCounter })
    return attestation
  }

  private static func media(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
    var reader = Reader(bytes.span)
    guard try reader.u8() == MessageType.media.rawValue else { throw .unknown }
    let head = try MediaHead(from: &reader)
    var again: [UInt8] = []
    head.append(to: &again)
    FrameHeader.append(session: head.session, step: head.step, counter: head.counter, to: &again)
    again.removeLast(FrameHeader.count)
    return again + (try reader.bytes(reader.remaining))
  }

  /// The reader's own steps, in an order that the input chooses.
  private static func primitives(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
    var reader = Reader(bytes.span)
    var writer = Writer()
    while reader.remaining > 0 {
      let step = try reader.u8()
      writer.u8(step)
      switch step & 15 {
      case 0: writer.u16(try reader.u16())
      case 1: writer.u24(try reader.u24())
      case 2: writer.u32(try reader.u32())
      case 3: writer.u48(try reader.u48())
      case 4: writer.u64(try reader.u64())
      case 5: writer.bytes16(try reader.bytes16())
      case 6: writer.bytes32(try reader.bytes32())
      case 7: writer.bytes64(try reader.bytes64())
      case 8: writer.endpoint(try reader.endpoint())
      case 9: writer.text(try reader.text(limit: Int(step >> 4) * 8), limit: 255)
      case 10: writer.raw(try reader.bytes(Int(step >> 4)))
      case 11: writer.raw(try reader.span(Int(step >> 4)))
      case 12:
        try reader.skip(Int(step >> 4))
        writer.raw(bytes[(reader.offset - Int(step >> 4))..<reader.offset])
      case 13: _ = try reader.bytes(-Int(step >> 4) - 1)
      default: break
      }
    }
    return writer.bytes
  }
}
