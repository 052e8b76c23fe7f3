/// Datagrams in one message of a tunnel: a length and the bytes of each, then zeros up to the size
/// of the message, which does not follow what is in it (11-tunnel).
package enum TunnelMessage {
  /// What messages measure.
  ///
  /// The smallest holds a media datagram of one cell with its length, the others twice what the one
  /// before does. Beyond the largest a stage of five speakers has room twice over.
  package static let sizes = [256, 512, 1_024, 2_048, 4_096]
  package static let longest = 4_096
  /// In front of each datagram.
  package static let lengthBytes = 2
  /// Longest datagram that is carried: none of ours is longer.
  package static let longestDatagram = Limits.datagram

  /// Where the datagrams of a message lie.
  ///
  /// Refuses lengths beyond the message or beyond a datagram's, and anything but zeros as padding.
  package static func datagrams(in message: Span<UInt8>) throws(WireError) -> [Range<Int>] {
    guard message.count <= longest else { throw .range }
    var found: [Range<Int>] = []
    var reader = Reader(message)
    while reader.remaining >= lengthBytes {
      let count = Int(try reader.u16())
      guard count > 0 else { break }
      guard count <= longestDatagram else { throw .range }
      let start = reader.offset
      try reader.skip(count)
      found.append(start..<start + count)
    }
    while reader.remaining > 0 {
      guard try reader.u8() == 0 else { throw .trailing }
    }
    return found
  }
}
