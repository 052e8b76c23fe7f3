/// A step of the comparison of codes between two people on one link (Spec 9 §9).
///
/// `tag 1 | step 1 | 32 bytes`: the asker's commitment, the other's nonce, the asker's nonce; and
/// an end without either, when somebody will not go on.
package enum PairCheckMessage: Hashable, Sendable {
  case commitment(Bytes32)
  case nonce(Bytes32)
  case reveal(Bytes32)
  case end

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 34)
    writer.u8(tag)
    switch self {
    case .commitment(let bytes):
      writer.u8(0)
      writer.bytes32(bytes)
    case .nonce(let bytes):
      writer.u8(1)
      writer.bytes32(bytes)
    case .reveal(let bytes):
      writer.u8(2)
      writer.bytes32(bytes)
    case .end:
      writer.u8(3)
    }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    switch try reader.u8() {
    case 0: self = .commitment(try reader.bytes32())
    case 1: self = .nonce(try reader.bytes32())
    case 2: self = .reveal(try reader.bytes32())
    case 3: self = .end
    default: throw .unknown
    }
    try reader.finish()
  }
}
