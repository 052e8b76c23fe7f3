import Glibc
import Node
import Testing

/// A folder of its own for one test, gone afterwards with the files named in it.
final class Folder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/starling-test.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ text: String, to name: String, mode: UInt32 = 0o600) throws -> String {
    try StoredFile.write(Array(text.utf8), to: file(name), mode: mode)
    return file(name)
  }

  deinit { Self.remove(path) }

  private static func remove(_ folder: String) {
    guard let directory = opendir(folder) else { return }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(folder + "/" + name) }
    }
    closedir(directory)
    for name in names where unlink(name) != 0 { remove(name) }
    rmdir(folder)
  }
}
