// SPDX-License-Identifier: Apache-2.0

/// Why a tunnel could not be opened.
package enum ReachError: Error, Hashable, Sendable {
  /// This host was called often enough in the last minute.
  case tooOften
  /// Only others say that there is a tunnel, and there was none lately, or too many say so.
  case leftAlone
  /// There is no program for this transport, or it does not run; nothing is called without it.
  case noTransport
  /// As many tunnels are open as may be.
  case full
  /// No name, no way, or nobody there.
  case unreachable
  /// Somebody answered who has not the key, or a certificate nobody vouches for.
  case untrusted
  /// A web server answered that does not know the path.
  case refused
  /// No answer in time.
  case late
  /// The node is ending.
  case stopped
}
