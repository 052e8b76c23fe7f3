/// One direction of a home's line: datagrams go through one after the other at its rate, and wait
/// in a queue that drops what would wait too long.
struct Line {
  /// A guess between a router with queue management (20 ms) and bufferbloat (seconds).
  static let queueLimit: Int64 = 200_000_000
  /// IPv4 and UDP headers.
  static let overhead = 28

  let bits: Int
  private var freeAt: Int64 = 0

  /// Bytes of the current second, and of the fullest one.
  private var second: Int64 = 0
  private var secondBytes = 0
  private(set) var peakBytes = 0
  private(set) var measuredBytes = 0
  private(set) var drops = 0

  init(bits: Int) { self.bits = bits }

  /// When the last bit of a datagram of `count` bytes is through; nil when it is dropped.
  mutating func send(_ count: Int, at now: Int64, measured: Bool) -> Int64? {
    let start = max(now, freeAt)
    guard start - now <= Self.queueLimit else {
      drops += 1
      return nil
    }
    let size = count + Self.overhead
    freeAt = start + Int64(size) * 8_000_000_000 / Int64(bits)
    let current = now / 1_000_000_000
    if current != second {
      second = current
      secondBytes = 0
    }
    secondBytes += size
    if measured {
      peakBytes = max(peakBytes, secondBytes)
      measuredBytes += size
    }
    return freeAt
  }
}
