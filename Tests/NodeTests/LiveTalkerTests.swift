import Node
import Testing
import Voice
import Wire

/// Frames of a live client go out when they come; what stays out becomes silence.
struct LiveTalkerTests {
  private static let room = RoomID(Bytes16(high: 1, low: 2))
  private static let frame: Int64 = 20_000_000

  @Test func framesGoOutAsTheyCome() throws {
    let talker = try talker(.opus)
    for index in 0..<100 {
      #expect(talker.take(try message(), at: Self.frame * Int64(index))?.payload.count == 60)
    }
  }

  @Test func samplesAreCoded() throws {
    let talker = try talker(.s16le)
    let frame = talker.take([UInt8](repeating: 7, count: SoundFormat.blockBytes), at: 0)
    #expect(frame?.payload.count == talker.payloadSize)
  }

  @Test func whatIsNoFrameIsLeftOut() throws {
    let opus = try talker(.opus)
    let good = try message()
    var loud = good
    loud[0] = 200
    let odd: [[UInt8]] = [
      [], [0], Array(good.dropLast()), good + [0], loud,
      [0] + [UInt8](repeating: 0xFF, count: opus.payloadSize),
      [UInt8](repeating: 0, count: SoundFormat.blockBytes),
    ]
    for message in odd { #expect(opus.take(message, at: 0) == nil) }
    #expect(opus.take(good, at: 0) != nil)
    let samples = try talker(.s16le)
    #expect(samples.take([UInt8](repeating: 0, count: 1_919), at: 0) == nil)
  }

  @Test func whatStaysOutBecomesSilence() throws {
    let talker = try talker(.opus)
    _ = talker.take(try message(), at: 0)
    #expect(talker.due == 3 * Self.frame)
    #expect(talker.silence(at: talker.due)?.payload.count == 60)
    #expect(talker.due == 4 * Self.frame)
  }

  @Test func aFrameWhoseSilenceWentOutIsNotHeardLate() throws {
    let talker = try talker(.opus)
    _ = talker.take(try message(), at: 0)
    for _ in 0..<3 { _ = talker.silence(at: talker.due) }
    let late = talker.due
    for _ in 0..<3 { #expect(talker.take(try message(), at: late) == nil) }
    #expect(talker.take(try message(), at: late) != nil)
  }

  @Test func afterALongSilenceThereIsNothingToMakeUpFor() throws {
    let talker = try talker(.opus)
    _ = talker.take(try message(), at: 0)
    for _ in 0..<3 { _ = talker.silence(at: talker.due) }
    #expect(talker.take(try message(), at: talker.due + 2_000_000_000) != nil)
  }

  /// A microphone that was opened again, or a page that dropped frames: they never come.
  @Test(arguments: [1, 5, 30, 49, 50, 500])
  func whoLostFramesIsHeardAgain(_ lost: Int) throws {
    let talker = try talker(.opus)
    _ = talker.take(try message(), at: 0)
    let back = Self.frame * Int64(lost + 1)
    while talker.due <= back { _ = talker.silence(at: talker.due) }
    var heard = 0
    for index in 0..<200 as Range<Int64> {
      let now = back + Self.frame * index
      while talker.due <= now { _ = talker.silence(at: now) }
      if talker.take(try message(), at: now) != nil { heard += 1 }
    }
    #expect(heard >= 200 - lost - 5)
    #expect(heard >= 150)
  }

  @Test func aClientThatSendsTooMuchIsCutToThePace() throws {
    let talker = try talker(.opus)
    var sent = 0
    for _ in 0..<1_000 where talker.take(try message(), at: 0) != nil { sent += 1 }
    #expect(sent == 10)
    #expect(talker.take(try message(), at: Self.frame) != nil)
    #expect(talker.take(try message(), at: Self.frame) == nil)
  }

  @Test func whoIsMutedSendsSilenceWhateverComes() throws {
    let talker = try talker(.opus)
    talker.isMuted = true
    #expect(talker.take(try message(), at: 0) == nil)
    #expect(talker.silence(at: talker.due)?.level == 127)
    talker.isMuted = false
    #expect(talker.take(try message(), at: talker.due) != nil)
  }

  private func talker(_ format: SoundFormat) throws -> LiveTalker {
    try LiveTalker(room: Self.room, format: format, bitrate: 24_000, at: 0)
  }

  private func message() throws -> [UInt8] {
    var encoder = try OpusEncoder()
    return [30] + (try encoder.encode([Int16](repeating: 100, count: 960)))
  }
}
