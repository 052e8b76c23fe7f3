import CLinux
import Glibc

/// The two ends of a Unix stream socket on a path.
package enum UnixSocket {
  /// Listens at `path`, readable by this user alone.
  ///
  /// A socket left behind by a node that died is replaced; one that somebody answers is not.
  package static func listen(at path: String) throws(Failure) -> Descriptor {
    if StoredFile.exists(path) {
      guard isSocket(path) else {
        throw Failure(.setup, "\(path) is in the way of the control socket.")
      }
      if (try? connect(to: path)) != nil {
        throw Failure(.setup, "Another node is listening at \(path).")
      }
      unlink(path)
    }
    let descriptor = Descriptor(
      socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0))
    let raw = descriptor.raw
    // The mode is decided when the file appears: no moment in which others could connect.
    let before = umask(0o177)
    let result = try withAddress(path) { Glibc.bind(raw, $0, $1) }
    umask(before)
    guard result == 0, Glibc.listen(raw, backlog) == 0 else {
      throw Failure(
        .setup, "The control socket \(path) cannot be made: \(SystemError.last.sentence).")
    }
    return descriptor
  }

  /// Connects and blocks on reading and writing.
  package static func connect(to path: String) throws(Failure) -> Descriptor {
    let descriptor = Descriptor(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0))
    let raw = descriptor.raw
    let result = try withAddress(path) { Glibc.connect(raw, $0, $1) }
    guard result == 0 else {
      let error = SystemError.last
      guard [ENOENT, ECONNREFUSED].contains(error.number) else {
        throw Failure(.failed, "The node at \(path) cannot be asked: \(error.sentence).")
      }
      throw Failure(.noNode, "No node is running here. Start one with: starling up")
    }
    return descriptor
  }

  /// The next client, or nil when there is none.
  static func accept(_ listener: Int32) -> Descriptor? {
    let raw = Glibc.accept(listener, nil, nil)
    guard raw >= 0 else { return nil }
    _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
    _ = fcntl(raw, F_SETFL, O_NONBLOCK)
    return Descriptor(raw)
  }

  private static func isSocket(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(Failure) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw Failure(.setup, "The path of the control socket is too long: \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private static let backlog: Int32 = 16
}
