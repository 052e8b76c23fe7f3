import CSodium
import Wire

// How the fixed-size byte strings of the wire reach C and come back, without the heap.

extension Bytes16 {
  init(reading start: UnsafePointer<UInt8>) {
    self.init(high: loadWord(start), low: loadWord(start + 8))
  }

  func store(to start: UnsafeMutablePointer<UInt8>) {
    storeWord(high, to: start)
    storeWord(low, to: start + 8)
  }
}

extension Bytes32 {
  init(reading start: UnsafePointer<UInt8>) {
    self.init(high: Bytes16(reading: start), low: Bytes16(reading: start + 16))
  }

  /// What `body` writes into 32 bytes.
  init(writing body: (UnsafeMutablePointer<UInt8>) -> Void) {
    self = withScratch(Bytes32.count) { scratch in
      body(scratch)
      return Bytes32(reading: scratch)
    }
  }

  func store(to start: UnsafeMutablePointer<UInt8>) {
    high.store(to: start)
    low.store(to: start + 16)
  }

  func withPointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    withScratch(Bytes32.count) { scratch in
      store(to: scratch)
      return body(UnsafePointer(scratch))
    }
  }
}

extension Bytes64 {
  init(reading start: UnsafePointer<UInt8>) {
    self.init(high: Bytes32(reading: start), low: Bytes32(reading: start + 32))
  }

  func store(to start: UnsafeMutablePointer<UInt8>) {
    high.store(to: start)
    low.store(to: start + 32)
  }

  func withPointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    withScratch(Bytes64.count) { scratch in
      store(to: scratch)
      return body(UnsafePointer(scratch))
    }
  }
}

extension StaticString {
  /// The label as bytes.
  ///
  /// Labels are ASCII literals, never a single scalar.
  var pointer: UnsafePointer<UInt8> { utf8Start }
}

extension Array where Element == UInt8 {
  /// Changes the length without giving up capacity; new bytes are zero.
  mutating func resize(to count: Int) {
    if count < self.count {
      removeLast(self.count - count)
    } else {
      append(contentsOf: repeatElement(0, count: count - self.count))
    }
  }
}

/// Lends `count` bytes of stack (of heap beyond a kilobyte), zero before and after.
func withScratch<Result: ~Copyable, Failure: Error>(
  _ count: Int, _ body: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Result
) throws(Failure) -> Result {
  try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(count, 1)) {
    scratch throws(Failure) in
    // The allocation is never empty; the address is there.
    guard let start = scratch.baseAddress else { preconditionFailure("empty scratch") }
    start.initialize(repeating: 0, count: max(count, 1))
    defer { sodium_memzero(start, max(count, 1)) }
    return try body(start)
  }
}

private func loadWord(_ start: UnsafePointer<UInt8>) -> UInt64 {
  UInt64(bigEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
}

private func storeWord(_ word: UInt64, to start: UnsafeMutablePointer<UInt8>) {
  UnsafeMutableRawPointer(start).storeBytes(of: word.bigEndian, as: UInt64.self)
}
