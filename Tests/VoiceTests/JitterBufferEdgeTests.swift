// SPDX-License-Identifier: Apache-2.0
import Testing
import Voice

/// Beginnings, ends, jumps and floods.
@Suite struct JitterBufferEdgeTests {
  private static let step: Int64 = 20_000_000

  @Test func anEmptyBufferIsSilent() {
    var buffer = JitterBuffer(frame: .ms20)
    for tick in 0..<10 { #expect(buffer.next(at: Int64(tick) * Self.step) == .silence) }
    #expect(!buffer.isActive)
    #expect(buffer.statistics.underruns == 0)
  }

  @Test func theFirstFrameWaitsForItsTargetAndNoLonger() {
    var buffer = JitterBuffer(frame: .ms20)
    buffer.insert(counter: 900, payload: [9], at: 1_000_000)
    #expect(buffer.next(at: 1_000_000) == .silence)
    #expect(buffer.next(at: 60_000_000) == .silence)
    #expect(buffer.next(at: 61_000_000) == .frame([9]))
  }

  @Test func anEarlierFrameThatComesSecondIsPlayedFirst() {
    var buffer = JitterBuffer(frame: .ms20)
    buffer.insert(counter: 11, payload: [11], at: 0)
    buffer.insert(counter: 10, payload: [10], at: 1)
    var played: [JitterBuffer.Playable] = []
    for tick in 0..<8 { played.append(buffer.next(at: Int64(tick) * Self.step)) }
    #expect(played.filter { $0 != .silence }.prefix(2) == [.frame([10]), .frame([11])])
  }

  @Test func theEndIsAFewGuessesAndThenSilence() {
    var buffer = JitterBuffer(frame: .ms20)
    var blocks: [JitterBuffer.Playable] = []
    for tick in 0..<100 {
      if tick < 50 {
        buffer.insert(counter: UInt32(tick), payload: [1], at: Int64(tick) * Self.step)
      }
      blocks.append(buffer.next(at: Int64(tick) * Self.step))
    }
    #expect(blocks.count { $0 == .frame([1]) } == 50)
    #expect(blocks.count { $0 == .conceal } == 6)
    #expect(blocks.suffix(30).allSatisfy { $0 == .silence })
    #expect(!buffer.isActive)
    #expect(buffer.statistics.underruns == 1)
  }

  @Test(arguments: [0, 1_000, 100_000])
  func aTalkerComesBackAfterAPauseWhereverTheCounterIs(jump: Int) {
    var buffer = JitterBuffer(frame: .ms20)
    var played: [Int] = []
    for tick in 0..<2_000 {
      let now = Int64(tick) * Self.step
      let pause = (500..<1_000).contains(tick)
      let counter = tick < 500 ? tick : tick - 500 + jump
      if !pause {
        buffer.insert(counter: UInt32(counter), payload: Journey.payload(counter), at: now)
      }
      if case .frame(let payload) = buffer.next(at: now) { played.append(Journey.number(payload)) }
    }
    #expect(played.count > 1_490)
    #expect(buffer.statistics.restarts == 0)
    #expect(buffer.statistics.targetMilliseconds <= 60)
  }

  @Test func aShortPauseWithACounterThatCountsOnIsNotLateness() {
    var buffer = JitterBuffer(frame: .ms20)
    for tick in 0..<3_000 {
      let now = Int64(tick) * Self.step
      if tick % 50 < 35 { buffer.insert(counter: UInt32(tick), payload: [1], at: now) }
      _ = buffer.next(at: now)
    }
    #expect(buffer.statistics.targetMilliseconds == 20)
    #expect(buffer.statistics.played > 2_090)
  }

  @Test func aStreamThatBeginsAgainAtALowerCounterIsHeardAgain() {
    var buffer = JitterBuffer(frame: .ms20)
    var after: [Int] = []
    for tick in 0..<700 {
      let now = Int64(tick) * Self.step
      let counter = tick < 300 ? 50_000 + tick : tick - 300
      if !(300..<400).contains(tick) {
        buffer.insert(counter: UInt32(counter), payload: Journey.payload(counter), at: now)
      }
      if case .frame(let payload) = buffer.next(at: now), tick >= 400 {
        after.append(Journey.number(payload))
      }
    }
    #expect(buffer.statistics.restarts == 1)
    #expect(after.count > 285)
    #expect(zip(after, after.dropFirst()).allSatisfy { $0 + 1 == $1 })
  }

  @Test func aStrayFrameFromThePastDoesNotEndAPause() {
    var buffer = JitterBuffer(frame: .ms20)
    for tick in 0..<400 {
      let now = Int64(tick) * Self.step
      if tick < 300 { buffer.insert(counter: UInt32(50_000 + tick), payload: [1], at: now) }
      for (stray, at) in [(40_000, 350), (30_000, 355), (20_000, 360)] where tick == at {
        buffer.insert(counter: UInt32(stray), payload: [2], at: now)
      }
      #expect(buffer.next(at: now) != .frame([2]))
    }
    #expect(buffer.statistics.restarts == 0)
    #expect(buffer.statistics.late == 3)
  }

  @Test func aJumpAheadInFullFlowIsFollowed() {
    var buffer = JitterBuffer(frame: .ms20)
    var last = 0
    for tick in 0..<400 {
      let now = Int64(tick) * Self.step
      let counter = tick < 200 ? tick : tick + 10_000
      buffer.insert(counter: UInt32(counter), payload: Journey.payload(counter), at: now)
      if case .frame(let payload) = buffer.next(at: now) { last = Journey.number(payload) }
    }
    #expect(last > 10_390)
    #expect(buffer.statistics.restarts == 1)
  }

  @Test func aBurstOfStaleCopiesDoesNotTurnTheStreamBack() {
    var buffer = JitterBuffer(frame: .ms20)
    var played: [Int] = []
    for tick in 0..<600 {
      let now = Int64(tick) * Self.step
      buffer.insert(counter: UInt32(tick), payload: Journey.payload(tick), at: now)
      if tick == 400 {
        for stale in 0..<390 {
          buffer.insert(counter: UInt32(stale), payload: Journey.payload(stale), at: now)
        }
      }
      if case .frame(let payload) = buffer.next(at: now) { played.append(Journey.number(payload)) }
    }
    #expect(played == Array(0..<played.count))
    #expect(played.count > 590)
    #expect(buffer.statistics.restarts == 0)
    #expect(buffer.statistics.targetMilliseconds <= 60)
  }

  @Test func oneLostFrameIsOneGuessEvenWhenNothingElseWaits() {
    var buffer = JitterBuffer(frame: .ms20, shortest: 0, longest: 0)
    var blocks: [JitterBuffer.Playable] = []
    for tick in 0..<60 {
      let now = Int64(tick) * Self.step
      if tick != 30 { buffer.insert(counter: UInt32(tick), payload: [1], at: now) }
      blocks.append(buffer.next(at: now))
    }
    #expect(blocks.count { $0 == .conceal } == 1)
    #expect(blocks.count { $0 == .frame([1]) } == 59)
  }

  @Test func aStallThatEndsInABurstLosesNothingAndIsLearnt() {
    var buffer = JitterBuffer(frame: .ms20)
    var played: [Int] = []
    var highest = 0
    for tick in 0..<600 {
      let now = Int64(tick) * Self.step
      // From 200 on nothing comes for 200 ms, then all of it at once, as over TCP.
      let frames = (200..<210).contains(tick) ? [] : tick == 210 ? Array(200...210) : [tick]
      for frame in frames {
        buffer.insert(counter: UInt32(frame), payload: Journey.payload(frame), at: now)
      }
      highest = max(highest, tick < 200 ? 0 : buffer.statistics.targetMilliseconds)
      if case .frame(let payload) = buffer.next(at: now) { played.append(Journey.number(payload)) }
    }
    #expect(Set(200...210).isSubset(of: Set(played)))
    #expect((150...200).contains(highest))
    #expect(buffer.statistics.targetMilliseconds <= 60)
  }

  @Test func floodsOfAnythingAreBounded() {
    var dice = Dice(3)
    var buffer = JitterBuffer(frame: .ms20)
    var now: Int64 = 0
    for round in 0..<40_000 {
      let counter =
        round % 3 == 0
        ? UInt32(truncatingIfNeeded: dice.next())
        : UInt32.random(in: 0..<400, using: &dice) + UInt32(round / 8)
      let length = round % 1_000 == 0 ? 5_000 : Int.random(in: 0...60, using: &dice)
      now += Int64.random(in: -30_000_000...32_000_000, using: &dice)
      buffer.insert(counter: counter, payload: [UInt8](repeating: 1, count: length), at: now)
      if round % 5 == 0 { _ = buffer.next(at: now, quiet: round % 2 == 0) }
      #expect(buffer.statistics.waiting <= JitterBuffer.capacity)
    }
    #expect(buffer.statistics.refused > 30)
  }

  @Test func countersBeyondTheirBitsAndOversizedFramesAreRefused() {
    var buffer = JitterBuffer(frame: .ms20)
    buffer.insert(counter: 1 << 24, payload: [1], at: 0)
    buffer.insert(counter: .max, payload: [1], at: 0)
    buffer.insert(counter: 1, payload: [], at: 0)
    buffer.insert(counter: 1, payload: [UInt8](repeating: 0, count: 1_276), at: 0)
    #expect(buffer.statistics.refused == 4)
    #expect(buffer.statistics.received == 0)
    buffer.insert(counter: (1 << 24) - 1, payload: [1], at: 0)
    #expect(buffer.next(at: 60_000_000) == .frame([1]))
    for tick in 4..<50 { _ = buffer.next(at: Int64(tick) * Self.step) }
    #expect(!buffer.isActive)
  }

  @Test(arguments: [FrameDuration.ms40, .ms60])
  func longerFramesKeepStepToo(frame: FrameDuration) {
    var buffer = JitterBuffer(frame: frame)
    var played = 0
    for tick in 0..<500 {
      let now = Int64(tick) * frame.nanoseconds
      buffer.insert(counter: UInt32(tick), payload: [1], at: now)
      if buffer.next(at: now) == .frame([1]) { played += 1 }
    }
    #expect(played > 495)
    #expect(buffer.statistics.waiting <= 2)
  }
}
