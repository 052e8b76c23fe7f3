// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes written one after the other, to a file or to standard output.
package final class ByteOutput {
  private static let readableByAll: mode_t = 0o644

  private var descriptor: Int32?
  private let closes: Bool
  /// Whether earlier bytes can be written over: in a file, not in a pipe.
  package let canPatch: Bool

  /// Makes or empties a file; "-" is standard output.
  package init(path: String) throws(AudioError) {
    if path == "-" {
      self.descriptor = STDOUT_FILENO
      self.closes = false
      self.canPatch = false
      return
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, Self.readableByAll)
    guard descriptor >= 0 else { throw .cannotOpen(errno) }
    self.descriptor = descriptor
    self.closes = true
    self.canPatch = lseek(descriptor, 0, SEEK_CUR) >= 0
  }

  deinit {
    if let descriptor, self.closes { _ = release(descriptor) }
  }

  /// Writes all of the bytes at the end.
  package func write(_ bytes: [UInt8]) throws(AudioError) {
    guard let descriptor else { throw .closed }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { put(descriptor, $0) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .cannotWrite(errno) }
      rest = rest.dropFirst(count)
    }
  }

  /// Writes over bytes written before.
  package func patch(_ bytes: [UInt8], at offset: Int) throws(AudioError) {
    guard let descriptor else { throw .closed }
    guard self.canPatch else { return }
    guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
      throw .cannotWrite(errno)
    }
  }

  /// Ends the file; a second call does nothing.
  package func close() throws(AudioError) {
    guard let descriptor else { return }
    self.descriptor = nil
    guard self.closes else { return }
    guard release(descriptor) == 0 else { throw .cannotWrite(errno) }
  }
}

// Inside the class its own methods' names hide the system's.
private func release(_ descriptor: Int32) -> Int32 { close(descriptor) }
private func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
