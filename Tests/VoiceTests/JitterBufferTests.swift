// SPDX-License-Identifier: Apache-2.0
import Testing
import Voice

/// A path that loses, delays and doubles frames, into a buffer asked every 20 ms.
struct Journey {
  var frames = 3_000
  /// Delay of every copy, and the mean of what comes on top of it, in milliseconds.
  var delay = 40.0
  var jitter = 2.0
  /// Share of first copies that never come.
  var loss = 0.0
  /// How much later second copies come, in milliseconds; nil for none.
  var second: Double?
  /// A spell of other jitter, in frames.
  var spell: (range: Range<Int>, jitter: Double)?
  /// How much faster than the listener's the talker's clock goes.
  var drift = 0.0
  var seed: UInt64 = 1

  struct Outcome {
    var played: [Int] = []
    var blocks: [JitterBuffer.Playable] = []
    var statistics = JitterStatistics()
    var targets: [Int] = []
    var mostWaiting = 0
    /// From a frame's being sent to its being played, in milliseconds, in the order played.
    var delays: [Double] = []

    /// Share of the frames sent that were never played.
    func missing(of frames: Int) -> Double { 1 - Double(self.played.count) / Double(frames) }
  }

  static func payload(_ frame: Int) -> [UInt8] {
    [UInt8(frame & 0xFF), UInt8(frame >> 8 & 0xFF), UInt8(frame >> 16 & 0xFF)]
  }

  static func number(_ payload: [UInt8]) -> Int {
    payload.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  func arrivals() -> [(at: Int64, frame: Int)] {
    var dice = Dice(self.seed)
    var arrivals: [(at: Int64, frame: Int)] = []
    for frame in 0..<self.frames {
      let sent = Double(frame) * 20 / (1 + self.drift)
      let jitter = self.spell.flatMap { $0.range.contains(frame) ? $0.jitter : nil } ?? self.jitter
      let lost = dice.fraction() < self.loss
      let first = sent + self.delay + dice.exponential(jitter)
      let second = sent + self.delay + (self.second ?? 0) + dice.exponential(jitter)
      if !lost { arrivals.append((Int64(first * 1e6), frame)) }
      if self.second != nil { arrivals.append((Int64(second * 1e6), frame)) }
    }
    return arrivals.sorted { ($0.at, $0.frame) < ($1.at, $1.frame) }
  }

  /// The listener's pauses are of 260 ms, one in 1.2 s.
  func run(
    _ buffer: JitterBuffer = JitterBuffer(frame: .ms20), quiet: (Int) -> Bool = { $0 % 60 < 13 }
  ) -> Outcome {
    var buffer = buffer
    var outcome = Outcome()
    var arrivals = self.arrivals()[...]
    for tick in 0..<(self.frames + 60) {
      let now = Int64(tick) * 20_000_000 + 7_000_000
      while let next = arrivals.first, next.at <= now {
        buffer.insert(
          counter: UInt32(next.frame), payload: Self.payload(next.frame), at: next.at)
        arrivals.removeFirst()
      }
      let block = buffer.next(at: now, quiet: quiet(tick))
      if case .frame(let payload) = block {
        let frame = Self.number(payload)
        outcome.played.append(frame)
        outcome.delays.append(Double(now) / 1e6 - Double(frame) * 20 / (1 + self.drift))
      }
      outcome.blocks.append(block)
      outcome.targets.append(buffer.statistics.targetMilliseconds)
      outcome.mostWaiting = max(outcome.mostWaiting, buffer.statistics.waiting)
    }
    outcome.statistics = buffer.statistics
    return outcome
  }
}

@Suite struct JitterBufferTests {
  @Test func aSteadyStreamIsPlayedWhole() {
    for jitter in [0.0, 1, 2] {
      let outcome = Journey(jitter: jitter).run()
      #expect(outcome.missing(of: 3_000) < 0.001)
      #expect(outcome.statistics.late == 0)
      #expect(outcome.targets.last == 20)
      #expect((outcome.delays.last ?? 0) < 40 + 20 + 21)
    }
  }

  @Test func aGapInsideAPhraseIsNotCutShorter() {
    let gaps = Journey(jitter: 0).run(quiet: { $0 % 25 < 5 })
    let pauses = Journey(jitter: 0).run()
    #expect(gaps.statistics.dropped == 0)
    #expect(gaps.played.count == 3_000)
    #expect(pauses.statistics.dropped > 0)
  }

  @Test func framesNeverComeOutOfOrderOrTwice() {
    for seed in 0..<20 {
      let outcome = Journey(
        jitter: Double(seed * 4), loss: 0.05, second: 25, seed: UInt64(seed)
      ).run()
      #expect(zip(outcome.played, outcome.played.dropFirst()).allSatisfy { $0 < $1 })
      #expect(outcome.played.count > 2_000)
    }
  }

  @Test func jitterRaisesTheTargetUntilFewFramesAreLate() {
    for seed in 1...5 {
      let journey = Journey(frames: 5_000, jitter: 15, seed: UInt64(seed))
      let outcome = journey.run()
      #expect(outcome.missing(of: 5_000) < 0.02, "\(outcome.statistics)")
      #expect((50...120).contains(outcome.targets.last ?? 0), "\(outcome.statistics)")
    }
  }

  @Test func theTargetFallsAgainWhenTheSpellIsOver() {
    let outcome = Journey(frames: 6_000, spell: (1_000..<2_000, 30)).run()
    let before = outcome.targets[900]
    let during = outcome.targets[1_900]
    #expect(before <= 25)
    #expect(during >= 100)
    #expect((outcome.targets.last ?? 0) <= 25)
    // Not the number only: sound itself is as early as before.
    let early = outcome.delays[800..<900].reduce(0, +) / 100
    let late = outcome.delays.suffix(100).reduce(0, +) / 100
    #expect(abs(early - late) <= 25, "\(early) then \(late)")
  }

  @Test func secondCopiesMakeUpForLossBecauseTheTargetWaitsForThem() {
    for seed in 1...5 {
      for skew in [25.0, 40] {
        let with = Journey(loss: 0.02, second: skew, seed: UInt64(seed)).run()
        #expect(with.missing(of: 3_000) < 0.002, "\(skew) \(with.statistics)")
        #expect((with.targets.last ?? 0) >= Int(skew))
        #expect((with.targets.last ?? 0) <= Int(skew) + 15)
        #expect(with.statistics.duplicates > 2_800)
        let without = Journey(loss: 0.02, seed: UInt64(seed)).run()
        #expect(without.missing(of: 3_000) > 0.01)
      }
    }
  }

  @Test func waitingForSecondCopiesHasACeiling() {
    let buffer = JitterBuffer(frame: .ms20, secondCopyCeiling: 50)
    let outcome = Journey(second: 200).run(buffer)
    #expect(outcome.targets.last == 50)
  }

  @Test func noTargetLeavesItsBounds() {
    let buffer = JitterBuffer(frame: .ms20, shortest: 60, longest: 120)
    let outcome = Journey(jitter: 80).run(buffer)
    #expect(outcome.targets.allSatisfy { (60...120).contains($0) })
    #expect(Journey(jitter: 0).run(buffer).targets.allSatisfy { $0 == 60 })
  }

  @Test func lossWithoutSecondCopiesIsGuessedFrameByFrame() {
    let outcome = Journey(loss: 0.05, seed: 4).run()
    let guesses = outcome.blocks.count { $0 == .conceal }
    #expect(abs(guesses - 150) < 60, "\(guesses)")
    #expect(outcome.statistics.concealed + outcome.statistics.stretched == guesses)
    // Time goes on as the talker's does: no delay piles up.
    #expect(outcome.delays.suffix(100).allSatisfy { $0 < 40 + 60 })
  }

  @Test func aFrameInsideTheNextPacketIsRecovered() {
    var buffer = JitterBuffer(frame: .ms20)
    var blocks: [JitterBuffer.Playable] = []
    for tick in 0..<60 {
      let now = Int64(tick) * 20_000_000
      if tick != 30 && tick != 40 {
        buffer.insert(
          counter: UInt32(tick), payload: Journey.payload(tick), carriesPrevious: tick != 41,
          at: now)
      }
      blocks.append(buffer.next(at: now))
    }
    #expect(blocks.contains(.recover(from: Journey.payload(31))))
    #expect(!blocks.contains(.recover(from: Journey.payload(41))))
    #expect(buffer.statistics.recovered == 1)
    #expect(buffer.statistics.concealed == 1)
    #expect(
      blocks.firstIndex(of: .recover(from: Journey.payload(31))).map { $0 + 1 }
        == blocks.firstIndex(of: .frame(Journey.payload(31))))
  }

  @Test func reorderedFramesArePutInOrder() {
    var buffer = JitterBuffer(frame: .ms20)
    var played: [Int] = []
    for tick in 0..<400 {
      let now = Int64(tick) * 20_000_000
      let pair = tick / 2 * 2
      // Frames come in pairs, the later first.
      if tick % 2 == 1 {
        for frame in [pair + 1, pair] {
          buffer.insert(counter: UInt32(frame), payload: Journey.payload(frame), at: now)
        }
      }
      if case .frame(let payload) = buffer.next(at: now) { played.append(Journey.number(payload)) }
    }
    #expect(played == Array(0..<played.count))
    #expect(played.count > 390)
  }

  @Test func clocksThatDriftAreFollowedInQuietMoments() {
    for drift in [-0.0005, 0.0005] {
      let outcome = Journey(frames: 15_000, drift: drift).run()
      let statistics = outcome.statistics
      // 300 s at 500 parts in a million: 150 ms, between seven and eight frames.
      let corrections = drift > 0 ? statistics.dropped : statistics.stretched + statistics.underruns
      #expect((4...14).contains(corrections), "\(statistics)")
      #expect(outcome.missing(of: 15_000) < 0.002)
      #expect(outcome.delays.suffix(500).allSatisfy { (40...110).contains($0) })
      #expect(outcome.mostWaiting < 10)
    }
  }

  @Test func aTalkerWhoNeverPausesIsFollowedTooWhenFarOutOfStep() {
    let outcome = Journey(frames: 30_000, drift: 0.0005).run(quiet: { _ in false })
    #expect(outcome.delays.suffix(500).allSatisfy { $0 < 170 })
    #expect(outcome.mostWaiting < 12)
  }

  @Test func aClockFarTooSlowDoesNotLookLikeJitterForEver() {
    // 10 minutes' worth of drift in two: 600 ms, more than any target.
    let outcome = Journey(frames: 6_000, drift: -0.005).run()
    #expect((outcome.targets.last ?? 0) <= 80, "\(outcome.targets.suffix(3))")
    #expect(outcome.missing(of: 6_000) < 0.002)
  }
}
