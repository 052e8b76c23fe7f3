/// Base64 of RFC 4648, strictly: one text for one string of bytes.
package enum Base64: Sendable {
  /// `+` and `/`, padded with `=` (§4).
  case standard
  /// `-` and `_`, never padded (§5): what links carry.
  case url

  private static let pad = UInt8(ascii: "=")
  private static let letters = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

  package func encode(_ bytes: [UInt8]) -> String {
    String(decoding: letters(of: bytes), as: UTF8.self)
  }

  /// The text as bytes, for what must not become a string.
  package func letters(of bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      for index in 0..<3 {
        group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
      }
      for index in 0..<4 where index <= count {
        text.append(letter(Int(group >> UInt32(18 - 6 * index) & 63)))
      }
      if self == .standard {
        text.append(contentsOf: repeatElement(Base64.pad, count: 3 - count))
      }
    }
    return text
  }

  /// Refuses foreign letters, wrong padding and set bits behind the last byte.
  package func decode(_ text: some StringProtocol) throws(WireError) -> [UInt8] {
    try decode(letters: Array(text.utf8))
  }

  package func decode(
    letters: some Collection<UInt8>
  ) throws(WireError) -> [UInt8] {
    var letters = Array(letters)
    if self == .standard {
      guard letters.count % 4 == 0 else { throw .text }
      for _ in 0..<2 where letters.last == Base64.pad { letters.removeLast() }
    }
    guard letters.count % 4 != 1 else { throw .text }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(letters.count * 3 / 4)
    var (pending, bits): (UInt32, UInt32) = (0, 0)
    for letter in letters {
      pending = pending << 6 | (try value(letter))
      bits += 6
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
      pending &= 1 << bits - 1
    }
    guard pending == 0 else { throw .text }
    return bytes
  }

  private func letter(_ value: Int) -> UInt8 {
    switch value {
    case 62: UInt8(ascii: self == .standard ? "+" : "-")
    case 63: UInt8(ascii: self == .standard ? "/" : "_")
    default: Base64.letters[value]
    }
  }

  private func value(_ letter: UInt8) throws(WireError) -> UInt32 {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
    case self.letter(62): 62
    case self.letter(63): 63
    default: throw .text
    }
  }
}
