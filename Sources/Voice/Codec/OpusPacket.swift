// SPDX-License-Identifier: Apache-2.0
import COpus

/// What can be told about an Opus packet without decoding it (RFC 6716, 3 and 4.2.3).
package enum OpusPacket {
  /// No packet of ours is longer; 1,275 is the most one Opus frame may take (RFC 6716, 3.2).
  package static let largest = 1_275

  /// The length of sound in the packet, nil unless it is one this project uses.
  package static func duration(of packet: [UInt8]) -> FrameDuration? {
    guard !packet.isEmpty, packet.count <= Self.largest else { return nil }
    let samples = opus_packet_get_nb_samples(
      packet, Int32(packet.count), Int32(Samples.perSecond))
    return FrameDuration(samples: Int(samples))
  }

  /// Whether the packet also holds a coarser copy of the frame before it (LBRR).
  ///
  /// The SILK layer opens with one voice-activity bit for each of its 20 ms frames and then the
  /// bit that says so (RFC 6716, 4.2.3 and 4.2.4); CELT-only packets have no such copy.
  package static func carriesPrevious(_ packet: [UInt8]) -> Bool {
    guard let first = packet.first, first & 0x80 == 0, packet.count <= Self.largest else {
      return false
    }
    let samples = opus_packet_get_samples_per_frame(packet, Int32(Samples.perSecond))
    let silkFrames = max(1, Int(samples) / Samples.perBlock)
    guard silkFrames <= 3, let opening = Self.firstFrameOpening(packet) else { return false }
    return opening & (0x80 >> UInt8(silkFrames)) != 0
  }

  /// The first byte of the packet's first compressed frame.
  private static func firstFrameOpening(_ packet: [UInt8]) -> UInt8? {
    var sizes = [Int16](repeating: 0, count: 48)
    var offset: Int32 = 0
    let count = opus_packet_parse(packet, Int32(packet.count), nil, nil, &sizes, &offset)
    guard count > 0, sizes[0] > 1, packet.indices.contains(Int(offset)) else { return nil }
    return packet[Int(offset)]
  }
}
