import Glibc
import Keys
import Wire

/// Looks through all memory of this process that can be written for keys it should not hold.
///
/// The keys are kept masked meanwhile, so that what is looked for is not found here.
struct MemorySearch {
  private var masked: [[UInt8]] = []
  private static let mask: UInt8 = 0xA5
  private static let chunk = 1 << 20

  var count: Int { masked.count }

  mutating func note(_ key: borrowing Secret) {
    let hidden = key.withBytes { bytes in bytes.indices.map { bytes[$0] ^ Self.mask } }
    if !masked.contains(hidden) { masked.append(hidden) }
  }

  /// As it would be sent, and as two words of this machine.
  mutating func note(_ secret: Bytes16) {
    let word = UInt64(Self.mask) &* 0x0101_0101_0101_0101
    let hidden = Bytes16(high: secret.high ^ word, low: secret.low ^ word).array
    let words = Array(hidden[..<8].reversed() + hidden[8...].reversed())
    for form in [hidden, words] where !masked.contains(form) { masked.append(form) }
  }

  /// Writes over what functions that have returned left on this thread's stack, for 256 KiB.
  @inline(never)
  @discardableResult
  static func overwriteStack(depth: Int = 64) -> UInt8 {
    let filler = InlineArray<4_096, UInt8>(repeating: UInt8(depth))
    return depth == 0 ? filler[0] : overwriteStack(depth: depth - 1) &+ filler[depth]
  }

  /// How many of the noted keys lie somewhere.
  func found() -> Int {
    // Shared, so that the kernel does not make it one with what is to be looked at.
    let size = Self.chunk + 2 * Secret.count
    let scratch = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
    guard let scratch, scratch != MAP_FAILED else { return -1 }
    defer { munmap(scratch, size) }
    let memory = open("/proc/self/mem", O_RDONLY)
    defer { close(memory) }
    var seen = [Bool](repeating: false, count: masked.count)
    let own = UInt(bitPattern: scratch)
    for region in Self.regions() where !region.contains(own) {
      var start = region.lowerBound
      while start < region.upperBound {
        let length = min(Self.chunk + Secret.count, Int(region.upperBound - start))
        let read = pread(memory, scratch, length, off_t(start))
        if read > 0 { look(in: scratch, read, &seen) }
        start += UInt(Self.chunk)
      }
    }
    return seen.count { $0 }
  }

  private func look(in scratch: UnsafeMutableRawPointer, _ count: Int, _ seen: inout [Bool]) {
    let pattern = scratch + Self.chunk + Secret.count
    for (index, hidden) in masked.enumerated() where !seen[index] {
      for (offset, byte) in hidden.enumerated() {
        pattern.storeBytes(of: byte ^ Self.mask, toByteOffset: offset, as: UInt8.self)
      }
      seen[index] = Self.holds(
        UnsafeRawPointer(scratch), count, UnsafeRawPointer(pattern), hidden.count)
    }
    memset(pattern, 0, Secret.count)
  }

  private static func holds(
    _ start: UnsafeRawPointer, _ count: Int, _ pattern: UnsafeRawPointer, _ size: Int
  ) -> Bool {
    let first = Int32(pattern.load(as: UInt8.self))
    let end = start + count
    var place = start
    while end - place >= size, let found = memchr(place, first, end - place - size + 1) {
      if memcmp(found, pattern, size) == 0 { return true }
      place = UnsafeRawPointer(found) + 1
    }
    return false
  }

  /// What can be read and written, from `/proc/self/maps`.
  private static func regions() -> [Range<UInt>] {
    let file = open("/proc/self/maps", O_RDONLY)
    defer { close(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(file, &piece, piece.count), count > 0 { text += piece[..<count] }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      let ends = words.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
      guard ends.count == 2, words.count > 1, words[1].hasPrefix("rw") else { return nil }
      return ends[0]..<ends[1]
    }
  }
}
