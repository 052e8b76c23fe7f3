import CSodium
import Synchronization

/// One locked block of memory in which every secret lives, cut into slots of 32 bytes.
///
/// One `sodium_malloc` per secret costs 27 µs and four pages; a slot costs a bit in a map.
/// A free slot is always zero.
final class Arena: Sendable {
  static let slotBytes = 32

  /// Enough for 256 links (5 slots each), 256 half-open handshakes (6) and a full room; 128 KiB,
  /// far below the usual RLIMIT_MEMLOCK of 8 MiB.
  static let shared = Arena(slots: 4096)

  let capacity: Int
  let isLocked: Bool

  nonisolated(unsafe) private let base: UnsafeMutablePointer<UInt8>?
  /// Bit set: slot free.
  private let map: Mutex<[UInt64]>

  /// `slots` is rounded down to whole words of the map.
  init(slots: Int) {
    let words = slots / UInt64.bitWidth
    let bytes = words * UInt64.bitWidth * Arena.slotBytes
    guard words > 0, sodium_init() >= 0, let block = sodium_malloc(bytes) else {
      capacity = 0
      isLocked = false
      base = nil
      map = Mutex([])
      return
    }
    // sodium_malloc locks too, but by design keeps quiet when that fails.
    isLocked = sodium_mlock(block, bytes) == 0
    sodium_memzero(block, bytes)
    capacity = words * UInt64.bitWidth
    base = block.assumingMemoryBound(to: UInt8.self)
    map = Mutex([UInt64](repeating: .max, count: words))
  }

  deinit {
    sodium_free(base)
  }

  var freeCount: Int {
    map.withLock { words in words.reduce(0) { $0 + $1.nonzeroBitCount } }
  }

  /// Reserves one slot, or two neighbouring ones.
  func take(pair: Bool) throws(KeysError) -> Slot {
    let found = map.withLock { pair ? Arena.takePair(&$0) : Arena.takeSingle(&$0) }
    guard let found, let base else { throw .arenaFull }
    return Slot(
      arena: self, index: found, count: pair ? 2 : 1,
      pointer: base + found * Arena.slotBytes)
  }

  fileprivate func giveBack(index: Int, count: Int) {
    guard let base else { return }
    sodium_memzero(base + index * Arena.slotBytes, count * Arena.slotBytes)
    let bits: UInt64 = (count == 2 ? 0b11 : 0b1) << UInt64(index % UInt64.bitWidth)
    map.withLock { $0[index / UInt64.bitWidth] |= bits }
  }

  /// Singles from the low end, pairs from the high end, so that pairs stay whole.
  private static func takeSingle(_ words: inout [UInt64]) -> Int? {
    for index in words.indices where words[index] != 0 {
      let bit = words[index].trailingZeroBitCount
      words[index] &= ~(1 << UInt64(bit))
      return index * UInt64.bitWidth + bit
    }
    return nil
  }

  private static func takePair(_ words: inout [UInt64]) -> Int? {
    for index in words.indices.reversed() {
      let pairs = words[index] & (words[index] >> 1) & 0x5555_5555_5555_5555
      guard pairs != 0 else { continue }
      let bit = UInt64.bitWidth - 1 - pairs.leadingZeroBitCount
      words[index] &= ~(0b11 << UInt64(bit))
      return index * UInt64.bitWidth + bit
    }
    return nil
  }
}

extension Arena {
  /// A reserved piece of the arena, zeroed and given back when its owner lets go.
  struct Slot: ~Copyable, @unchecked Sendable {
    let arena: Arena
    let index: Int
    let count: Int
    let pointer: UnsafeMutablePointer<UInt8>

    deinit {
      arena.giveBack(index: index, count: count)
    }
  }
}
