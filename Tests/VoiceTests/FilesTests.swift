// SPDX-License-Identifier: Apache-2.0
import Testing
import Voice

/// Builds WAV files, proper and otherwise.
struct WavBuilder {
  var tag = 1
  var channels = 1
  var rate = 48_000
  var bits = 16
  var isExtensible = false
  var chunksBefore: [[UInt8]] = []
  var data: [UInt8] = []
  /// Lies about the length of the data.
  var announced: Int?

  static func number(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  static func chunk(_ name: String, _ content: [UInt8], announced: Int? = nil) -> [UInt8] {
    Array(name.utf8) + number(announced ?? content.count, 4) + content
      + [UInt8](repeating: 0, count: announced == nil ? content.count % 2 : 0)
  }

  var formatContent: [UInt8] {
    let frame = channels * bits / 8
    var content = Self.number(isExtensible ? 0xFFFE : tag, 2) + Self.number(channels, 2)
    content += Self.number(rate, 4) + Self.number(rate * frame, 4)
    content += Self.number(frame, 2) + Self.number(bits, 2)
    guard isExtensible else { return content }
    content += Self.number(22, 2) + Self.number(bits, 2) + Self.number(0, 4)
    content += Self.number(tag, 2)
    return content + [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
  }

  var bytes: [UInt8] {
    var body = Array("WAVE".utf8)
    for chunk in chunksBefore { body += chunk }
    body += Self.chunk("fmt ", formatContent) + Self.chunk("data", data, announced: announced)
    return Array("RIFF".utf8) + Self.number(body.count, 4) + body
  }

  /// What a reader makes of it.
  func read(_ most: Int = 1 << 20) throws -> [Int16] {
    try WavReader(ByteInput(self.bytes)).read(most)
  }
}

@Suite struct FilesTests {
  @Test func aWavFileComesBackBitForBit() throws {
    let file = Scratch(".wav")
    let sound = Made.noise(100_001, amplitude: .max) + [.min, .max, 0]
    let writer = try WavWriter(path: file.path)
    for start in stride(from: 0, to: sound.count, by: 977) {
      try writer.write(Array(sound[start..<min(start + 977, sound.count)]))
    }
    try writer.close()
    try writer.close()
    let reader = try WavReader(path: file.path)
    #expect(try reader.read(1 << 20) == sound)
    #expect(try reader.read(10).isEmpty)
    #expect(try file.bytes().count == 44 + sound.count * 2)
    do {
      try writer.write([1])
      Issue.record("wrote to a closed file")
    } catch { #expect(error == .closed) }
  }

  @Test func aRecordingCutOffByDeathIsReadable() throws {
    let file = Scratch(".wav")
    let writer = try WavWriter(path: file.path)
    for _ in 0..<130 { try writer.write(Made.noise(960)) }
    // Neither closed nor let go: what lies on disk now is what a kill leaves.
    let left = try WavReader(ByteInput(try file.bytes())).read(1 << 20)
    #expect(left.count == 100 * 960)
    try writer.close()
    #expect(try WavReader(path: file.path).read(1 << 20).count == 130 * 960)
  }

  @Test func everyDepthIsRead() throws {
    let expected: [Int16] = [0, 16_384, -16_384, -32_768]
    let files: [(WavBuilder, String)] = [
      (WavBuilder(bits: 8, data: [128, 192, 64, 0]), "8"),
      (WavBuilder(bits: 16, data: [0, 0, 0, 0x40, 0, 0xC0, 0, 0x80]), "16"),
      (WavBuilder(bits: 24, data: [0, 0, 0, 0, 0, 0x40, 0, 0, 0xC0, 0, 0, 0x80]), "24"),
      (
        WavBuilder(
          bits: 32, data: [0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0xC0, 0, 0, 0, 0x80]), "32"
      ),
      (
        WavBuilder(
          tag: 3, bits: 32,
          data: [Float(0), 0.5, -0.5, -1].flatMap {
            WavBuilder.number(Int($0.bitPattern), 4)
          }), "float"
      ),
    ]
    for (file, name) in files {
      #expect(try file.read() == expected, "\(name)")
      var extensible = file
      extensible.isExtensible = true
      #expect(try extensible.read() == expected, "\(name) extensible")
    }
  }

  @Test func floatsOutOfRangeAreHeld() throws {
    let values: [Float] = [.nan, .infinity, -7, 7, 1]
    let file = WavBuilder(
      tag: 3, bits: 32, data: values.flatMap { WavBuilder.number(Int($0.bitPattern), 4) })
    #expect(try file.read() == [0, 0, -32_768, 32_767, 32_767])
  }

  @Test func twoChannelsBecomeTheirMean() throws {
    let data = [Int16(1_000), 3_000, -500, 500].flatMap { WavBuilder.number(Int($0), 2) }
    #expect(try WavBuilder(channels: 2, data: data).read() == [2_000, 0])
  }

  @Test func chunksNobodyKnowsArePassedOver() throws {
    let odd = WavBuilder.chunk("LIST", [1, 2, 3])
    let large = WavBuilder.chunk("junk", [UInt8](repeating: 7, count: 200_000))
    let file = WavBuilder(chunksBefore: [odd, large], data: [1, 0, 2, 0])
    #expect(try file.read() == [1, 2])
  }

  @Test(arguments: [0, 0xFFFF_FFFF]) func anOpenLengthMeansUntilTheEnd(length: Int) throws {
    #expect(try WavBuilder(data: [1, 0, 2, 0, 9], announced: length).read() == [1, 2])
  }

  @Test func aShortFileGivesWhatItHasAndThenSaysSo() throws {
    let reader = try WavReader(
      ByteInput(WavBuilder(data: [1, 0, 2, 0, 3], announced: 400).bytes))
    #expect(try reader.read(100) == [1, 2])
    #expect(throws: AudioError.truncated) { try reader.read(1) }
  }

  static let malformed: [(String, [UInt8], AudioError)] = {
    let good = WavBuilder(data: [1, 0]).bytes
    var liar = good
    liar[32] = 3
    var huge = good
    huge.replaceSubrange(16..<20, with: [0xFF, 0xFF, 0xFF, 0x7F])
    let head = Array("RIFF\0\0\0\0WAVE".utf8)
    let chunks = (0..<300).flatMap { _ in WavBuilder.chunk("junk", [1, 2]) }
    return [
      ("nothing", [], .unrecognised),
      ("text", Array("once upon a time there was".utf8), .unrecognised),
      ("RIFF of something else", Array("RIFF\0\0\0\0AVI LIST".utf8), .unrecognised),
      ("head only", Array(good.prefix(12)), .truncated),
      ("half a format", Array(good.prefix(30)), .truncated),
      ("half a chunk's head", Array(good.prefix(40)), .truncated),
      ("no sound", Array(good.prefix(36)), .malformed(.noSound)),
      ("sound first", head + WavBuilder.chunk("data", [0, 0]), .malformed(.noFormat)),
      ("chunks without end", head + chunks, .malformed(.noSound)),
      (
        "junk longer than the file", head + WavBuilder.chunk("junk", [1], announced: 1 << 31),
        .truncated
      ),
      ("format too long", huge, .malformed(.badFormat)),
      ("format too short", head + WavBuilder.chunk("fmt ", [1, 0, 1, 0]), .malformed(.badFormat)),
      ("frame size lies", liar, .malformed(.badFormat)),
      ("no channels", WavBuilder(channels: 0).bytes, .malformed(.badFormat)),
      ("six channels", WavBuilder(channels: 6).bytes, .unsupported(.channels)),
      ("12 bits", WavBuilder(bits: 12).bytes, .unsupported(.depth)),
      ("64-bit float", WavBuilder(tag: 3, bits: 64).bytes, .unsupported(.depth)),
      ("a-law", WavBuilder(tag: 6, bits: 8).bytes, .unsupported(.encoding)),
      ("mp3 inside", WavBuilder(tag: 0x55).bytes, .unsupported(.encoding)),
      ("no rate", WavBuilder(rate: 0).bytes, .unsupported(.rate)),
      ("absurd rate", WavBuilder(rate: 0xFFFF_FFFF).bytes, .unsupported(.rate)),
    ]
  }()

  @Test func damagedWavFilesAreRefusedWithTheirReason() {
    for (name, bytes, expected) in Self.malformed {
      do throws(AudioError) {
        _ = try WavReader(ByteInput(bytes))
        Issue.record("\(name) was taken")
      } catch { #expect(error == expected, "\(name)") }
    }
  }

  @Test func noCutOrFlippedWavTraps() throws {
    var dice = Dice(11)
    let good = WavBuilder(channels: 2, rate: 44_100, isExtensible: true, data: .init(1...200)).bytes
    for cut in 0...good.count {
      _ = try? WavReader(ByteInput(Array(good.prefix(cut)))).read(4_000)
    }
    for _ in 0..<3_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        bytes[Int.random(in: 0..<90, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      _ = try? WavReader(ByteInput(bytes)).read(4_000)
    }
  }

  @Test func errorsAreSaidInWordsWithoutTheFilesName() {
    #expect(AudioError.cannotOpen(2).description == "cannot be opened: No such file or directory")
    #expect(AudioError.unsupported(.channels).description.contains("two channels"))
    do throws(AudioError) {
      _ = try AudioFile.open("/nowhere/at/all.wav")
      Issue.record("opened")
    } catch {
      #expect(error == .cannotOpen(2))
      #expect(!error.description.contains("nowhere"))
    }
    do throws(AudioError) {
      _ = try AudioFile.open("/tmp")
      Issue.record("opened")
    } catch { #expect(error == .cannotRead(21)) }
  }
}
