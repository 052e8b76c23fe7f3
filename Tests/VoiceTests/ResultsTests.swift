// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing
import Voice

/// Sound for `scripts/opus-alone.sh`, which compares it; nothing is judged here but that it is
/// there.
@Suite struct ResultsTests {
  private static let folder = getenv("STARLING_VOICE_RESULTS").map { String(cString: $0) }

  private static func write(_ sound: [Int16], _ name: String) throws {
    guard let folder = Self.folder else { return }
    let writer = try WavWriter(path: "\(folder)/\(name).wav")
    try writer.write(sound)
    try writer.close()
    #expect(try WavReader(path: "\(folder)/\(name).wav").read(1 << 24) == sound)
  }

  private static func settings(
    _ bitrate: Int, _ duration: FrameDuration = .ms20, loss: Int = 0, complexity: Int = 7
  ) -> OpusEncoder.Settings {
    var settings = OpusEncoder.Settings()
    settings.bitrate = bitrate
    settings.duration = duration
    settings.expectedLoss = loss
    settings.complexity = complexity
    return settings
  }

  /// Opus there and back, with this share of the packets lost on the way.
  private static func heard(
    _ sound: [Int16], _ settings: OpusEncoder.Settings, lost: Double = 0
  ) throws -> [Int16] {
    let packets = try CodecTests.packets(sound, settings)
    var dice = Dice(2)
    let isLost = packets.map { _ in dice.fraction() < lost }
    var decoder = try OpusDecoder()
    var heard: [Int16] = []
    for (index, packet) in packets.enumerated() {
      if !isLost[index] {
        heard += try decoder.decode(packet)
      } else if index + 1 < packets.count, !isLost[index + 1] {
        heard += try decoder.decodeLost(before: packets[index + 1])
      } else {
        heard += try decoder.conceal()
      }
    }
    return heard
  }

  @Test(.needsSpeech, .enabled(if: Self.folder != nil, "STARLING_VOICE_RESULTS names no folder"))
  func opusAlone() throws {
    let speech = try Speech.samples()
    try Self.write(speech, "said")
    for bitrate in [6_000, 8_000, 12_000, 16_000, 20_000, 24_000, 28_000, 32_000] {
      for frame in FrameDuration.allCases {
        let heard = try Self.heard(speech, Self.settings(bitrate, frame))
        try Self.write(heard, "rate-\(bitrate)-\(frame.rawValue)")
      }
    }
    for bitrate in [8_000, 12_000, 16_000, 20_000, 24_000, 28_000, 32_000] {
      let shares = try [0, 1, 5, 6, 7, 10, 20].map { expected in
        let packets = try CodecTests.packets(speech, Self.settings(bitrate, loss: expected))
        return packets.count { OpusPacket.carriesPrevious($0) } * 100 / packets.count
      }
      print("copies \(bitrate)", shares)
    }
    for complexity in [3, 5, 10] {
      let heard = try Self.heard(speech, Self.settings(24_000, complexity: complexity))
      try Self.write(heard, "complexity-\(complexity)")
    }
    for (bitrate, losses) in [(24_000, [0, 5, 6, 7, 10, 12, 15, 20]), (32_000, [0, 1, 5, 10])] {
      for expected in losses {
        for lost in [0, 1, 2, 5, 10] {
          let heard = try Self.heard(
            speech, Self.settings(bitrate, loss: expected), lost: Double(lost) / 100)
          try Self.write(heard, "loss-\(bitrate)-\(expected)-\(lost)")
        }
      }
    }
  }

  /// The same speech through a path with jitter and loss, first without and then with second
  /// copies.
  @Test(.needsSpeech, .enabled(if: Self.folder != nil, "STARLING_VOICE_RESULTS names no folder"))
  func opusAndPlayout() throws {
    let packets = try CodecTests.packets(try Speech.samples(), Self.settings(24_000))
    for (name, second, loss, jitter) in [
      ("calm", nil, 0.0, 2.0), ("jitter", nil, 0, 20), ("loss", nil, 0.03, 2),
      ("loss-twice", 25.0 as Double?, 0.03, 2), ("rough-twice", 40, 0.03, 10),
    ] {
      let journey = Journey(
        frames: packets.count, jitter: jitter, loss: loss, second: second, seed: 9)
      var arrivals = journey.arrivals()[...]
      let mixed = MixedPlayout()
      var heard: [Int16] = []
      for tick in 0..<(packets.count + 20) {
        let now = Int64(tick) * 20_000_000 + 7_000_000
        while let next = arrivals.first, next.at <= now {
          mixed.push(
            talker: 1, counter: UInt32(next.frame), packet: packets[next.frame], at: next.at)
          arrivals.removeFirst()
        }
        heard += mixed.next(at: now)
      }
      try Self.write(heard, "playout-\(name)")
      print("playout-\(name)", mixed.talkers.map(\.statistics))
    }
  }
}
