// SPDX-License-Identifier: Apache-2.0
import Testing
import Voice

@Suite struct FormatsTests {
  @Test(arguments: [8_000, 11_025, 16_000, 22_050, 44_100, 96_000, 192_000])
  func anyRateBecomesFortyEightThousandWithTheSameLengthAndPitch(rate: Int) throws {
    let seconds = 2
    let data = (0..<rate * seconds).flatMap { index -> [UInt8] in
      let value = Int(12_000 * sine(Double(index) / Double(rate) * 1_000 * 2 * .pi))
      return WavBuilder.number(value, 2)
    }
    let sound = try WavBuilder(rate: rate, data: data).read()
    #expect(sound.count == Samples.perSecond * seconds)
    let frequency = Compare.frequency(Array(sound[4_800..<91_200]))
    #expect(abs(frequency - 1_000) < 0.5, "\(frequency) Hz")
    let strength = Compare.strength(sound[4_800..<91_200])
    #expect(abs(strength - 8_485) < 100, "\(strength)")
    // The beginning is where it was: no delay of the filter is left in.
    let expected = (0..<9_600).map { Int16(12_000 * sine(Double($0) / 48 * 2 * .pi)) }
    #expect(Compare.signalToNoise(expected, Array(sound.prefix(9_600))) > 20)
  }

  @Test func lengthsRoundUpToWholeSamples() throws {
    for count in [0, 1, 2, 7, 159, 160, 1_001] {
      var resampler = try Resampler(from: 44_100)
      let first = try resampler.process([Float](repeating: 0.1, count: count))
      let all = first.count + (try resampler.finish()).count
      #expect(all == (count * 48_000 + 44_099) / 44_100)
    }
  }

  @Test func oggOpusComesBackAsItWas() throws {
    let file = Scratch(".opus")
    let sound = Made.babble(48_000 * 3 + 123)
    let writer = try AudioFile.create(file.path)
    for start in stride(from: 0, to: sound.count, by: 960) {
      try writer.write(Array(sound[start..<min(start + 960, sound.count)]))
    }
    try writer.close()
    try writer.close()
    var reader = try AudioFile.open(file.path)
    #expect(reader is OggOpusReader)
    let heard = try reader.read(1 << 20)
    // Ogg Opus knows the encoder's delay and the exact end.
    #expect(heard.count == sound.count)
    #expect(Compare.signalToNoise(sound, heard) > 6)
    #expect(try reader.read(1).isEmpty)
    #expect(throws: AudioError.closed) { try writer.write([0]) }
  }

  @Test func anOggOpusRecordingCutOffByDeathIsReadable() throws {
    let file = Scratch(".opus")
    let writer = try OggOpusWriter(path: file.path)
    for _ in 0..<300 { try writer.write(Made.noise(960)) }
    let left = try OggOpusReader(ByteInput(try file.bytes())).read(1 << 20)
    #expect(left.count > 48_000 * 4)
    try writer.close()
  }

  @Test func noCutOrFlippedOggTraps() throws {
    let file = Scratch(".opus")
    let writer = try OggOpusWriter(path: file.path)
    try writer.write(Made.babble(24_000))
    try writer.close()
    let good = try file.bytes()
    var dice = Dice(12)
    for round in 0..<400 {
      var bytes = good
      if round % 2 == 0 { bytes.removeLast(Int.random(in: 0...bytes.count, using: &dice)) }
      for _ in 0..<Int.random(in: 1...8, using: &dice) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(
          in: 0...255, using: &dice)
      }
      _ = try? OggOpusReader(ByteInput(bytes)).read(100_000)
    }
    do throws(AudioError) {
      _ = try OggOpusReader(ByteInput(Array("OggS and then nothing of the kind".utf8)))
      Issue.record("opened")
    } catch { #expect(error == .malformed(.badOgg)) }
  }

  @Test func rawSamplesComeBackAndABrokenLastOneIsLeftOut() throws {
    let file = Scratch(".pcm")
    let writer = try AudioFile.create(file.path)
    try writer.write([1, -2, .max, .min])
    try writer.close()
    #expect(try file.bytes() == [1, 0, 0xFE, 0xFF, 0xFF, 0x7F, 0, 0x80])
    var reader = try AudioFile.open(file.path)
    #expect(try reader.read(3) == [1, -2, .max])
    #expect(try reader.read(3) == [.min])
    #expect(try PCMReader(ByteInput([1, 0, 9])).read(5) == [1])
    #expect(try PCMReader(ByteInput([])).read(5).isEmpty)
  }

  @Test func filesAreKnownByWhatTheyBeginWith() throws {
    let wav = try AudioFile.open(ByteInput(WavBuilder(data: [1, 0]).bytes), raw: true)
    #expect(wav is WavReader)
    #expect(try AudioFile.open(ByteInput([1, 0]), raw: true) is PCMReader)
    #expect(throws: AudioError.unrecognised) { try AudioFile.open(ByteInput([1, 0]), raw: false) }
    #expect(throws: AudioError.unrecognised) { try AudioFile.create("/tmp/starling.mp3") }
    #expect(throws: AudioError.cannotOpen(2)) { try AudioFile.create("/nowhere/at/all.WAV") }
  }

  @Test func aFrameAtTheEndIsFilledUp() throws {
    var tone = Tone(frequency: 500, seconds: 0.05)
    var lengths: [Int] = []
    var last: [Int16] = []
    while let frame = try tone.frame(.ms20) {
      lengths.append(frame.count)
      last = frame
    }
    #expect(lengths == [960, 960, 960])
    #expect(last.suffix(480).allSatisfy { $0 == 0 })
    #expect(last.prefix(480).contains { $0 != 0 })
  }

  @Test func tonesHaveTheirPitchAndLevel() throws {
    for frequency in [100.0, 440, 1_000, 7_777] {
      var tone = Tone(frequency: frequency, decibelsDown: 6)
      let sound = try tone.read(48_000)
      #expect(abs(Compare.frequency(sound) - frequency) < frequency / 1_000)
      #expect(abs(Compare.strength(sound) - 32_768 * 0.501 / 2.0.squareRoot()) < 50)
    }
    var odd = Tone(frequency: .nan, decibelsDown: -.infinity, seconds: -1)
    #expect(try odd.read(10).isEmpty)
  }

  @Test func aSweepGlidesFromOnePitchToTheOther() throws {
    var sweep = Tone(sweepFrom: 200, to: 3_200, over: 4)
    let sound = try sweep.read(1 << 20)
    #expect(sound.count == 192_000)
    // Two of its four octaves in half its time.
    let middle = Compare.frequency(Array(sound[95_000..<97_000]))
    #expect(abs(middle - 800) < 20, "\(middle)")
  }
}
