/// Half of an ML-KEM-768 public key or ciphertext, which are larger than a record.
///
/// `part 1 | bytes`: 592 of a key, 544 of a ciphertext.
package struct HybridPart: Hashable, Sendable {
  package static let parts = 2
  package static let keyBytes = 1_184
  package static let answerBytes = 1_088

  package let index: Int
  package let bytes: [UInt8]

  /// The halves of `whole`, in order.
  package static func halves(of whole: [UInt8]) -> [HybridPart] {
    let size = whole.count / parts
    return (0..<parts).map { index in
      HybridPart(index: index, bytes: Array(whole[index * size..<(index + 1) * size]))
    }
  }

  private init(index: Int, bytes: [UInt8]) {
    self.index = index
    self.bytes = bytes
  }

  package var encoded: [UInt8] { [UInt8(index)] + bytes }

  /// - Parameter total: of all parts together.
  package init(from reader: inout Reader, of total: Int) throws(WireError) {
    index = Int(try reader.u8())
    guard index < Self.parts else { throw .range }
    bytes = try reader.bytes(total / Self.parts)
    try reader.finish()
  }
}
