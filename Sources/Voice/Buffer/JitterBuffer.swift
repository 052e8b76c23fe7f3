// SPDX-License-Identifier: Apache-2.0

/// Puts one talker's frames back in order and in step.
///
/// The caller brings the clock: `insert` when a frame comes in, `next` once every frame's length.
/// A frame is due at its place in the stream, plus the quickest transit seen lately, plus a target
/// that follows how late frames come (`DelayEstimator`). What `next` answers:
///
///     nothing came for a while                         .silence
///     the first frame is there, not yet due            .silence
///     the frame whose turn it is, is there             .frame
///     it is missing, a later one is there              .recover or .conceal, and on
///     nothing is there                                 .conceal, and wait for it
///     out of step by a frame, in a quiet moment        drop one, or put one in
///
/// The counter counts time: a talker who stops for a moment goes on counting. One who does not is
/// understood too, once the pause lasts as long as `idleAfter`.
package struct JitterBuffer: Sendable {
  /// What to play for the next frame's length.
  package enum Playable: Equatable, Sendable {
    /// This packet.
    case frame([UInt8])
    /// A frame is missing; this packet after it carries a copy, and itself comes next.
    case recover(from: [UInt8])
    /// A frame is missing: guess.
    case conceal
    /// Nobody is talking.
    case silence
  }

  /// Counters have 24 bits on the wire.
  package static let counterLimit: UInt32 = 1 << 24
  /// Frames kept at most, 2.5 s of 20 ms: with `OpusPacket.largest` it bounds a talker's memory.
  package static let capacity = 128
  /// Guessing helps for 60 to 120 ms (measured for calls by others, 2020); then comes silence.
  static let longestGuess: Int64 = 120_000_000
  /// A buffer dry for this long means the talker has stopped.
  ///
  /// A guess.
  static let idleAfter: Int64 = 500_000_000
  /// The same counter again after this long is not a copy but another stream.
  ///
  /// A guess.
  static let copyWindow: Int64 = 2_000_000_000
  /// Frames from the past, one after the other, that mean the talker began again.
  ///
  /// A guess.
  static let restartRun = 5

  /// The length of each frame.
  package let frame: FrameDuration

  var estimator: DelayEstimator
  var ring = FrameRing(capacity: Self.capacity)
  var phase = Phase.idle
  /// The frame whose turn it is, once playing has begun.
  var turn: UInt32?
  /// Guesses played without moving on, to be set off against frames found missing.
  var guessesAhead = 0
  /// Time since a real frame was played.
  var missed: Int64 = 0
  var sinceDrop = 0
  /// How long it has been quiet.
  var quietFor: Int64 = 0
  var counts = JitterStatistics()

  private var lastFitting: Int64 = 0
  private var behindRun = 0
  private var behindLast: UInt32 = 0

  enum Phase: Sendable {
    case idle, filling, playing
  }

  /// A buffer for frames of one length.
  ///
  /// Bounds are in milliseconds, at most 500. `secondCopyCeiling` is what waiting for the mesh's
  /// second copies may cost: less on a stage, more in an audience.
  package init(
    frame: FrameDuration, shortest: Int = 20, longest: Int = 400, secondCopyCeiling: Int = 100
  ) {
    let shortest = min(max(shortest, 0), 500)
    let longest = min(max(longest, shortest), 500)
    let ceiling = min(max(secondCopyCeiling, 0), 500)
    self.frame = frame
    self.estimator = DelayEstimator(
      .init(
        shortest: Int64(shortest) * 1_000_000, longest: Int64(longest) * 1_000_000,
        secondCopyCeiling: Int64(ceiling) * 1_000_000))
  }

  /// What happened so far.
  package var statistics: JitterStatistics {
    var counts = self.counts
    counts.targetMilliseconds = Int(self.estimator.target / 1_000_000)
    counts.waiting = self.ring.waiting
    return counts
  }

  /// Takes note of another copy of a frame, whose bytes are not needed: from its lateness the
  /// buffer learns how long to wait when first copies are lost.
  ///
  /// False when the frame is not remembered.
  @discardableResult
  package mutating func noteCopy(_ counter: UInt32, at now: Int64) -> Bool {
    guard let arrival = self.ring.arrival(counter), now - arrival < Self.copyWindow else {
      return false
    }
    self.counts.duplicates += 1
    if self.ring.countCopy(counter) == 2 {
      self.estimator.secondCopy(self.position(counter), at: now)
    }
    return true
  }

  /// Whether frames are waiting or being played.
  package var isActive: Bool { self.phase != .idle }

  /// Takes in a frame, or another copy of one, that came at `now`: nanoseconds of a steady clock.
  ///
  /// `carriesPrevious` says whether the packet holds a copy of the frame before it.
  package mutating func insert(
    counter: UInt32, payload: [UInt8], carriesPrevious: Bool = false, at now: Int64
  ) {
    guard counter < Self.counterLimit, !payload.isEmpty, payload.count <= OpusPacket.largest else {
      self.counts.refused += 1
      return
    }
    if self.noteCopy(counter, at: now) { return }
    switch self.place(counter) {
    case .behind:
      guard self.beginsAgain(counter, at: now) else {
        self.counts.received += 1
        self.counts.late += 1
        self.estimator.firstCopy(self.position(counter), at: now)
        self.ring.remember(counter, at: now)
        return
      }
      self.counts.restarts += 1
      self.restart()
    case .ahead:
      // Out of a pause the counter jumps as far as the pause was long.
      if self.phase != .idle { self.counts.restarts += 1 }
      self.restart()
    case .fitting:
      break
    }
    self.behindRun = 0
    self.lastFitting = now
    if self.phase == .idle {
      self.estimator.rebase()
      self.phase = .filling
    }
    self.counts.received += 1
    self.estimator.firstCopy(self.position(counter), at: now)
    self.ring.store(counter, payload, carriesPrevious: carriesPrevious, at: now)
  }

  /// The moment in the talker's own time that a frame belongs to.
  func position(_ counter: UInt32) -> Int64 { Int64(counter) * self.frame.nanoseconds }

  private enum Place {
    case behind, fitting, ahead
  }

  /// Where a counter lies against the window of frames that can be kept.
  private func place(_ counter: UInt32) -> Place {
    let reach = UInt32(Self.capacity)
    let lowest = self.ring.lowestWaiting
    guard let floor = self.turn ?? lowest else { return .fitting }
    if counter >= floor + reach { return .ahead }
    if counter >= floor { return .fitting }
    // Before playing begins, an earlier frame than the first seen moves the beginning forward.
    let highest = self.ring.highestWaiting ?? floor
    return self.turn == nil && counter + reach > highest ? .fitting : .behind
  }

  /// Whether a frame from the past is the talker beginning again at a lower counter.
  ///
  /// Stale copies come in bursts while the stream goes on; a new stream comes alone and counts up.
  private mutating func beginsAgain(_ counter: UInt32, at now: Int64) -> Bool {
    guard now - self.lastFitting > Self.idleAfter else { return false }
    self.behindRun = self.behindRun > 0 && counter > self.behindLast ? self.behindRun + 1 : 1
    self.behindLast = counter
    return self.behindRun >= Self.restartRun
  }

  /// Drops all that waits and begins anew with the frame at hand.
  private mutating func restart() {
    self.ring = FrameRing(capacity: Self.capacity)
    self.phase = .idle
    self.turn = nil
    self.guessesAhead = 0
    self.missed = 0
  }
}
