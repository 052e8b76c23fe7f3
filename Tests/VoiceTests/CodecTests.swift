// SPDX-License-Identifier: Apache-2.0
import Testing
import Voice

@Suite struct CodecTests {
  static let bitrates = [6_000, 6_100, 8_000, 12_000, 16_000, 20_000, 24_000, 28_000, 32_000]

  /// Encodes whole frames of a sound.
  static func packets(
    _ sound: [Int16], _ settings: OpusEncoder.Settings
  ) throws -> [[UInt8]] {
    var encoder = try OpusEncoder(settings)
    let length = settings.duration.samples
    var packets: [[UInt8]] = []
    for start in stride(from: 0, to: sound.count - length + 1, by: length) {
      packets.append(try encoder.encode(Array(sound[start..<start + length])))
    }
    return packets
  }

  private static func settings(
    _ bitrate: Int, _ duration: FrameDuration, expectedLoss: Int = 0
  ) -> OpusEncoder.Settings {
    var settings = OpusEncoder.Settings()
    settings.bitrate = bitrate
    settings.duration = duration
    settings.expectedLoss = expectedLoss
    return settings
  }

  private func expectOneSize(_ sound: [Int16], _ what: String) throws {
    for bitrate in Self.bitrates {
      for duration in FrameDuration.allCases {
        for loss in [0, OpusEncoder.Settings.lossyExpectedLoss] {
          let settings = Self.settings(bitrate, duration, expectedLoss: loss)
          let packets = try Self.packets(sound, settings)
          let sizes = Set(packets.map(\.count))
          let size = OpusEncoder.payloadSize(bitrate: bitrate, duration: duration)
          #expect(sizes == [size], "\(what) \(bitrate) \(duration) \(loss)")
          #expect(packets.allSatisfy { OpusPacket.duration(of: $0) == duration })
        }
      }
    }
  }

  @Test func payloadSizesAreTheOnesOnTheWire() {
    #expect(OpusEncoder.payloadSize(bitrate: 24_000, duration: .ms20) == 60)
    #expect(OpusEncoder.payloadSize(bitrate: 24_000, duration: .ms60) == 180)
    #expect(OpusEncoder.payloadSize(bitrate: 6_000, duration: .ms20) == 15)
  }

  @Test func packetsOfMadeSoundHaveOneSize() throws {
    let count = Samples.perSecond
    try self.expectOneSize(Made.chords(count), "chords")
    try self.expectOneSize(Made.noise(count), "noise")
    try self.expectOneSize(Made.noise(count, amplitude: .max, seed: 2), "loud noise")
    try self.expectOneSize([Int16](repeating: 0, count: count), "silence")
    let mixed =
      [Int16](repeating: 0, count: count / 2) + Made.babble(count) + Made.noise(count / 4)
    try self.expectOneSize(mixed, "changes")
  }

  @Test(.needsSpeech) func packetsOfSpeechHaveOneSize() throws {
    try self.expectOneSize(try Speech.samples(seconds: 3), "speech")
  }

  @Test func soundComesBackMuchTheSame() throws {
    for duration in FrameDuration.allCases {
      let sound = Made.babble(Samples.perSecond)
      let settings = Self.settings(24_000, duration)
      let packets = try Self.packets(sound, settings)
      let delay = try OpusEncoder(settings).delay
      var decoder = try OpusDecoder()
      var heard: [Int16] = []
      for packet in packets { heard += try decoder.decode(packet) }
      #expect(heard.count == sound.count / duration.samples * duration.samples)
      let signal = Compare.signalToNoise(sound, Array(heard.dropFirst(delay)))
      #expect(signal > 4, "\(duration): \(signal) dB")
    }
  }

  @Test func badSettingsAreRefused() {
    for bitrate in [0, 5_999, 32_001, -1, .max] {
      #expect(throws: CodecError.badSettings) {
        _ = try OpusEncoder(Self.settings(bitrate, .ms20)).payloadSize
      }
    }
    for (loss, complexity) in [(-1, 5), (101, 5), (0, 11), (0, -1)] {
      var settings = Self.settings(24_000, .ms20, expectedLoss: loss)
      settings.complexity = complexity
      #expect(throws: CodecError.badSettings) { _ = try OpusEncoder(settings).payloadSize }
    }
  }

  @Test func framesOfAnotherLengthAreRefused() throws {
    var encoder = try OpusEncoder()
    for count in [0, 1, 959, 961, 1_920] {
      do {
        _ = try encoder.encode([Int16](repeating: 0, count: count))
        Issue.record("took \(count) samples")
      } catch { #expect(error == .wrongLength) }
    }
  }

  @Test func noBytesTrapTheDecoder() throws {
    var dice = Dice(7)
    var decoder = try OpusDecoder()
    var decoded = 0
    for round in 0..<20_000 {
      let length = Int.random(in: 0...(round % 50 == 0 ? 2_000 : 90), using: &dice)
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &dice) }
      _ = OpusPacket.carriesPrevious(bytes)
      do {
        let sound =
          round % 3 == 0 ? try decoder.decodeLost(before: bytes) : try decoder.decode(bytes)
        decoded += 1
        #expect(FrameDuration(samples: sound.count) != nil)
      } catch {
        #expect([.malformed, .wrongDuration].contains(error), "\(error)")
      }
      if round % 100 == 0 { #expect(try decoder.conceal().count == decoder.duration.samples) }
    }
    #expect(decoded > 1_000, "the bytes were never Opus: the test tests nothing")
  }

  @Test func realPacketsWithFlippedBitsDoNotTrap() throws {
    var dice = Dice(8)
    var decoder = try OpusDecoder()
    for var packet in try Self.packets(Made.babble(96_000), Self.settings(24_000, .ms60)) {
      for _ in 0..<40 {
        packet[Int.random(in: 0..<packet.count, using: &dice)] ^= UInt8(1) << (dice.next() % 8)
        let cut = Array(packet.prefix(Int.random(in: 0...packet.count, using: &dice)))
        _ = try? decoder.decode(packet)
        _ = try? decoder.decode(cut)
        _ = try? decoder.decodeLost(before: cut)
      }
    }
    #expect(try decoder.conceal().isEmpty == false)
  }

  @Test func packetsOfUnusedLengthsAreRefused() throws {
    var decoder = try OpusDecoder()
    // First bytes of CELT packets of 2.5, 5 and 10 ms, and of two SILK frames of 60 ms.
    for opening: UInt8 in [0b1_0000_000, 0b1_0001_000, 0b1_0010_000, 0b0_0011_001] {
      let packet = [opening] + [UInt8](repeating: 0x55, count: 40)
      #expect(OpusPacket.duration(of: packet) == nil)
      do {
        _ = try decoder.decode(packet)
        Issue.record("took \(opening)")
      } catch { #expect(error == .wrongDuration) }
    }
  }

  /// The finding behind `Settings.expectedLoss`.
  @Test(.needsSpeech) func copiesOfThePreviousFrameComeWithTheExpectedLossThatSwitchesThemOn()
    throws
  {
    let speech = try Speech.samples(seconds: 8)
    func share(_ bitrate: Int, _ loss: Int) throws -> Double {
      let packets = try Self.packets(speech, Self.settings(bitrate, .ms20, expectedLoss: loss))
      return Double(packets.count { OpusPacket.carriesPrevious($0) }) / Double(packets.count)
    }
    #expect(try share(24_000, 0) == 0)
    #expect(try share(24_000, 5) == 0)
    #expect(try share(24_000, OpusEncoder.Settings.lossyExpectedLoss) > 0.7)
    #expect(try share(32_000, 1) > 0.7)
    #expect(try share(12_000, 5) == 0)
  }

  @Test(.needsSpeech) func aCopyInTheNextPacketIsBetterThanAGuess() throws {
    let speech = try Speech.samples(seconds: 8)
    let packets = try Self.packets(
      speech, Self.settings(24_000, .ms20, expectedLoss: OpusEncoder.Settings.lossyExpectedLoss))
    func heard(_ lost: (Int) -> Bool, recover: Bool) throws -> [Int16] {
      var decoder = try OpusDecoder()
      var sound: [Int16] = []
      for (index, packet) in packets.enumerated() {
        if !lost(index) {
          sound += try decoder.decode(packet)
        } else if recover, index + 1 < packets.count {
          sound += try decoder.decodeLost(before: packets[index + 1])
        } else {
          sound += try decoder.conceal()
        }
      }
      return sound
    }
    let whole = try heard({ _ in false }, recover: false)
    let guessed = Compare.signalToNoise(whole, try heard({ $0 % 7 == 3 }, recover: false))
    let recovered = Compare.signalToNoise(whole, try heard({ $0 % 7 == 3 }, recover: true))
    #expect(recovered > guessed + 3, "recovered \(recovered) dB, guessed \(guessed) dB")
  }

  @Test func guessesFadeAway() throws {
    var decoder = try OpusDecoder()
    for packet in try Self.packets(try Made.tone(48_000), Self.settings(24_000, .ms20)) {
      _ = try decoder.decode(packet)
    }
    let first = Compare.strength(try decoder.conceal())
    var last = first
    for _ in 0..<60 { last = Compare.strength(try decoder.conceal()) }
    #expect(first > 1_000)
    #expect(last < first / 20)
  }
}
