extension Sounds {
  static var seeds: [[UInt8]] {
    let wavs = [(1, 1, 48_000, 16), (1, 2, 44_100, 24), (3, 1, 8_000, 32), (1, 1, 4_000, 8)]
      .map { tag, channels, rate, bits in
        wav(tag: tag, channels: channels, rate: rate, bits: bits, bytes: 240)
      }
    return wavs.map { [0, 0x03, 0xC0] + $0 }
      + [[1, 0, 9, 1, 2, 3, 4, 5], [0, 0x03, 0xC0] + extensible, [0, 0x03, 0xC0] + ogg]
  }

  private static func wav(
    tag: Int, channels: Int, rate: Int, bits: Int, bytes: Int, extra: [UInt8] = []
  ) -> [UInt8] {
    let frame = channels * bits / 8
    let format =
      little(tag, 2) + little(channels, 2) + little(rate, 4) + little(rate * frame, 4)
      + little(frame, 2) + little(bits, 2) + extra
    let chunks =
      Array("LIST".utf8) + little(3, 4) + [1, 2, 3, 0] + Array("fmt ".utf8)
      + little(format.count, 4) + format + Array("data".utf8) + little(bytes, 4)
    return Array("RIFF".utf8) + little(chunks.count + 4 + bytes, 4) + Array("WAVE".utf8) + chunks
      + (0..<bytes).map { UInt8(truncatingIfNeeded: $0 * 37) }
  }

  private static var extensible: [UInt8] {
    wav(
      tag: 0xFFFE, channels: 1, rate: 48_000, bits: 16, bytes: 64,
      extra: little(22, 2) + little(16, 2) + little(4, 4) + little(1, 2)
        + [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71])
  }

  /// RFC 7845: a head, tags, and one page of sound.
  private static var ogg: [UInt8] {
    let head =
      Array("OpusHead".utf8) + [1, 1] + little(312, 2) + little(48_000, 4) + little(0, 2) + [0]
    let tags = Array("OpusTags".utf8) + little(1, 4) + [0x61] + little(0, 4)
    let packet: [UInt8] = [0x78, 0xFF, 0xFE] + (0..<57).map { UInt8($0 * 3) }
    return page(head, flags: 2, granule: 0, number: 0) + page(tags, flags: 0, granule: 0, number: 1)
      + page(packet, flags: 4, granule: 960, number: 2)
  }

  private static func page(
    _ packet: [UInt8], flags: UInt8, granule: Int, number: Int
  ) -> [UInt8] {
    var page =
      Array("OggS".utf8) + [0, flags] + little(granule, 8) + little(7, 4) + little(number, 4)
      + little(0, 4) + [1, UInt8(packet.count)] + packet
    page.replaceSubrange(22..<26, with: little(Int(checksum(page)), 4))
    return page
  }

  /// RFC 3533: polynomial 0x04C11DB7, nothing reflected, nothing inverted.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.reduce(UInt32(0)) { register, byte in
      (0..<8).reduce(register ^ UInt32(byte) << 24) { value, _ in
        value << 1 ^ (value >> 31 == 1 ? 0x04C1_1DB7 : 0)
      }
    }
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
