// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes read one after the other: of a file, of standard input, or in memory.
///
/// Nothing is ever sought, so a pipe serves as well as a file. Reads block.
package final class ByteInput {
  /// Bytes asked of the system at once.
  private static let chunk = 65_536

  private let descriptor: Int32?
  private let closes: Bool
  private var buffer: [UInt8]
  private var position = 0

  /// Opens a file; "-" is standard input.
  package init(path: String) throws(AudioError) {
    if path == "-" {
      self.descriptor = STDIN_FILENO
      self.closes = false
    } else {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .cannotOpen(errno) }
      self.descriptor = descriptor
      self.closes = true
    }
    self.buffer = []
  }

  /// Bytes in memory.
  package init(_ bytes: [UInt8]) {
    self.descriptor = nil
    self.closes = false
    self.buffer = bytes
  }

  deinit {
    if let descriptor, self.closes { _ = close(descriptor) }
  }

  /// The next bytes without taking them; fewer only at the end.
  package func peek(_ count: Int) throws(AudioError) -> ArraySlice<UInt8> {
    while self.buffer.count - self.position < count {
      guard try self.fill() else { break }
    }
    return self.buffer[self.position...].prefix(count)
  }

  /// The next bytes; fewer only at the end.
  package func read(_ count: Int) throws(AudioError) -> [UInt8] {
    let bytes = Array(try self.peek(count))
    self.position += bytes.count
    return bytes
  }

  /// What is there of the next bytes, at least one unless at the end.
  package func readSome(_ most: Int) throws(AudioError) -> [UInt8] {
    let there = try max(1, min(most, self.peek(1).isEmpty ? 0 : self.buffer.count - self.position))
    return try self.read(there)
  }

  /// Passes over bytes and says whether all of them were there.
  package func skip(_ count: Int) throws(AudioError) -> Bool {
    var left = count
    while left > 0 {
      let passed = try self.read(min(left, Self.chunk)).count
      guard passed > 0 else { return false }
      left -= passed
    }
    return true
  }

  /// Reads on; false at the end.
  private func fill() throws(AudioError) -> Bool {
    guard let descriptor else { return false }
    self.buffer.removeFirst(self.position)
    self.position = 0
    var chunk = [UInt8](repeating: 0, count: Self.chunk)
    while true {
      let count = take(descriptor, &chunk)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .cannotRead(errno) }
      self.buffer.append(contentsOf: chunk.prefix(count))
      return count > 0
    }
  }
}

// Inside the class its own method's name hides the system's.
private func take(_ descriptor: Int32, _ into: inout [UInt8]) -> Int {
  read(descriptor, &into, into.count)
}
