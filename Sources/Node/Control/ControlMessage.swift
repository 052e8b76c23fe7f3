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

  /// What came next on a connection.
  package enum Taken: Hashable, Sendable {
    /// Not all of it is there.
    case none
    /// It is no message.
    case broken
    case text([UInt8])
    case sound([UInt8])
  }

  /// Takes the next message off the front, when it is complete.
  package static func take(from bytes: inout [UInt8]) -> Taken {
    guard bytes.count >= headerSize else { return .none }
    guard let header = header(bytes), header.count <= longest else { return .broken }
    let end = headerSize + header.count
    guard bytes.count >= end else { return .none }
    let body = Array(bytes[headerSize..<end])
    bytes.removeSubrange(..<end)
    return header.kind == .text ? .text(body) : .sound(body)
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
