// SPDX-License-Identifier: Apache-2.0
import COpus

/// One talker's stream of packets, turned back into sound.
///
/// Holds libopus' memory of what was heard so far, so frames must come in playing order and every
/// missing one must be asked for with `decodeLost` or `conceal`. Any bytes are safe to hand in.
package struct OpusDecoder: ~Copyable {
  /// The length of the frame last decoded; what `conceal` fills in.
  package private(set) var duration = FrameDuration.ms20
  private let state: OpaquePointer

  package init() throws(CodecError) {
    var status: Int32 = 0
    guard let state = opus_decoder_create(Int32(Samples.perSecond), 1, &status) else {
      throw .library(status)
    }
    self.state = state
  }

  deinit { opus_decoder_destroy(self.state) }

  /// The sound of one packet.
  package mutating func decode(_ packet: [UInt8]) throws(CodecError) -> [Int16] {
    guard !packet.isEmpty, packet.count <= OpusPacket.largest else { throw .malformed }
    guard let duration = OpusPacket.duration(of: packet) else { throw .wrongDuration }
    let sound = try self.run(packet, duration, lost: false)
    self.duration = duration
    return sound
  }

  /// The sound of the lost frame just before `next`, from the copy inside `next` if it has one.
  ///
  /// Without a copy libopus conceals instead. Decode `next` itself afterwards.
  package mutating func decodeLost(before next: [UInt8]) throws(CodecError) -> [Int16] {
    guard !next.isEmpty, next.count <= OpusPacket.largest else { throw .malformed }
    guard let duration = OpusPacket.duration(of: next) else { throw .wrongDuration }
    return try self.run(next, duration, lost: true)
  }

  /// A guess at one missing frame, from the sound before it; fades over a few frames.
  package mutating func conceal() throws(CodecError) -> [Int16] {
    try self.run([], self.duration, lost: true)
  }

  /// Forgets everything heard, for a stream that starts again.
  package mutating func reset() {
    _ = copus_decoder_reset(self.state)
  }

  private func run(
    _ packet: [UInt8], _ duration: FrameDuration, lost: Bool
  ) throws(CodecError) -> [Int16] {
    var sound = [Int16](repeating: 0, count: duration.samples)
    let wanted = Int32(duration.samples)
    let count =
      packet.isEmpty
      ? opus_decode(self.state, nil, 0, &sound, wanted, 0)
      : opus_decode(self.state, packet, Int32(packet.count), &sound, wanted, lost ? 1 : 0)
    guard count >= 0 else {
      throw count == OPUS_INVALID_PACKET ? .malformed : .library(count)
    }
    guard count == wanted else { throw .wrongDuration }
    return sound
  }
}
