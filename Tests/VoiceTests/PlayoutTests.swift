// SPDX-License-Identifier: Apache-2.0
import Testing
import Voice

@Suite struct PlayoutTests {
  private static let step: Int64 = 20_000_000

  private static func packets(
    _ sound: [Int16], _ duration: FrameDuration = .ms20
  ) throws -> [[UInt8]] {
    var settings = OpusEncoder.Settings()
    settings.duration = duration
    return try CodecTests.packets(sound, settings)
  }

  @Test(arguments: FrameDuration.allCases)
  func everyFrameLengthComesOutInBlocksOfTwentyMilliseconds(frame: FrameDuration) throws {
    let sound = Made.babble(48_000 * 3)
    let packets = try Self.packets(sound, frame)
    // Held to the target it begins with, the buffer neither drops nor puts in anything.
    var limits = Playout.Limits()
    limits.shortest = 60
    let playout = try Playout(limits: limits)
    var decoder = try OpusDecoder()
    var straight: [Int16] = []
    for packet in packets { straight += try decoder.decode(packet) }
    var heard: [Int16] = []
    for tick in 0..<150 {
      let now = Int64(tick) * Self.step
      if tick % frame.blocks == 0 {
        playout.push(
          counter: UInt32(tick / frame.blocks), packet: packets[tick / frame.blocks], at: now)
      }
      if let block = playout.next(at: now) {
        #expect(block.count == Samples.perBlock)
        heard += block
      }
    }
    #expect(playout.frame == frame)
    #expect(heard.count >= 143 * Samples.perBlock)
    #expect(heard == Array(straight.prefix(heard.count)))
    #expect(playout.statistics.concealed == 0)
  }

  @Test func aTalkerMayChangeTheFramesLength() throws {
    let short = try Self.packets(Made.babble(48_000))
    let long = try Self.packets(Made.babble(48_000), .ms60)
    let playout = try Playout()
    var blocks = 0
    for tick in 0..<50 {
      playout.push(counter: UInt32(tick), packet: short[tick], at: Int64(tick) * Self.step)
      if playout.next(at: Int64(tick) * Self.step) != nil { blocks += 1 }
    }
    for tick in 50..<98 {
      if (tick - 50) % 3 == 0 {
        playout.push(
          counter: UInt32(50 + (tick - 50) / 3), packet: long[(tick - 50) / 3],
          at: Int64(tick) * Self.step)
      }
      if playout.next(at: Int64(tick) * Self.step) != nil { blocks += 1 }
    }
    #expect(playout.frame == .ms60)
    #expect(blocks > 85)
  }

  @Test func rubbishIsCountedAndSilent() throws {
    var dice = Dice(5)
    let mixed = MixedPlayout()
    for tick in 0..<2_000 {
      let now = Int64(tick) * Self.step
      for _ in 0..<3 {
        let length = Int.random(in: 0...80, using: &dice)
        mixed.push(
          talker: UInt32.random(in: 0..<8, using: &dice),
          counter: UInt32.random(in: 0..<5_000, using: &dice),
          packet: (0..<length).map { _ in UInt8.random(in: 0...255, using: &dice) }, at: now)
      }
      #expect(mixed.next(at: now).count == Samples.perBlock)
    }
    let playout = try Playout()
    playout.push(counter: 0, packet: [], at: 0)
    playout.push(counter: 1, packet: [0xFF], at: 0)
    #expect(playout.malformed == 2)
    #expect(playout.next(at: 0) == nil)
  }

  @Test func aMutedTalkerIsNotHeardButGoesOn() throws {
    let packets = try Self.packets(try Made.tone(96_000))
    let mixed = MixedPlayout()
    mixed.setMuted(true, talker: 3)
    var strengths: [Double] = []
    for tick in 0..<100 {
      let now = Int64(tick) * Self.step
      mixed.push(talker: 3, counter: UInt32(tick), packet: packets[tick], at: now)
      if tick == 50 { mixed.setMuted(false, talker: 3) }
      if tick == 75 { mixed.setVolume(0.1, talker: 3) }
      strengths.append(Compare.strength(mixed.next(at: now)))
    }
    #expect(strengths[0..<50].allSatisfy { $0 == 0 })
    #expect(strengths[55..<75].allSatisfy { $0 > 3_000 })
    #expect(strengths[76..<99].allSatisfy { $0 > 300 && $0 < 800 })
    #expect(mixed.talkers.first?.isTalking == true)
  }

  @Test func twelveTalkersAreHeardAtOnce() throws {
    let frequencies = (0..<12).map { 300.0 * Double($0 + 1) }
    let streams = try frequencies.map { frequency in
      var tone = Tone(frequency: frequency, decibelsDown: 26)
      return try Self.packets(try tone.read(96_000))
    }
    let mixed = MixedPlayout()
    var heard: [Int16] = []
    for tick in 0..<100 {
      let now = Int64(tick) * Self.step
      for (id, packets) in streams.enumerated() {
        mixed.push(talker: UInt32(id), counter: UInt32(tick), packet: packets[tick], at: now)
      }
      heard += mixed.next(at: now)
    }
    #expect(mixed.talkers.count == 12)
    let second = Array(heard[48_000..<96_000])
    for frequency in frequencies + [4_050] {
      let power = Self.power(second, frequency)
      #expect((power > 200) == frequencies.contains(frequency), "\(frequency) Hz: \(power)")
    }
  }

  /// Amplitude of one frequency in a second of sound (Goertzel).
  private static func power(_ sound: [Int16], _ frequency: Double) -> Double {
    let step = 2 * cosine(frequency * 2 * .pi / 48_000)
    var last = 0.0
    var before = 0.0
    for sample in sound { (before, last) = (last, Double(sample) + step * last - before) }
    let square = last * last + before * before - step * last * before
    return max(0, square).squareRoot() * 2 / Double(sound.count)
  }

  @Test func talkersAreForgottenAfterTenSecondsAndCannotPileUp() throws {
    let packet = try Self.packets(Made.babble(960))[0]
    let mixed = MixedPlayout()
    for id in 0..<200 { mixed.push(talker: UInt32(id), counter: 0, packet: packet, at: 0) }
    #expect(mixed.talkers.count == MixedPlayout.mostTalkers)
    #expect(mixed.refused == 200 - MixedPlayout.mostTalkers)
    _ = mixed.next(at: 9_000_000_000)
    #expect(mixed.talkers.count == MixedPlayout.mostTalkers)
    _ = mixed.next(at: 10_000_000_000)
    #expect(mixed.talkers.isEmpty)
    mixed.push(talker: 500, counter: 0, packet: packet, at: 10_000_000_000)
    #expect(mixed.talkers.map(\.id) == [500])
    mixed.remove(talker: 500)
    #expect(mixed.talkers.isEmpty)
  }

  @Test func sealsThatHoldNoOpusMakeNoTalker() {
    let mixed = MixedPlayout()
    mixed.push(talker: 1, counter: 0, packet: [0xFF, 0xFF], at: 0)
    #expect(mixed.talkers.isEmpty)
  }
}
