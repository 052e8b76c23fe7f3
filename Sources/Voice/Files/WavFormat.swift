// SPDX-License-Identifier: Apache-2.0

/// What a WAV file says about its samples (the `fmt ` chunk).
package struct WavFormat: Equatable, Sendable {
  /// How one sample is written.
  package enum Encoding: Sendable {
    /// Unsigned for 8 bits, signed otherwise.
    case integer
    case float
  }

  private static let integerTag = 1
  private static let floatTag = 3
  private static let extensibleTag = 0xFFFE
  /// The last 14 bytes of the identifiers that WAVE_FORMAT_EXTENSIBLE builds out of the old tags.
  private static let extensibleTail: [UInt8] = [
    0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71,
  ]
  /// What the resampler is asked to take at most; studio recordings end at 384 kHz.
  static let rates = 4_000...384_000

  package let encoding: Encoding
  package let channels: Int
  package let rate: Int
  package let bits: Int

  /// Bytes of one sample of every channel.
  package var frameSize: Int { self.channels * self.bits / 8 }

  /// Whether these first twelve bytes open a WAV file.
  package static func isWav(_ magic: [UInt8]) -> Bool {
    magic.count >= 12 && magic.starts(with: Array("RIFF".utf8))
      && Array(magic[8..<12]) == Array("WAVE".utf8)
  }

  /// Reads the content of a `fmt ` chunk.
  package init(_ chunk: [UInt8]) throws(AudioError) {
    guard chunk.count >= 16 else { throw .malformed(.badFormat) }
    func number(_ at: Int, _ size: Int) -> Int {
      chunk[at..<at + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    var tag = number(0, 2)
    if tag == Self.extensibleTag {
      guard chunk.count >= 40 else { throw .malformed(.badFormat) }
      guard Array(chunk[26..<40]) == Self.extensibleTail else { throw .unsupported(.encoding) }
      tag = number(24, 2)
    }
    let bits = number(14, 2)
    let channels = number(2, 2)
    let rate = number(4, 4)
    switch tag {
    case Self.integerTag:
      guard [8, 16, 24, 32].contains(bits) else { throw .unsupported(.depth) }
      self.encoding = .integer
    case Self.floatTag:
      guard bits == 32 else { throw .unsupported(.depth) }
      self.encoding = .float
    default:
      throw .unsupported(.encoding)
    }
    guard channels > 0 else { throw .malformed(.badFormat) }
    guard channels <= 2 else { throw .unsupported(.channels) }
    guard Self.rates.contains(rate) else { throw .unsupported(.rate) }
    guard number(12, 2) == channels * bits / 8 else { throw .malformed(.badFormat) }
    self.bits = bits
    self.channels = channels
    self.rate = rate
  }

  /// The samples, channels averaged, 1.0 being full scale; a broken last one is left out.
  package func mono(_ bytes: [UInt8]) -> [Float] {
    let size = self.bits / 8
    return stride(from: 0, to: bytes.count - self.frameSize + 1, by: self.frameSize).map { start in
      var sum: Float = 0
      for channel in 0..<self.channels {
        sum += self.sample(bytes[(start + channel * size)..<(start + (channel + 1) * size)])
      }
      return sum / Float(self.channels)
    }
  }

  private func sample(_ bytes: ArraySlice<UInt8>) -> Float {
    let pattern = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    switch (self.encoding, self.bits) {
    case (.float, _):
      let value = Float(bitPattern: pattern)
      return value.isFinite ? min(max(value, -1), 1) : 0
    case (.integer, 8):
      return (Float(pattern) - 128) / 128
    case (.integer, let bits):
      let shifted = Int32(bitPattern: pattern << UInt32(32 - bits))
      return Float(shifted) / 2_147_483_648
    }
  }
}
