// SPDX-License-Identifier: Apache-2.0
import COpus

/// A microphone's sound, turned into packets that all have the same size.
///
/// Size must not depend on what is said, so the rate is constant and nothing is left out in
/// silence: a listener on the wire learns from lengths neither words nor pauses.
package struct OpusEncoder: ~Copyable {
  /// What the packets hold and how much work goes into them.
  package struct Settings: Equatable, Sendable {
    /// Bits a second of sound, 6,000 to 32,000.
    package var bitrate = 24_000
    /// Sound in one packet.
    package var duration = FrameDuration.ms20
    /// Frames out of a hundred that a listener is expected to miss *after* the mesh's own repair.
    ///
    /// Above 0 libopus may put a coarse copy of the frame before (LBRR) into each packet, and in
    /// constant rate the copy is paid for by the frame itself. Measured with libopus 1.3.1 on
    /// 24.7 s of read speech (docs/results/opus-alone.md), PESQ-wb at 24 kbit/s, 20 ms, nothing
    /// lost: 0 to 5 never has a copy, 4.33; 6 has one in 85 % of packets, 3.91; 7, 3.86; 10, 3.66;
    /// 15, 2.34. With frames really lost, a guess for each against 7: 1 % lost
    /// 3.82 and 3.80, 2 % 3.58 and 3.78, 5 % 2.76 and 3.62, 10 % 2.14 and 3.23. The mesh is built
    /// to leave under 0.1 %, so copies are off. At 32 kbit/s there is room: 1 has a copy in 85 %
    /// of packets, costs 0.09 and at 1 % lost already gives 4.15 for 3.87. At 16 kbit/s
    /// and less no value gives one.
    package var expectedLoss = 0
    /// libopus' effort, 0 to 10.
    ///
    /// From 7 on libopus looks for the highest frequency present and does not spend bits above it:
    /// PESQ-wb at 24 kbit/s of sound with nothing above 8 kHz: 4.12 at 3, 4.21 at 5, 4.33 at 7 and
    /// 10.
    package var complexity = 7

    package init() {}

    /// The expected loss to set when repair leaves 2 % or more of the frames missing.
    ///
    /// Measured.
    package static let lossyExpectedLoss = 7
  }

  /// Rates offered, in bits a second.
  package static let bitrates = 6_000...32_000

  /// The constant size of a packet, in bytes.
  package static func payloadSize(bitrate: Int, duration: FrameDuration) -> Int {
    bitrate * Int(duration.rawValue) / 8_000
  }

  /// Every packet of this encoder has exactly this many bytes.
  package let payloadSize: Int
  /// Samples between a sound going in and the same sound coming out of a decoder.
  package let delay: Int
  package let settings: Settings
  private let state: OpaquePointer

  package init(_ settings: Settings = Settings()) throws(CodecError) {
    guard Self.bitrates.contains(settings.bitrate), (0...100).contains(settings.expectedLoss),
      (0...10).contains(settings.complexity)
    else { throw .badSettings }
    var status: Int32 = 0
    guard
      let state = opus_encoder_create(
        Int32(Samples.perSecond), 1, OPUS_APPLICATION_VOIP, &status)
    else { throw .library(status) }
    do {
      try Self.configure(state, settings)
    } catch {
      opus_encoder_destroy(state)
      throw error
    }
    var lookahead: Int32 = 0
    _ = copus_encoder_get(state, OPUS_GET_LOOKAHEAD_REQUEST, &lookahead)
    self.settings = settings
    self.delay = Int(lookahead)
    self.payloadSize = Self.payloadSize(bitrate: settings.bitrate, duration: settings.duration)
    self.state = state
  }

  deinit { opus_encoder_destroy(self.state) }

  /// One packet of exactly `payloadSize` bytes from exactly one frame of sound.
  package mutating func encode(_ sound: [Int16]) throws(CodecError) -> [UInt8] {
    guard sound.count == self.settings.duration.samples else { throw .wrongLength }
    let size = self.payloadSize
    var packet = [UInt8](repeating: 0, count: size)
    let length = opus_encode(self.state, sound, Int32(sound.count), &packet, Int32(size))
    guard length > 0 else { throw .library(length) }
    guard length <= size else { throw .tooLarge }
    if length < size {
      let padded = opus_packet_pad(&packet, length, Int32(size))
      guard padded == OPUS_OK else { throw .library(padded) }
    }
    return packet
  }

  private static func configure(
    _ state: OpaquePointer, _ settings: Settings
  ) throws(CodecError) {
    let requests: [(request: Int32, value: Int)] = [
      (OPUS_SET_BITRATE_REQUEST, settings.bitrate),
      (OPUS_SET_VBR_REQUEST, 0),
      (OPUS_SET_DTX_REQUEST, 0),
      (OPUS_SET_COMPLEXITY_REQUEST, settings.complexity),
      (OPUS_SET_INBAND_FEC_REQUEST, settings.expectedLoss > 0 ? 1 : 0),
      (OPUS_SET_PACKET_LOSS_PERC_REQUEST, settings.expectedLoss),
    ]
    for (request, value) in requests {
      let status = copus_encoder_set(state, request, Int32(value))
      guard status == OPUS_OK else { throw .library(status) }
    }
  }
}
