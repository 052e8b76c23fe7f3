// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What went through tunnels, for reports; nothing in it names anybody.
package struct TunnelCounts: Hashable, Sendable {
  package var tunnels = 0
  package var messagesSent = 0
  /// Bytes of messages before WebSocket, TLS and TCP added theirs.
  package var bytesSent = 0
  package var datagramsSent = 0
  package var datagramsReceived = 0
  /// Left out because more came than the line took, or because they were too long.
  package var datagramsDropped = 0
  /// Times at which nothing was sent because the line was full.
  package var ticksHeld = 0
}

/// Counts of all tunnels of one end.
final class Tally: Sendable {
  private let kept = Mutex(TunnelCounts())

  var counts: TunnelCounts { kept.withLock { $0 } }

  func note(_ change: (inout TunnelCounts) -> Void) { kept.withLock { change(&$0) } }
}
