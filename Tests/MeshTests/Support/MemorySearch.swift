import Glibc
import Keys
import Wire

/// Looks through all memory of this process that can be written for keys it should not hold.
///
/// The keys are kept masked meanwhile, so that what is looked for is not found here.
struct MemorySearch {
  /// Looks only where secrets are kept: what libsodium took and leaves out of core dumps.
  var onlyKept = false
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

  /// How many of the noted keys lie somewhere.
  func found() -> Int { places().count }

  /// Where each of the noted keys that lie somewhere was found first: the kernel's name of the
  /// mapping, its size, and how far in.
  func places() -> [String] {
    // Shared, so that the kernel does not make it one with what is to be looked at.
    let size = Self.chunk + 2 * Secret.count
    let scratch = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
    guard let scratch, scratch != MAP_FAILED else { return ["no memory to search with"] }
    defer { munmap(scratch, size) }
    let memory = open("/proc/self/mem", O_RDONLY)
    defer { close(memory) }
    var seen = [String?](repeating: nil, count: masked.count)
    let own = UInt(bitPattern: scratch)
    for (region, name, isKept) in Self.regions()
    where !region.contains(own) && (isKept || !onlyKept) {
      var start = region.lowerBound
      while start < region.upperBound {
        let length = min(Self.chunk + Secret.count, Int(region.upperBound - start))
        let read = pread(memory, scratch, length, off_t(start))
        let before = Int(start - region.lowerBound)
        for (index, offset) in look(in: scratch, max(0, read)) where seen[index] == nil {
          seen[index] = "\(name), \(region.count) bytes, at \(before + offset)"
        }
        start += UInt(Self.chunk)
      }
    }
    return seen.compactMap { $0 }
  }

  /// Which of the keys lie in the first `count` bytes, and where.
  private func look(in scratch: UnsafeMutableRawPointer, _ count: Int) -> [(Int, Int)] {
    let pattern = scratch + Self.chunk + Secret.count
    defer { memset(pattern, 0, Secret.count) }
    return masked.enumerated().compactMap { index, hidden in
      for (offset, byte) in hidden.enumerated() {
        pattern.storeBytes(of: byte ^ Self.mask, toByteOffset: offset, as: UInt8.self)
      }
      let place = Self.place(
        in: UnsafeRawPointer(scratch), count, of: UnsafeRawPointer(pattern), hidden.count)
      return place.map { (index, $0) }
    }
  }

  private static func place(
    in start: UnsafeRawPointer, _ count: Int, of pattern: UnsafeRawPointer, _ size: Int
  ) -> Int? {
    let first = Int32(pattern.load(as: UInt8.self))
    let end = start + count
    var place = start
    while end - place >= size, let found = memchr(place, first, end - place - size + 1) {
      if memcmp(found, pattern, size) == 0 { return start.distance(to: found) }
      place = UnsafeRawPointer(found) + 1
    }
    return nil
  }

  /// What can be read and written, its name, and whether it stays out of core dumps, from
  /// `/proc/self/smaps`.
  private static func regions() -> [(Range<UInt>, String, Bool)] {
    let file = open("/proc/self/smaps", O_RDONLY)
    defer { close(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(file, &piece, piece.count), count > 0 { text += piece[..<count] }
    var regions: [(Range<UInt>, String, Bool)] = []
    var isWritable = false
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      let ends = words.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
      if ends.count == 2, words.count > 1 {
        isWritable = words[1].hasPrefix("rw")
        guard isWritable else { continue }
        regions.append((ends[0]..<ends[1], words.count > 5 ? String(words[5]) : "unnamed", false))
      } else if isWritable, words.first == "VmFlags:", let last = regions.indices.last {
        regions[last].2 = words.contains("dd")
      }
    }
    return regions
  }
}
