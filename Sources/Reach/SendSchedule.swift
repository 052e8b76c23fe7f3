// SPDX-License-Identifier: Apache-2.0
package import NIOCore
import Wire

/// What the next message of a tunnel holds, and whether there is one.
///
/// While anything was sent in the last ten seconds there is a message at every tick, with data or
/// without. Its size is that of the ones before: it grows when datagrams wait that would not fit
/// and shrinks after ten seconds in which the smaller would have done. So neither times nor sizes
/// say when somebody speaks. A line that does not take a message at every tick gets one at every
/// second, third and so on: that follows the line and not the speech. Reads no clock: ticks are
/// counted.
package struct SendSchedule: Sendable {
  private struct Waiting {
    let datagram: ByteBuffer
    /// The tick in which it came.
    let since: UInt64

    var bytes: Int { TunnelMessage.lengthBytes + datagram.readableBytes }
  }

  private var waiting: [Waiting] = []
  private var waitingBytes = 0
  private var level = 0
  /// Ticks since a datagram was sent.
  private var quiet = 0
  /// Ticks in a row that left more over than the next message takes.
  private var crowded = 0
  /// The size that would have done, and for how long it has been looked at.
  private var (peak, watched) = (0, 0)
  private var tick: UInt64 = 0
  /// Ticks for one message, and since the last one.
  package private(set) var pace = 1
  private var sinceMessage = 0
  /// Ticks looked at, and at how many of them the line was full.
  private var (looked, held) = (0, 0)
  /// Between the first datagram and ten seconds after the last.
  package private(set) var isRunning = false

  package init() {}

  /// Takes a datagram to be sent; returns how many were left out for it.
  package mutating func offer(_ datagram: ByteBuffer) -> Int {
    let count = datagram.readableBytes
    guard (1...TunnelMessage.longestDatagram).contains(count) else { return 1 }
    isRunning = true
    waiting.append(Waiting(datagram: datagram, since: tick))
    waitingBytes += TunnelMessage.lengthBytes + count
    guard waiting.count > Self.mostWaiting else { return 0 }
    // Which is the least use to anybody cannot be seen from here; the oldest is the likeliest.
    waitingBytes -= waiting.removeFirst().bytes
    return 1
  }

  /// The line is full at this tick; returns how many datagrams were left out for their age.
  package mutating func hold() -> Int {
    held += 1
    return begin()
  }

  /// The message of this tick, if it is one of those that have one, how many datagrams it holds and
  /// how many were left out for their age. When there was nothing to say for long enough,
  /// ``isRunning`` is false afterwards.
  package mutating func next() -> (message: ByteBuffer?, datagrams: Int, old: Int) {
    quiet = waiting.isEmpty ? quiet + 1 : 0
    guard isRunning, quiet <= Self.lastingTicks else {
      // The line is what it is.
      let kept = pace
      self = SendSchedule()
      pace = kept
      return (nil, 0, 0)
    }
    let old = begin()
    sinceMessage += 1
    guard sinceMessage >= pace else { return (nil, 0, old) }
    sinceMessage = 0
    adapt()
    let (message, taken) = fill()
    return (message, taken, old)
  }

  private mutating func fill() -> (ByteBuffer, Int) {
    let size = TunnelMessage.sizes[level]
    var message = ByteBufferAllocator().buffer(capacity: size)
    var taken = 0
    for item in waiting {
      let room = size - message.readableBytes - TunnelMessage.lengthBytes
      guard item.datagram.readableBytes <= room else { break }
      message.writeInteger(UInt16(truncatingIfNeeded: item.datagram.readableBytes))
      message.writeImmutableBuffer(item.datagram)
      taken += 1
    }
    waiting.removeFirst(taken)
    waitingBytes -= message.readableBytes
    crowded = waitingBytes > size ? crowded + 1 : 0
    message.writeRepeatingByte(0, count: size - message.readableBytes)
    return (message, taken)
  }

  /// One more tick: what is too old to be played goes, and now and then the pace is looked at.
  private mutating func begin() -> Int {
    tick += 1
    looked += 1
    if looked >= Self.lookTicks, held > Self.lookTicks / 5 {
      pace = min(pace + 1, Self.slowest)
      (looked, held) = (0, 0)
    } else if looked % Self.lookTicks == 0, held > 0 {
      (looked, held) = (0, 0)
    } else if looked >= Self.freeTicks {
      pace = max(1, pace - 1)
      (looked, held) = (0, 0)
    }
    let old = waiting.prefix { tick > $0.since + Self.oldTicks }
    waitingBytes -= old.reduce(0) { $0 + $1.bytes }
    waiting.removeFirst(old.count)
    return old.count
  }

  private mutating func adapt() {
    let wanted = Self.level(holding: waitingBytes)
    // One that comes a moment early may wait for the next tick; a backlog may not, and what fits no
    // message of this size never would be sent.
    let first = Self.level(
      holding: waiting.first?.bytes ?? 0)
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
  /// Half a second: sound this old is not played any more. A guess.
  package static let oldTicks: UInt64 = 25
  /// The line is looked at every half second; when a fifth of its ticks were held, the pace slows
  /// by one, and after ten seconds without any it quickens. Guesses.
  package static let lookTicks = 25
  package static let freeTicks = 500
  /// 160 ms between messages: below, no sound is worth it. A guess.
  package static let slowest = 8
  /// Such ticks before messages grow. A guess.
  private static let patience = 2
}
