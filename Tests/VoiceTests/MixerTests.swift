// SPDX-License-Identifier: Apache-2.0
import Testing
import Voice

@Suite struct MixerTests {
  private static func blocks(_ sound: [Int16]) -> [[Int16]] {
    stride(from: 0, to: sound.count - Samples.perBlock + 1, by: Samples.perBlock).map {
      Array(sound[$0..<$0 + Samples.perBlock])
    }
  }

  @Test func oneTalkerPassesUnchanged() {
    var mixer = Mixer()
    for block in Self.blocks(Made.noise(48_000, amplitude: 30_000)) {
      #expect(mixer.mix([.init(block: block)]) == block)
    }
  }

  @Test func talkersAddUpWithTheirGains() {
    var mixer = Mixer()
    let block = [Int16](repeating: 1_000, count: Samples.perBlock)
    let other = [Int16](repeating: -300, count: Samples.perBlock)
    let mixed = mixer.mix([
      .init(block: block), .init(block: block, gain: 0.5), .init(block: other, gain: 2),
      .init(block: block, gain: 0), .init(block: block, gain: -3), .init(block: block, gain: .nan),
    ])
    #expect(mixed == [Int16](repeating: 900, count: Samples.perBlock))
  }

  @Test func nobodyIsSilence() {
    var mixer = Mixer()
    #expect(mixer.mix([]) == Samples.silence)
    #expect(mixer.mix([.init(block: [])]) == Samples.silence)
    #expect(mixer.mix([.init(block: [7, 7])]).prefix(3) == [7, 7, 0])
  }

  @Test func manyLoudTalkersAreHeldBackAndNeverWrapRound() {
    var mixer = Mixer()
    var clipped = 0
    for index in 0..<50 {
      let start = index * Samples.perBlock
      let block = (0..<Samples.perBlock).map { sample in
        Int16((start + sample) / 100 % 2 == 0 ? 20_000 : -20_000)
      }
      let mixed = mixer.mix(Array(repeating: .init(block: block), count: 16))
      #expect(zip(mixed, block).allSatisfy { ($0 > 0) == ($1 > 0) }, "wrapped round")
      clipped += index == 0 ? 0 : mixed.count { abs(Int($0)) > 32_200 }
    }
    #expect(clipped == 0)
  }

  @Test func theGainComesBackAfterALaugh() {
    var mixer = Mixer()
    let loud = [Int16](repeating: 30_000, count: Samples.perBlock)
    let soft = [Int16](repeating: 3_000, count: Samples.perBlock)
    _ = mixer.mix(Array(repeating: .init(block: loud), count: 8))
    let after = mixer.mix([.init(block: soft)])
    #expect(after[0] < 1_000)
    #expect(zip(after, after.dropFirst()).allSatisfy { abs(Int($0) - Int($1)) < 100 })
    for _ in 0..<60 { _ = mixer.mix([.init(block: soft)]) }
    #expect(mixer.mix([.init(block: soft)]) == soft)
  }

  @Test func levelsAreDecibelsBelowFullScale() throws {
    #expect(LevelMeter.level(of: Samples.silence) == 127)
    #expect(LevelMeter.level(of: []) == 127)
    #expect(LevelMeter.level(of: [Int16](repeating: .min, count: 960)) == 0)
    #expect(LevelMeter.level(of: [Int16](repeating: 1, count: 960)) == 90)
    var tone = Tone(frequency: 1_000, decibelsDown: 17)
    // A sine's mean is 3 dB below its peak.
    #expect(LevelMeter.level(of: try tone.read(960)) == 20)
  }

  @Test func talkingBeginsAtOnceAndOutlastsTheGapsBetweenWords() {
    var meter = LevelMeter()
    let loud = Made.noise(960)
    let hiss = Made.noise(960, amplitude: 20)
    for _ in 0..<10 { meter.update(hiss) }
    #expect(!meter.isTalking)
    meter.update(loud)
    #expect(!meter.isTalking, "one block is a click")
    meter.update(loud)
    #expect(meter.isTalking)
    for _ in 0..<12 { meter.update(hiss) }
    #expect(meter.isTalking)
    meter.update(loud)
    for _ in 0..<15 { meter.update(hiss) }
    #expect(meter.isTalking)
    for _ in 0..<3 { meter.update(hiss) }
    #expect(!meter.isTalking)
  }

  @Test(.needsSpeech) func speechIsTakenForTalking() throws {
    var meter = LevelMeter()
    let blocks = Self.blocks(try Speech.samples(seconds: 20))
    var talking = 0
    for block in blocks {
      meter.update(block)
      if meter.isTalking { talking += 1 }
    }
    #expect(Double(talking) / Double(blocks.count) > 0.8)
  }

  @Test func framesAreDueAtFixedMomentsWhateverTheSleepWas() {
    var pacer = Pacer(start: 1_000, frame: .ms40)
    for index in 0..<1_000 {
      #expect(pacer.due == 1_000 + Int64(index) * 40_000_000)
      let late = Int64(index % 7) * 3_000_000
      #expect(pacer.wait(at: pacer.due + late) == 0)
      pacer.advance(at: pacer.due + late)
    }
    #expect(pacer.skipped == 0)
    #expect(pacer.wait(at: pacer.due - 5) == 5)
  }

  @Test func aMachineThatSleptDoesNotSendItAllAtOnce() {
    var pacer = Pacer(start: 0)
    pacer.advance(at: 0)
    pacer.advance(at: 60_000_000_000)
    #expect(pacer.skipped > 2_990)
    #expect(pacer.due > 59_970_000_000)
    #expect(pacer.due <= 60_020_000_000)
  }
}
