import CLinux
import Glibc

/// Names of the first messages this node answered, kept however its process ends: played back to
/// the next one, they get nothing.
///
/// Two files of names of eight bytes, nothing else. The younger is appended to before the answer
/// leaves; when it is full it becomes the older.
package struct HelloLog: ~Copyable {
  /// What was answered in former lives, oldest first.
  package let known: [UInt64]
  private let path: String
  private var file: Descriptor
  private var count: Int

  /// Files that cannot be read are begun anew.
  package init(path: String) throws(SystemError) {
    let young = Self.names(path)
    let file = try Self.open(path)
    // A name cut in half by the end of a machine would shift all behind it.
    guard ftruncate(file.raw, young.count * Self.size) == 0 else { throw .last }
    known = Self.names(Self.older(path)) + young
    self.path = path
    self.file = file
    count = young.count
  }

  /// The kernel has them when this returns, so they outlive the process; see ``settle(_:)`` for the
  /// machine.
  package mutating func append(_ names: [UInt64]) throws(SystemError) {
    if count >= Self.most {
      guard rename(path, Self.older(path)) == 0 else { throw .last }
      file = try Self.open(path)
      count = 0
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(names.count * Self.size)
    for name in names {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: name >> UInt64(shift)))
      }
    }
    do throws(SystemError) {
      try StoredFile.write(bytes, to: file.raw)
    } catch {
      ftruncate(file.raw, count * Self.size)
      throw error
    }
    count += names.count
  }

  /// Forces the log at `path` to the disk now and then, away from the loop, until cancelled.
  package static func settle(_ path: String) async {
    while (try? await Task.sleep(for: interval)) != nil {
      let file = Descriptor(Glibc.open(path, O_RDONLY | O_CLOEXEC))
      if file.raw >= 0 { fdatasync(file.raw) }
    }
  }

  private static func open(_ path: String) throws(SystemError) -> Descriptor {
    let file = Descriptor(
      Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600))
    guard file.raw >= 0 else { throw .last }
    return file
  }

  private static func older(_ path: String) -> String { path + ".old" }

  private static func names(_ path: String) -> [UInt64] {
    guard let bytes = try? StoredFile.read(path, limit: 2 * most * size) else { return [] }
    return stride(from: 0, to: bytes.count - bytes.count % size, by: size).map { start in
      bytes[start..<start + size].reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  private static let size = 8
  /// With the older file, what a node remembers (`LinkSettings.hellosRemembered`).
  private static let most = 16_384
  /// A power cut costs the memory of at most this long.
  ///
  /// A guess: flash memory is spared.
  private static let interval = Duration.seconds(60)
}
