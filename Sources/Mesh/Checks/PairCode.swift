import Keys
package import Wire

/// The code that two people on one link compare aloud: equal only if nobody sits between them.
///
/// The asker commits to its nonce before it sees the other's, so whoever sits between gets one try
/// in 2^42 (Spec 9 §9).
package struct PairCode: Hashable, Sendable {
  private static let pictureBits = 6
  private static let numberBits = 13
  package static let pictureCount = 7
  package static let numberCount = 3

  private let bits: UInt64

  /// - Parameters:
  ///   - transcript: of the link between the two, the same at both ends.
  ///   - asker: who committed first; its persona and nonce.
  package init(
    transcript: Bytes64, asker: (person: PersonaID, nonce: Bytes32),
    other: (person: PersonaID, nonce: Bytes32)
  ) {
    let key = Digest.hash32("VR1-sas", transcript.array)
    let context =
      asker.nonce.array + other.nonce.array + asker.person.raw.array + other.person.raw.array
    bits = KDF.derive16(key, "VR1-sasv", context).high
  }

  package static func commitment(to nonce: Bytes32) -> Bytes32 {
    Digest.hash32("VR1-sasc", nonce.array)
  }

  /// The first 42 bits, six a picture.
  package var pictures: [EmojiTable.Picture] {
    (0..<Self.pictureCount).map { EmojiTable.pictures[piece($0, of: Self.pictureBits)] }
  }

  /// The first 39 bits, for who cannot see or name pictures: each from 1,000 to 9,191.
  package var numbers: [Int] {
    (0..<Self.numberCount).map { 1_000 + piece($0, of: Self.numberBits) }
  }

  private func piece(_ index: Int, of size: Int) -> Int {
    Int(bits >> UInt64(64 - size * (index + 1))) & ((1 << size) - 1)
  }
}
