// SPDX-License-Identifier: Apache-2.0
import COpusEnc

/// Writes Ogg Opus: a small recording, at a variable rate because nobody watches it pass.
///
/// Pages go out once a second at the latest, so a killed recorder loses no more than that.
package final class OggOpusWriter: AudioSink {
  /// Good mono speech; what RFC 7587 recommends for full-band speech is 28 to 40.
  package static let usualBitrate = 32_000
  /// Longest wait of a packet before its page is written, in samples.
  private static let pageSpan = Int32(Samples.perSecond)
  /// How far libopusenc looks ahead, in samples; its own 2 s would be lost with a killed recorder.
  private static let lookahead = Int32(Samples.perSecond / 10)

  private let output: ByteOutput
  private let encoder: OpaquePointer
  private var isClosed = false

  /// Makes the file, at a mean bitrate of 6,000 to 256,000.
  package init(path: String, bitrate: Int = OggOpusWriter.usualBitrate) throws(AudioError) {
    let output = try ByteOutput(path: path)
    guard let comments = ope_comments_create() else { throw .library(OPE_ALLOC_FAIL) }
    defer { ope_comments_destroy(comments) }
    var callbacks = OpusEncCallbacks()
    callbacks.write = { target, bytes, count in
      guard let target, let bytes, count >= 0 else { return 1 }
      let output = Unmanaged<ByteOutput>.fromOpaque(target).takeUnretainedValue()
      let page = [UInt8](UnsafeBufferPointer(start: bytes, count: Int(count)))
      return (try? output.write(page)) == nil ? 1 : 0
    }
    callbacks.close = { _ in 0 }
    var status: Int32 = 0
    guard
      let encoder = ope_encoder_create_callbacks(
        &callbacks, Unmanaged.passUnretained(output).toOpaque(), comments,
        Int32(Samples.perSecond), 1, 0, &status)
    else { throw .library(status) }
    let rate = Int32(min(max(bitrate, 6_000), 256_000))
    _ = copusenc_set(encoder, OPUS_SET_BITRATE_REQUEST, rate)
    _ = copusenc_set(encoder, OPE_SET_DECISION_DELAY_REQUEST, Self.lookahead)
    _ = copusenc_set(encoder, OPE_SET_MUXING_DELAY_REQUEST, Self.pageSpan)
    self.output = output
    self.encoder = encoder
  }

  deinit {
    try? self.close()
    ope_encoder_destroy(self.encoder)
  }

  package func write(_ samples: [Int16]) throws(AudioError) {
    guard !self.isClosed else { throw .closed }
    guard !samples.isEmpty else { return }
    try Self.check(ope_encoder_write(self.encoder, samples, Int32(samples.count)))
  }

  package func close() throws(AudioError) {
    guard !self.isClosed else { return }
    self.isClosed = true
    try Self.check(ope_encoder_drain(self.encoder))
    try self.output.close()
  }

  private static func check(_ status: Int32) throws(AudioError) {
    guard status == OPE_OK else { throw .library(status) }
  }
}
