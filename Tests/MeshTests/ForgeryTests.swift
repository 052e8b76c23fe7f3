import Glibc
import Keys
import Mesh
import Testing
import Wire

/// Who holds the key can make up sound that opens; how much of it is ever heard.
@Suite(.timeLimit(.minutes(60)))
struct ForgeryTests {
  /// A thousand of each kind take a quarter of an hour; `STARLING_FORGERIES=1000` asks for them.
  private static var runs: UInt64 {
    getenv("STARLING_FORGERIES").flatMap { UInt64(String(cString: $0)) } ?? 12
  }

  @Test(arguments: Forgery.Kind.allCases, [false, true])
  func aForgerIsHeardForTwoFifthsOfASecondAtMost(kind: Forgery.Kind, isStrict: Bool) throws {
    var audible: [Duration] = []
    var missing: [Int] = []
    for seed in 1...Self.runs {
      guard let run = try Forgery.run(kind, seed: 7_000 + seed, isStrict: isStrict) else {
        continue
      }
      audible.append(run.audible)
      missing.append(run.missing)
    }
    audible.sort()
    missing.sort()
    let (median, most) = (audible[audible.count / 2], audible.last ?? .zero)
    print(
      "forgery: \(kind.rawValue)\(isStrict ? ", strict" : ""), \(audible.count) runs:",
      "audible median \(median.milliseconds) ms, most \(most.milliseconds) ms;",
      "others lost median \(missing[missing.count / 2]) frames, most \(missing.last ?? 0)")
    #expect(audible.count * 2 > Int(Self.runs))
    #expect(most <= (isStrict || kind == .silent ? .zero : .milliseconds(400)))
    // Who makes up what the speaker has yet to say is heard longer.
    #expect(median <= .milliseconds(kind == .ahead ? 200 : 120))
  }

  /// What the runs above would show of nodes that take every frame that opens for the speaker's.
  @Test(arguments: Forgery.Kind.allCases)
  func whoeverComparesNothingHearsAForgerForSeconds(kind: Forgery.Kind) throws {
    var most = Duration.zero
    for seed in 7_001...7_006 as ClosedRange<UInt64> where most < Self.seconds {
      let run = try Forgery.run(kind, seed: seed, areGullible: true)
      most = max(most, run?.audible ?? .zero)
    }
    #expect(most >= Self.seconds)
  }

  /// Of a silent speaker there can be 48 frames at most.
  private static let seconds = Duration.milliseconds(800)

  /// The seal commits to no sound: only a hash of all of it does.
  @Test func twoFramesOfOneTagOpenUnderOneKeyAndOnlyTheirHashesDiffer() throws {
    try Sodium.start()
    var entropy = Entropy.seeded(71)
    let room = RoomID(Bytes16(high: 7, low: 1))
    let session = SessionID(0x01_0203)
    for counter in [1, 511, 70_000] as [UInt32] {
      let key = try FrameKey(base: try Secret(random: &entropy), keyID: UInt64(session.raw) << 8)
      let plain = (0..<61).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      var frame: [UInt8] = []
      key.seal(plain.span, counter: UInt64(counter), room: room, into: &frame)
      let header = frame.count - plain.count - FrameKey.tagCount
      let made = SameTag.forge(frame, counter, room, key)
      let body = try #require(made)
      let other = Array(frame.prefix(header)) + body
      #expect(other != frame)
      #expect(other.suffix(FrameKey.tagCount) == frame.suffix(FrameKey.tagCount))
      var opened: [UInt8] = []
      let isOpened = key.open(other.span, room: room, into: &opened)
      #expect(isOpened)
      #expect(opened.prefix(SameTag.chosen).dropFirst().allSatisfy { $0 == SameTag.byte })
      #expect(
        Digest.leaf(room: room, frame: other.span) != Digest.leaf(room: room, frame: frame.span))
    }
  }
}
