// SPDX-License-Identifier: Apache-2.0
package import NIOCore
import Wire

/// What the next message of a tunnel holds, and whether there is one.
///
/// While anything was sent in the last ten seconds there is a message at every tick, with data or
/// without. Its size is that of the ones before: it grows when datagrams wait that would not fit
/// and shrinks after ten seconds in which the smaller would have done. So neither times nor sizes
/// say when somebody speaks. Reads no clock: ticks are counted.
package struct SendSchedule: Sendable {
  private var waiting: [ByteBuffer] = []
  private var waitingBytes = 0
  private var level = 0
  /// Ticks since a datagram was sent.
  private var quiet = 0
  /// Ticks in a row that left more over than the next message takes.
  private var crowded = 0
  /// The size that would have done, and for how long it has been looked at.
  private var (peak, watched) = (0, 0)
  /// Between the first datagram and ten seconds after the last.
  package private(set) var isRunning = false

  package init() {}

  /// Takes a datagram to be sent; returns how many were left out for it.
  package mutating func offer(_ datagram: ByteBuffer) -> Int {
    let count = datagram.readableBytes
    guard (1...TunnelMessage.longestDatagram).contains(count) else { return 1 }
    isRunning = true
    waiting.append(datagram)
    waitingBytes += TunnelMessage.lengthBytes + count
    guard waiting.count > Self.mostWaiting else { return 0 }
    // Which is the least use to anybody cannot be seen from here; the oldest is the likeliest.
    waitingBytes -= TunnelMessage.lengthBytes + waiting.removeFirst().readableBytes
    return 1
  }

  /// The message of this tick and how many datagrams it holds; nil when there was nothing to say
  /// for long enough.
  package mutating func next() -> (message: ByteBuffer, datagrams: Int)? {
    quiet = waiting.isEmpty ? quiet + 1 : 0
    guard isRunning, quiet <= Self.lastingTicks else {
      self = SendSchedule()
      return nil
    }
    adapt()
    let size = TunnelMessage.sizes[level]
    var message = ByteBufferAllocator().buffer(capacity: size)
    var taken = 0
    for datagram in waiting {
      let room = size - message.readableBytes - TunnelMessage.lengthBytes
      guard datagram.readableBytes <= room else { break }
      message.writeInteger(UInt16(truncatingIfNeeded: datagram.readableBytes))
      message.writeImmutableBuffer(datagram)
      taken += 1
    }
    waiting.removeFirst(taken)
    waitingBytes -= message.readableBytes
    crowded = waitingBytes > size ? crowded + 1 : 0
    message.writeRepeatingByte(0, count: size - message.readableBytes)
    return (message, taken)
  }

  private mutating func adapt() {
    let wanted = Self.level(holding: waitingBytes)
    // One that comes a moment early may wait for the next tick; a backlog may not, and what fits no
    // message of this size never would be sent.
    let first = Self.level(
      holding: waiting.first.map { TunnelMessage.lengthBytes + $0.readableBytes } ?? 0)
    let needed = crowded >= Self.patience ? max(wanted, first) : first
    if needed > level { (level, peak, watched) = (needed, needed, 0) }
    peak = max(peak, crowded >= Self.patience ? wanted : min(wanted, level))
    watched += 1
    guard watched >= Self.lastingTicks else { return }
    level = min(level, max(peak, first))
    (peak, watched) = (0, 0)
  }

  private static func level(holding bytes: Int) -> Int {
    TunnelMessage.sizes.firstIndex { bytes <= $0 } ?? TunnelMessage.sizes.count - 1
  }

  /// One media frame.
  package static let tick = TimeAmount.milliseconds(20)
  /// Ten seconds: longer than pauses in a conversation. A guess.
  package static let lastingTicks = 500
  /// Five speakers for a quarter of a second; older sound is not played any more. A guess.
  package static let mostWaiting = 64
  /// Such ticks before messages grow. A guess.
  private static let patience = 2
}
