import Keys
import Voice

extension Frames {
  static var seeds: [[UInt8]] {
    let packets = speech
    var decoding: [UInt8] = [4]
    var playing: [UInt8] = [2]
    var waiting: [UInt8] = [3, 0, 5, 100, 25, 1, 0]
    for (index, packet) in packets.enumerated() {
      decoding += [UInt8(index % 3), UInt8(packet.count >> 8), UInt8(packet.count & 255)] + packet
      playing += [UInt8(index % 2) << 6, 1, 0, UInt8(index), UInt8(packet.count)] + packet + [0x1F]
      waiting += [index % 3 == 0 ? 4 : 0, 1, 0x1F]
    }
    return [
      [0] + SFrameHeader(keyID: 0x1234_5610, counter: 0x1_0007).encoded,
      [0] + SFrameHeader(keyID: 5, counter: 7).encoded, [0, 0x9F, 1, 0x80, 0, 0, 0, 0, 0, 0, 0],
      [1] + [UInt8](repeating: 1, count: 22) + [4, 0xBA, 1, 2, 3] + [9, 8, 7],
      decoding, playing, waiting,
    ]
  }

  /// Six frames of a tone: three lengths, with and without a copy of the frame before.
  private static var speech: [[UInt8]] {
    var packets: [[UInt8]] = []
    for duration in FrameDuration.allCases {
      var settings = OpusEncoder.Settings()
      settings.duration = duration
      settings.bitrate = 8_000 + 8_000 * duration.blocks
      settings.expectedLoss = duration == .ms20 ? 20 : 0
      guard var encoder = try? OpusEncoder(settings) else { continue }
      for frame in 0..<2 {
        let sound = (0..<duration.samples).map { Int16(($0 * (frame + 3) * 97) % 8_000 - 4_000) }
        if let packet = try? encoder.encode(sound) { packets.append(packet) }
      }
    }
    return packets
  }
}
