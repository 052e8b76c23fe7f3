// SPDX-License-Identifier: Apache-2.0

/// Why a frame was not encoded or decoded.
package enum CodecError: Error, Equatable, Sendable {
  /// Bitrate, complexity or expected loss outside what this codec is used with.
  case badSettings
  /// The sound handed in is not exactly one frame long.
  case wrongLength
  /// Not an Opus packet, or one that contradicts itself.
  case malformed
  /// A sound packet of a length this project does not use.
  case wrongDuration
  /// The packet would not fit its constant size.
  case tooLarge
  /// libopus failed for a reason of its own: its error code.
  case library(Int32)
}
