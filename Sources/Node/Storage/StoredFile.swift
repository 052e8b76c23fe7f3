import CLinux
import Glibc

/// Small files read whole and written so that after a power cut either the old or the new content
/// is there, never half of one.
package enum StoredFile {
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// A file that is not there is as good as removed.
  package static func remove(_ path: String) { unlink(path) }

  /// Permission bits, nil when there is no such file.
  package static func mode(_ path: String) -> UInt32? {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    return info.st_mode & 0o7777
  }

  /// The whole file; `EFBIG` when it is longer than `limit`.
  package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = Descriptor(open(path, O_RDONLY | O_CLOEXEC))
    guard file.raw >= 0 else { throw .last }
    return try read(file.raw, limit: limit)
  }

  /// Until the end of `descriptor`, which stays open.
  package static func read(_ descriptor: Int32, limit: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
      let room = bytes.count - count
      let result = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, room)
      }
      if result == 0 { break }
      guard result > 0 else {
        if errno == EINTR { continue }
        throw .last
      }
      count += result
    }
    guard count <= limit else { throw SystemError(number: EFBIG) }
    bytes.removeSubrange(count...)
    return bytes
  }

  /// Writes beside the target, forces it to the disk, then renames.
  package static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32 = 0o600
  ) throws(SystemError) {
    let fresh = path + ".new"
    unlink(fresh)
    let file = Descriptor(open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode))
    guard file.raw >= 0 else { throw .last }
    do throws(SystemError) {
      try write(bytes, to: file.raw)
      guard fsync(file.raw) == 0, rename(fresh, path) == 0 else { throw .last }
    } catch {
      unlink(fresh)
      throw error
    }
    syncFolder(of: path)
  }

  /// All of `bytes`, however many calls that takes.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let result = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done)
      }
      guard result >= 0 else {
        if errno == EINTR { continue }
        throw .last
      }
      done += result
    }
  }

  /// Makes a folder and those above it, private to this user.
  ///
  /// One that exists is left as it is.
  package static func makeFolder(_ path: String) throws(SystemError) {
    if exists(path) { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try makeFolder(String(path[..<slash]))
    }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last }
  }

  /// The rename itself must reach the disk.
  ///
  /// A file system that cannot do this loses little.
  private static func syncFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = Descriptor(open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY))
    if descriptor.raw >= 0 { fsync(descriptor.raw) }
  }
}
