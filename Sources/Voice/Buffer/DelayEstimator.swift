// SPDX-License-Identifier: Apache-2.0

/// Decides how long frames are kept before they are played.
///
/// Two questions, two histograms. How late do first copies come? Waiting for 99 of 100 of them is
/// enough to play all that arrive. How late do second copies come? The mesh sends every frame down
/// two trees; whoever waits for the second copy does not hear the loss of the first. So as long as
/// second copies do come, the target waits for them too, up to a ceiling that keeps a conversation
/// a conversation.
struct DelayEstimator: Sendable {
  /// Bounds of the target and of what waiting for second copies may cost.
  struct Limits: Equatable, Sendable {
    var shortest: Int64
    var longest: Int64
    var secondCopyCeiling: Int64
  }

  /// One first copy in a hundred may be late (NetEq: 0.95 to 0.97).
  static let firstCopyShare = 0.99
  /// A second copy matters only where the first is missing: at 2 % loss, 5 % of them late costs one
  /// frame in a thousand.
  static let secondCopyShare = 0.95
  /// Second copies count while at least this share of frames has one.
  ///
  /// A guess.
  static let secondCopiesExpected = 0.5
  /// How fast the share of frames with a second copy follows: 1 in 50, one second of 20 ms frames.
  static let secondCopyPace = 0.02
  /// Before anything is known.
  ///
  /// NetEq begins with 80; 60 is the first copy's jitter plus one frame for the second copy, and
  /// the sooner sound comes the better.
  static let opening: Int64 = 60_000_000
  /// A frame this much behind the quickest says nothing about how long to wait: nobody waits so
  /// long.
  static let beyondWaiting: Int64 = 1_000_000_000

  let limits: Limits
  /// How long to keep a frame, counted from when it would have come had it been the quickest.
  private(set) var target: Int64

  private var quickest = QuickestTransit()
  private var first = DelayHistogram()
  private var second = DelayHistogram()
  private var secondCopies = 0.0

  init(_ limits: Limits) {
    self.limits = limits
    self.target = min(limits.longest, max(limits.shortest, Self.opening))
    // One imagined late frame keeps the target up for the first hundred real ones.
    self.first.add(Self.opening - 1)
  }

  /// The moment a frame sent at `position` is due, nil before the first frame came.
  func due(_ position: Int64) -> Int64? {
    self.quickest.value.map { position + $0 + self.target }
  }

  /// The first copy of the frame sent at `position` came in.
  mutating func firstCopy(_ position: Int64, at now: Int64) {
    let lateness = self.quickest.add(now - position, at: now)
    guard lateness <= Self.beyondWaiting else { return }
    self.first.add(lateness)
    self.secondCopies -= self.secondCopies * Self.secondCopyPace
    self.retarget()
  }

  /// Another copy of that frame came in.
  mutating func secondCopy(_ position: Int64, at now: Int64) {
    guard let quickest = self.quickest.value else { return }
    let lateness = now - position - quickest
    guard lateness <= Self.beyondWaiting else { return }
    self.second.add(lateness)
    self.secondCopies += Self.secondCopyPace
    self.retarget()
  }

  /// The stream went on somewhere else: lateness is counted afresh, what was learnt is kept.
  mutating func rebase() {
    self.quickest.forget()
  }

  private mutating func retarget() {
    var wanted = self.first.quantile(Self.firstCopyShare) ?? Self.opening
    if self.secondCopies >= Self.secondCopiesExpected,
      let second = self.second.quantile(Self.secondCopyShare)
    {
      wanted = max(wanted, min(second, self.limits.secondCopyCeiling))
    }
    self.target = min(self.limits.longest, max(self.limits.shortest, wanted))
  }
}
