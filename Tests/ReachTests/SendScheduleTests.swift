import NIOCore
import Reach
import Testing
import Wire

struct SendScheduleTests {
  /// Sizes of the messages of `ticks` ticks while `speak` says what comes at each.
  private func sizes(_ ticks: Int, speak: (Int) -> [Int]) throws -> [Int] {
    let schedule = Held()
    #expect(schedule.offer(ByteBuffer(repeating: 1, count: 190)) == 0)
    return try (0..<ticks).map { tick in
      for count in speak(tick) {
        #expect(schedule.offer(ByteBuffer(repeating: 1, count: count)) == 0)
      }
      return try #require(schedule.next()).message.readableBytes
    }
  }

  @Test func silenceLooksLikeSpeech() throws {
    let speech = try sizes(500) { _ in [190] }
    let silence = try sizes(500) { _ in [] }
    let words = try sizes(500) { $0 % 100 < 30 ? [190] : [] }
    #expect(speech == silence)
    #expect(words == silence)
    #expect(Set(silence) == [256])
  }

  @Test func itEndsTenSecondsAfterTheLastDatagram() throws {
    let schedule = Held()
    #expect(schedule.next() == nil)
    for _ in 0..<2 {
      #expect(schedule.offer(ByteBuffer(repeating: 1, count: 9)) == 0)
      #expect(schedule.isRunning)
      #expect(schedule.next()?.datagrams == 1)
      for _ in 0..<SendSchedule.lastingTicks {
        #expect(schedule.next()?.datagrams == 0)
      }
      #expect(schedule.next() == nil)
      #expect(!schedule.isRunning)
    }
  }

  /// A line that takes every fourth message gets every fourth, and every one again later.
  @Test func theScheduleFollowsTheLineAndNotTheSpeech() {
    let schedule = Held()
    var paces: [[Int]] = []
    for isTalking in [true, false] {
      var (seen, room): ([Int], Int) = ([], 0)
      for tick in 0..<8_000 {
        if isTalking || tick % 400 == 0 {
          _ = schedule.offer(ByteBuffer(repeating: 1, count: 190))
        }
        room = min(room + (tick < 1_000 ? 1 : 4), 4)
        if room < 4 {
          _ = schedule.hold()
        } else if schedule.next() != nil {
          room -= 4
        }
        seen.append(schedule.pace)
      }
      paces.append(seen)
    }
    for seen in paces {
      #expect(seen[400..<900].allSatisfy { $0 >= 3 })
      #expect(seen[7_999] == 1)
    }
  }

  @Test func whatIsTooOldIsNotSent() {
    let schedule = Held()
    for _ in 0..<10 { #expect(schedule.offer(ByteBuffer(repeating: 1, count: 190)) == 0) }
    var left = 0
    for _ in 0..<SendSchedule.oldTicks { left += schedule.hold() }
    #expect(left == 0)
    #expect(schedule.hold() == 10)
    #expect(schedule.offer(ByteBuffer(repeating: 2, count: 190)) == 0)
    var sent = 0
    for _ in 0..<20 { sent += schedule.next()?.datagrams ?? 0 }
    #expect(sent == 1)
  }

  @Test func whatComesAMomentEarlyWaits() throws {
    // Two datagrams at once now and then, as by jitter, and none at the next tick.
    let sizes = try sizes(500) { $0 % 10 == 3 ? [190, 190] : $0 % 10 == 4 ? [] : [190] }
    #expect(Set(sizes.dropFirst(2)).isSubset(of: [256, 512]))
  }

  @Test func messagesGrowWithABacklogAndShrinkLater() throws {
    let five = [190, 190, 190, 190, 190]
    let sizes = try sizes(2_000) { $0 < 500 ? five : [190] }
    #expect(sizes[20..<500].allSatisfy { $0 >= 1_024 })
    // For ten seconds nobody sees that four are silent.
    #expect(Set(sizes[500..<900]).count == 1)
    #expect(sizes[1_600...].allSatisfy { $0 == 256 })
  }

  @Test func theLongestDatagramLeavesAtOnceAndLongerOnesNever() throws {
    let schedule = Held()
    #expect(schedule.offer(ByteBuffer(repeating: 1, count: 1_201)) == 1)
    #expect(schedule.offer(ByteBuffer()) == 1)
    #expect(!schedule.isRunning)
    #expect(schedule.offer(ByteBuffer(repeating: 1, count: 1_200)) == 0)
    let (message, datagrams) = try #require(schedule.next())
    #expect(datagrams == 1)
    #expect(message.readableBytes == 2_048)
  }

  @Test func theOldestGoesWhenTooManyWait() throws {
    let schedule = Held()
    for number in 0..<100 {
      let dropped = schedule.offer(ByteBuffer(bytes: [UInt8(number)]))
      #expect(dropped == (number < SendSchedule.mostWaiting ? 0 : 1))
    }
    let (message, datagrams) = try #require(schedule.next())
    #expect(datagrams == SendSchedule.mostWaiting)
    let bytes = Array(message.readableBytesView)
    let parts = try TunnelMessage.datagrams(in: bytes.span)
    #expect(parts.map { bytes[$0.lowerBound] } == Array(36..<100))
  }

  @Test func whatGoesInComesOutInOrder() throws {
    var random = Dice(state: 7)
    let schedule = Held()
    var (sent, received): ([[UInt8]], [[UInt8]]) = ([], [])
    for tick in 0..<5_000 {
      for _ in 0..<(tick < 4_900 ? random.next() % 4 : 0) {
        let datagram = [UInt8](
          repeating: UInt8(truncatingIfNeeded: random.next()), count: Int(1 + random.next() % 700))
        if schedule.offer(ByteBuffer(bytes: datagram)) > 0 {
          // What was dropped is the oldest of those that wait.
          sent.remove(at: received.count)
        }
        sent.append(datagram)
      }
      guard let (message, datagrams) = schedule.next() else { break }
      #expect(TunnelMessage.sizes.contains(message.readableBytes))
      let bytes = Array(message.readableBytesView)
      let parts = try TunnelMessage.datagrams(in: bytes.span)
      #expect(parts.count == datagrams)
      received += parts.map { Array(bytes[$0]) }
    }
    #expect(received.count > 5_000)
    #expect(received == sent)
  }

  /// Where the macros may change it.
  private final class Held {
    private var schedule = SendSchedule()
    var isRunning: Bool { schedule.isRunning }

    func offer(_ datagram: ByteBuffer) -> Int { schedule.offer(datagram) }
    func next() -> (message: ByteBuffer, datagrams: Int)? {
      let (message, datagrams, _) = schedule.next()
      return message.map { ($0, datagrams) }
    }

    func hold() -> Int { schedule.hold() }

    var pace: Int { schedule.pace }
  }

  /// xorshift64.
  private struct Dice {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
