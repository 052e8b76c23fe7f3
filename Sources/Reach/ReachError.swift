// SPDX-License-Identifier: Apache-2.0
import NIOSSL

/// Why a tunnel could not be opened.
package enum ReachError: Error, Hashable, Sendable {
  /// This address was called often enough in the last minute.
  case tooOften
  /// As many tunnels are open as may be.
  case full
  /// No name, no way, or nobody there.
  case unreachable
  /// Somebody answered who has not the key, or a certificate nobody vouches for.
  case untrusted
  /// An ordinary web server answered, and does not know the path.
  case refused
  /// No answer in time.
  case late
  /// The node is ending.
  case stopped
}
