import Keys
import Mesh
import Wire

/// Another ciphertext under the tag of a frame. Poly1305 is no hash: who holds the key can choose
/// all blocks but one, and calculates that one from the others.
enum SameTag {
  /// Bytes of the plain text that the forger chooses; after them comes a block as it must be, and
  /// after that what was there.
  static let chosen = 31
  static let byte: UInt8 = 0x5A
  private static let block = 16
  /// One in four tries gives a block of 128 bits.
  private static let tries: UInt8 = 200

  static func forge(
    _ frame: [UInt8], _ counter: UInt32, _ room: RoomID, _ key: borrowing FrameKey
  ) -> [UInt8]? {
    guard let header = try? SFrameHeader(reading: frame.span).count else { return nil }
    let body = Array(frame[header...])
    let cipher = Array(body.dropLast(FrameKey.tagCount))
    guard cipher.count >= 3 * block else { return nil }
    // What zeros are sealed as.
    var stream: [UInt8] = []
    key.seal(
      [UInt8](repeating: 0, count: cipher.count).span, counter: UInt64(counter), room: room,
      into: &stream)
    let keystream = stream.dropFirst(header)
    let r = multiplier(counter, key)
    for attempt in 0..<tries {
      var plain = [20] + [UInt8](repeating: byte, count: chosen)
      plain[chosen] = attempt
      let made = zip(plain, keystream).map { $0 ^ $1 }
      // Block i counts r^(n - i): the third makes up for what the first two changed.
      let first = number(cipher, 0) - number(made, 0)
      let second = number(cipher, 1) - number(made, 1)
      let third = number(cipher, 2) + (first * r + second) * r
      guard let bytes = third.bytes else { continue }
      return made + bytes + body[(3 * block)...]
    }
    return nil
  }

  private static func number(_ bytes: [UInt8], _ index: Int) -> Field {
    Field(Array(bytes[index * block..<(index + 1) * block]))
  }

  /// Poly1305's r for one frame (RFC 8439 §2.6).
  private static func multiplier(_ counter: UInt32, _ key: borrowing FrameKey) -> Field {
    var nonce = key.withSalt { salt in salt.withBytes { copy($0, 12) } }
    for index in 0..<4 {
      nonce[8 + index] ^= UInt8(truncatingIfNeeded: counter >> UInt32(24 - 8 * index))
    }
    let secret = key.withKey { key in key.withBytes { copy($0, Secret.count) } }
    var r = Array(chaCha20(secret, nonce).prefix(block))
    for index in [3, 7, 11, 15] { r[index] &= 15 }
    for index in [4, 8, 12] { r[index] &= 252 }
    return Field(r)
  }

  private static func copy(_ bytes: Span<UInt8>, _ count: Int) -> [UInt8] {
    (0..<count).map { bytes[$0] }
  }

  /// The block number 0 (RFC 8439 §2.3).
  private static func chaCha20(_ key: [UInt8], _ nonce: [UInt8]) -> [UInt8] {
    func words(_ bytes: [UInt8]) -> [UInt32] {
      stride(from: 0, to: bytes.count, by: 4).map { start in
        (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
      }
    }
    let start = words(Array("expand 32-byte k".utf8)) + words(key) + [0] + words(nonce)
    var state = start
    func turn(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
      for (one, two, three, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        state[one] &+= state[two]
        let mixed = state[three] ^ state[one]
        state[three] = mixed << UInt32(bits) | mixed >> UInt32(32 - bits)
      }
    }
    for _ in 0..<10 {
      for column in 0..<4 { turn(column, 4 + column, 8 + column, 12 + column) }
      for row in 0..<4 { turn(row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4) }
    }
    return zip(state, start).flatMap { word, added in
      (0..<4).map { UInt8(truncatingIfNeeded: (word &+ added) >> UInt32(8 * $0)) }
    }
  }
}

/// A number modulo 2^130 - 5, in five pieces of 26 bits.
private struct Field {
  private static let mask: UInt64 = (1 << 26) - 1
  private var limbs: [UInt64]

  /// Sixteen bytes, least first.
  init(_ bytes: [UInt8]) {
    limbs = (0..<5).map { limb in
      (0..<26).reduce(0) { value, bit in
        let place = 26 * limb + bit
        guard place < 128 else { return value }
        return value | UInt64(bytes[place / 8] >> UInt8(place % 8) & 1) << UInt64(bit)
      }
    }
  }

  private init(limbs: [UInt64]) {
    self.limbs = limbs
    for _ in 0..<3 { carry() }
  }

  private mutating func carry() {
    for limb in 0..<4 {
      limbs[limb + 1] += limbs[limb] >> 26
      limbs[limb] &= Self.mask
    }
    limbs[0] += (limbs[4] >> 26) * 5
    limbs[4] &= Self.mask
  }

  static func + (left: Field, right: Field) -> Field {
    Field(limbs: zip(left.limbs, right.limbs).map { $0 + $1 })
  }

  static func - (left: Field, right: Field) -> Field {
    // Four times the modulus keeps every piece above zero.
    let four = [(mask - 4) * 4] + [UInt64](repeating: mask * 4, count: 4)
    return Field(limbs: (0..<5).map { left.limbs[$0] + four[$0] - right.limbs[$0] })
  }

  static func * (left: Field, right: Field) -> Field {
    var product = [UInt64](repeating: 0, count: 5)
    for one in 0..<5 {
      for two in 0..<5 {
        let folded: UInt64 = one + two < 5 ? 1 : 5
        product[(one + two) % 5] += left.limbs[one] * right.limbs[two] * folded
      }
    }
    return Field(limbs: product)
  }

  /// Nil when it has more than 128 bits.
  var bytes: [UInt8]? {
    var least = self
    if least.limbs[0] >= Self.mask - 4, least.limbs.dropFirst().allSatisfy({ $0 == Self.mask }) {
      least.limbs = [least.limbs[0] - (Self.mask - 4), 0, 0, 0, 0]
    }
    guard least.limbs[4] >> 24 == 0 else { return nil }
    return (0..<16).map { byte in
      (0..<8).reduce(0) { value, bit in
        let place = 8 * byte + bit
        return value | UInt8(least.limbs[place / 26] >> UInt64(place % 26) & 1) << UInt8(bit)
      }
    }
  }
}
