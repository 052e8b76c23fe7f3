/// base64url without padding (RFC 4648 §5), strict: one text for one byte string.
package enum Base64URL {
  package static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var characters: [UInt8] = []
    var bits: UInt32 = 0
    var held = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      held += 8
      while held >= 6 {
        held -= 6
        characters.append(symbol(bits >> UInt32(held) & 63))
      }
    }
    if held > 0 { characters.append(symbol(bits << UInt32(6 - held) & 63)) }
    return String(decoding: characters, as: UTF8.self)
  }

  /// Refuses padding, foreign characters, impossible lengths and bits left over that are not zero.
  package static func decode(_ text: some Sequence<UInt8>) throws(WireError) -> [UInt8] {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var held = 0
    for character in text {
      bits = bits << 6 | (try value(character))
      held += 6
      guard held >= 8 else { continue }
      held -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
    }
    guard held < 6, bits & (1 << UInt32(held) - 1) == 0 else { throw .text }
    return bytes
  }

  private static func symbol(_ value: UInt32) -> UInt8 {
    switch value {
    case 0..<26: UInt8(ascii: "A") + UInt8(value)
    case 26..<52: UInt8(ascii: "a") + UInt8(value - 26)
    case 52..<62: UInt8(ascii: "0") + UInt8(value - 52)
    case 62: UInt8(ascii: "-")
    default: UInt8(ascii: "_")
    }
  }

  private static func value(_ character: UInt8) throws(WireError) -> UInt32 {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: throw .text
    }
  }
}
