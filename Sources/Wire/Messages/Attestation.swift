/// A speaker's signature over the hashes of its last frames' ciphertexts: proves to everybody,
/// also to relays without a key, whose frames they are (Spec 6 §4).
///
/// `tag 1 | session 3 | last counter 4 | mask 4 | 8 × popcount | signature 64`, bit j of the mask
/// standing for frame `last − j`; leaves stand in the order of their frames, oldest first.
package struct Attestation: Hashable, Sendable {
  package var session: SessionID
  package var last: UInt32
  package var mask: UInt32
  package var leaves: [UInt64]
  package var signature: Signature

  /// More would not fit one cell.
  package static let leavesMaximum = 10

  package init(
    session: SessionID, last: UInt32, mask: UInt32, leaves: [UInt64],
    signature: Signature = Signature(.zero)
  ) {
    self.session = session
    self.last = last
    self.mask = mask
    self.leaves = leaves
    self.signature = signature
  }

  package var unsigned: [UInt8] {
    var writer = Writer(capacity: 11 + 8 * leaves.count)
    writer.u24(session.raw)
    writer.u32(last)
    writer.u32(mask)
    for leaf in leaves { writer.u64(leaf) }
    return writer.bytes
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 160)
    writer.u8(tag)
    writer.raw(unsigned)
    writer.bytes64(signature.raw)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let session = SessionID(try reader.u24())
    let last = try reader.u32()
    let mask = try reader.u32()
    guard last <= Limits.lastCounter else { throw .range }
    guard (1...Self.leavesMaximum).contains(mask.nonzeroBitCount) else { throw .range }
    guard last >= Limits.firstCounter + UInt32(31 - mask.leadingZeroBitCount) else { throw .range }
    var leaves: [UInt64] = []
    for _ in 0..<mask.nonzeroBitCount { leaves.append(try reader.u64()) }
    self.init(
      session: session, last: last, mask: mask, leaves: leaves,
      signature: Signature(try reader.bytes64()))
    try reader.finish()
  }

  /// Counter and leaf of every frame covered.
  package var entries: [(counter: UInt32, leaf: UInt64)] {
    var result: [(counter: UInt32, leaf: UInt64)] = []
    var index = 0
    for bit in (0..<UInt32(32)).reversed() where mask >> bit & 1 == 1 {
      result.append((last - bit, leaves[index]))
      index += 1
    }
    return result
  }
}
