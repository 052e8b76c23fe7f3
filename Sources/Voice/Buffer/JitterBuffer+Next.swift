// SPDX-License-Identifier: Apache-2.0

extension JitterBuffer {
  /// Out of step by this many quarters of a frame is put right while it is quiet: behind, where a
  /// whole frame more than needed waits, in a pause; ahead, where the next late frame will be
  /// missing, at once.
  private static let quietDrop: Int64 = 5
  private static let quietStretch: Int64 = 1
  /// Quiet for this long is a pause between phrases.
  ///
  /// There is quiet inside them too: two frames dropped in closures and short gaps cost 0.2 to 0.4
  /// PESQ-wb over eight seconds of read speech, in a pause of this length 0.07 (measured).
  private static let pause: Int64 = 200_000_000
  /// Behind by this long, a frame is dropped even while somebody speaks, one in ten.
  ///
  /// A guess.
  private static let loudDrop: Int64 = 80_000_000
  private static let loudDropPause = 10
  /// Behind by this long, everything up to the target is dropped at once.
  ///
  /// A guess.
  private static let jump: Int64 = 200_000_000

  /// What to play now.
  ///
  /// Call once every frame's length.
  ///
  /// `quiet` says that what was played last was hardly audible, so that putting the stream back in
  /// step will not be heard either.
  package mutating func next(at now: Int64, quiet: Bool = false) -> Playable {
    guard self.phase != .idle, let turn = self.turnToPlay(at: now) else { return .silence }
    self.sinceDrop += 1
    self.quietFor = quiet ? self.quietFor + self.frame.nanoseconds : 0
    let behind = self.behind(turn, at: now)
    if quiet, behind * 4 < -Self.quietStretch * self.frame.nanoseconds {
      self.counts.stretched += 1
      return .conceal
    }
    return self.play(self.caughtUp(turn, behind: behind), at: now)
  }

  /// The frame whose turn it is; while filling, only when the first is due.
  private mutating func turnToPlay(at now: Int64) -> UInt32? {
    if self.phase == .playing { return self.turn }
    guard let lowest = self.ring.lowestWaiting else { return nil }
    // After a pause, frames lost just before the first that came are not waited for.
    guard self.behind(lowest, at: now) >= 0 else { return nil }
    self.phase = .playing
    self.guessesAhead = 0
    self.missed = 0
    self.turn = lowest
    return lowest
  }

  /// How long ago a frame was due; negative before.
  private func behind(_ counter: UInt32, at now: Int64) -> Int64 {
    now - (self.estimator.due(self.position(counter)) ?? now)
  }

  /// The turn after frames were dropped to catch up with the target.
  private mutating func caughtUp(_ turn: UInt32, behind: Int64) -> UInt32 {
    let length = self.frame.nanoseconds
    let drops: Int64
    if behind > Self.jump {
      drops = behind / length
    } else if self.quietFor >= Self.pause && behind * 4 > Self.quietDrop * length {
      drops = 1
    } else if behind > max(Self.loudDrop, 2 * length) && self.sinceDrop > Self.loudDropPause {
      drops = 1
    } else {
      drops = 0
    }
    guard drops > 0, let highest = self.ring.highestWaiting else { return turn }
    var turn = turn
    let last = UInt32(min(Int64(highest), Int64(turn) + drops))
    while turn < last {
      if self.ring.take(turn) != nil { self.counts.dropped += 1 }
      turn += 1
    }
    self.sinceDrop = 0
    return turn
  }

  /// Plays the frame whose turn it is, or whatever stands in for it.
  private mutating func play(_ from: UInt32, at now: Int64) -> Playable {
    let length = self.frame.nanoseconds
    var turn = from
    defer { self.turn = turn }
    let highest = self.ring.highestWaiting ?? turn
    // A frame already guessed, or one whose moment is past anyway, costs nothing to skip.
    while turn < highest, !self.ring.holds(turn),
      self.guessesAhead > 0 || self.behind(turn, at: now) > length
    {
      self.guessesAhead = max(0, self.guessesAhead - 1)
      turn += 1
    }
    if let payload = self.ring.take(turn) {
      turn += 1
      self.guessesAhead = 0
      self.missed = 0
      self.counts.played += 1
      return .frame(payload)
    }
    if self.ring.waiting == 0 { return self.runDry() }
    self.missed += length
    if self.behind(turn, at: now) < 0 {
      self.guessesAhead += 1
      return self.guess()
    }
    turn += 1
    if let carrier = self.ring.copyCarrier(turn) {
      self.counts.recovered += 1
      return .recover(from: carrier)
    }
    return self.guess()
  }

  /// Nothing waits: a guess and then silence, without moving on, until the talker counts as gone.
  private mutating func runDry() -> Playable {
    if self.missed == 0 { self.counts.underruns += 1 }
    self.missed += self.frame.nanoseconds
    if self.missed > Self.idleAfter {
      self.phase = .idle
      self.guessesAhead = 0
      return .silence
    }
    self.guessesAhead += 1
    return self.guess()
  }

  private mutating func guess() -> Playable {
    guard self.missed <= Self.longestGuess else { return .silence }
    self.counts.concealed += 1
    return .conceal
  }
}
