/// One message on a connection that carries requests and sound side by side.
///
/// `kind (1) | length (4, big-endian) | body`. A connection begins with lines and changes over with
/// the request `messages`; see `docs/protocol/7-control.md`.
package enum ControlMessage {
  /// What the body holds.
  package enum Kind: UInt8, Sendable {
    /// A request, a reply or an event: JSON without a line feed.
    case text = 0
    /// One frame of sound, in the format agreed on.
    case sound = 1
  }

  package static let headerSize = 5
  /// Requests may be as long as a line; sound is shorter.
  package static let longest = Line.longest

  package static func header(_ kind: Kind, count: Int) -> [UInt8] {
    let length = UInt32(clamping: count)
    return [
      kind.rawValue, UInt8(truncatingIfNeeded: length >> 24),
      UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 8),
      UInt8(truncatingIfNeeded: length),
    ]
  }

  /// Reads a header; nil for a kind that does not exist.
  package static func header(_ bytes: some Sequence<UInt8>) -> (kind: Kind, count: Int)? {
    var kind: Kind?
    var count = 0
    for (index, byte) in bytes.prefix(headerSize).enumerated() {
      if index == 0 {
        kind = Kind(rawValue: byte)
      } else {
        count = count << 8 | Int(byte)
      }
    }
    return kind.map { ($0, count) }
  }
}
