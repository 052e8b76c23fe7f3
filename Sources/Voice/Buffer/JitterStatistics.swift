// SPDX-License-Identifier: Apache-2.0

/// What became of one talker's frames so far.
package struct JitterStatistics: Equatable, Sendable {
  /// Frames that came in, each counted once.
  package var received = 0
  /// Further copies of frames that had come already.
  package var duplicates = 0
  /// Frames that came after their turn and were thrown away.
  package var late = 0
  /// Frames too long or out of all bounds.
  package var refused = 0
  /// Frames handed out to be played.
  package var played = 0
  /// Times a missing frame was guessed.
  package var concealed = 0
  /// Times a missing frame was taken from the copy inside the next.
  package var recovered = 0
  /// Times the buffer ran dry while somebody was talking.
  package var underruns = 0
  /// Frames dropped to catch up with the target.
  package var dropped = 0
  /// Frames' lengths put in to fall back to the target.
  package var stretched = 0
  /// Times the stream went on at a counter that does not follow.
  package var restarts = 0
  /// How long frames are kept at present.
  package var targetMilliseconds = 0
  /// Frames waiting at present.
  package var waiting = 0

  package init() {}
}
