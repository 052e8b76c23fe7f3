// SPDX-License-Identifier: Apache-2.0

/// When the next frame is due, for sound that must go out at the speed it is heard.
///
/// A value without a clock: the caller sleeps until `due` and then calls `advance`. Frames are
/// counted from the start, so no sleep's inaccuracy adds up.
package struct Pacer: Equatable, Sendable {
  /// Behind by more than this (a machine that slept), the count begins again instead of sending
  /// everything missed in one burst.
  ///
  /// A guess: what a jitter buffer would keep.
  package static let longestCatchUp: Int64 = 400_000_000

  private let frame: FrameDuration
  private var start: Int64
  private var count: Int64 = 0
  /// Frames' lengths left out because the caller was too far behind.
  package private(set) var skipped: Int64 = 0

  /// A pacer whose first frame is due at `start`: nanoseconds of a steady clock.
  package init(start: Int64, frame: FrameDuration = .ms20) {
    self.start = start
    self.frame = frame
  }

  /// When the next frame is due.
  package var due: Int64 { self.start + self.count * self.frame.nanoseconds }

  /// How long to sleep before the next frame, 0 when it is due.
  package func wait(at now: Int64) -> Int64 { max(0, self.due - now) }

  /// The next frame went out at `now`.
  package mutating func advance(at now: Int64) {
    self.count += 1
    let behind = now - self.due
    guard behind > Self.longestCatchUp else { return }
    let missed = behind / self.frame.nanoseconds
    self.skipped += missed
    self.start += missed * self.frame.nanoseconds
  }
}
