import CSodium
import Synchronization

/// Locked memory in which every secret lives, cut into slots of 32 bytes.
///
/// One `sodium_malloc` per secret costs 27 µs and four pages; a slot costs a bit in a map.
/// A free slot is always zero. Memory comes in blocks, the next as large as all before it, up to
/// a limit: a node's limit is its first block.
final class Arena: Sendable {
  static let slotBytes = 32

  /// Enough for 256 links (5 slots each), 256 half-open handshakes (6) and a full room; 128 KiB,
  /// far below the usual RLIMIT_MEMLOCK of 8 MiB.
  static let shared = Arena(slots: 4096)

  private let state: Mutex<State>

  /// `slots` is rounded down to whole words of the map; `limit` is what it may grow to.
  init(slots: Int, limit: Int = 0) {
    var state = State(limit: max(slots, limit))
    state.grow(by: slots)
    self.state = Mutex(state)
  }

  deinit {
    state.withLock { state in
      for block in state.blocks { sodium_free(block.base) }
    }
  }

  var capacity: Int { state.withLock(\.capacity) }

  /// Whether all of it is kept out of swap.
  var isLocked: Bool { state.withLock { !$0.blocks.isEmpty && $0.blocks.allSatisfy(\.isLocked) } }

  var freeCount: Int {
    state.withLock { $0.blocks.reduce(0) { $0 + $1.freeCount } }
  }

  /// Lets it grow to `slots`; never shrinks it.
  func allow(slots: Int) {
    state.withLock { $0.limit = max($0.limit, slots) }
  }

  /// Reserves one slot, or two neighbouring ones.
  func take(pair: Bool) throws(KeysError) -> Slot {
    let found = state.withLock { state -> Place? in
      if let place = state.take(pair: pair) { return place }
      state.grow(by: min(state.capacity, state.limit - state.capacity))
      return state.take(pair: pair)
    }
    guard let found else { throw .arenaFull }
    return Slot(arena: self, place: found)
  }

  fileprivate func giveBack(_ place: Place) {
    sodium_memzero(place.pointer, place.count * Arena.slotBytes)
    state.withLock { $0.blocks[place.block].free(place.index, count: place.count) }
  }
}

extension Arena {
  /// Where a reserved piece lies.
  struct Place: @unchecked Sendable {
    let block: Int
    let index: Int
    let count: Int
    let pointer: UnsafeMutablePointer<UInt8>
  }

  /// A reserved piece of the arena, zeroed and given back when its owner lets go.
  struct Slot: ~Copyable, @unchecked Sendable {
    let arena: Arena
    let place: Place

    var pointer: UnsafeMutablePointer<UInt8> { place.pointer }
    var count: Int { place.count }

    deinit {
      arena.giveBack(place)
    }
  }

  private struct State: @unchecked Sendable {
    var blocks: [Block] = []
    var limit: Int

    init(limit: Int) { self.limit = limit }

    var capacity: Int { blocks.reduce(0) { $0 + $1.capacity } }

    mutating func take(pair: Bool) -> Place? {
      for number in blocks.indices where blocks[number].freeCount > 0 {
        guard let index = pair ? blocks[number].takePair() : blocks[number].takeSingle() else {
          continue
        }
        return Place(
          block: number, index: index, count: pair ? 2 : 1,
          pointer: blocks[number].base + index * Arena.slotBytes)
      }
      return nil
    }

    mutating func grow(by slots: Int) {
      if let block = Block(words: slots / UInt64.bitWidth) { blocks.append(block) }
    }
  }

  private struct Block {
    let base: UnsafeMutablePointer<UInt8>
    let isLocked: Bool
    let capacity: Int
    private(set) var freeCount: Int
    /// Bit set: slot free.
    private var map: [UInt64]
    /// No free bit lies in a word below.
    private var lowest = 0
    /// No free pair lies in a word above.
    private var highest: Int

    init?(words: Int) {
      let bytes = words * UInt64.bitWidth * Arena.slotBytes
      guard words > 0, sodium_init() >= 0, let memory = sodium_malloc(bytes) else { return nil }
      // sodium_malloc locks too, but by design keeps quiet when that fails.
      isLocked = sodium_mlock(memory, bytes) == 0
      sodium_memzero(memory, bytes)
      base = memory.assumingMemoryBound(to: UInt8.self)
      capacity = words * UInt64.bitWidth
      freeCount = capacity
      map = [UInt64](repeating: .max, count: words)
      highest = words - 1
    }

    /// Singles from the low end, pairs from the high end, so that pairs stay whole.
    mutating func takeSingle() -> Int? {
      while lowest < map.count, map[lowest] == 0 { lowest += 1 }
      guard lowest < map.count else { return nil }
      let bit = map[lowest].trailingZeroBitCount
      map[lowest] &= ~(1 << UInt64(bit))
      freeCount -= 1
      return lowest * UInt64.bitWidth + bit
    }

    mutating func takePair() -> Int? {
      while highest >= 0 {
        let pairs = map[highest] & (map[highest] >> 1) & 0x5555_5555_5555_5555
        guard pairs != 0 else {
          highest -= 1
          continue
        }
        let bit = UInt64.bitWidth - 1 - pairs.leadingZeroBitCount
        map[highest] &= ~(0b11 << UInt64(bit))
        freeCount -= 2
        return highest * UInt64.bitWidth + bit
      }
      return nil
    }

    mutating func free(_ index: Int, count: Int) {
      let bits: UInt64 = (count == 2 ? 0b11 : 0b1) << UInt64(index % UInt64.bitWidth)
      let word = index / UInt64.bitWidth
      map[word] |= bits
      freeCount += count
      lowest = min(lowest, word)
      highest = max(highest, word)
    }
  }
}
