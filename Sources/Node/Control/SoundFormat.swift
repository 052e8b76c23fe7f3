/// How one frame of 20 ms lies in a message of sound, either way.
package enum SoundFormat: String, Hashable, Sendable, Codable {
  /// One Opus packet. To the node it comes behind one byte with its level, 0 loudest to 127
  /// (RFC 6464).
  case opus
  /// 960 samples, signed 16 bit, little endian, mono, 48 kHz.
  case s16le

  /// 20 ms of 16-bit samples at 48 kHz.
  package static let blockBytes = 1_920
}
