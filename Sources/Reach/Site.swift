// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The ordinary web site that everybody sees who does not know the path.
///
/// Read once, at the start: no request names a file of the disk.
package struct Site: Sendable {
  struct File: Sendable {
    let bytes: [UInt8]
    let type: String
    let tag: String
  }

  /// Thrown when a folder cannot be the site.
  package enum Objection: Error, Hashable, Sendable {
    case unreadable(String)
    case tooLarge
  }

  private var files: [String: File] = [:]

  /// What many a server shows whose folder is empty.
  package init() { files["/"] = Self.file(Array(Self.emptyPage.utf8), name: "index.html") }

  /// The regular files below `folder`; names that begin with a dot and links are left out.
  package init(folder: String) throws(Objection) {
    var left = Self.mostBytes
    try add(folder, at: "/", depth: 0, &left)
    if files["/"] == nil { files["/"] = Site().files["/"] }
  }

  /// What is at `path`, as it stands in a request; nil when nothing is.
  func file(_ path: Substring) -> File? { files[String(path)] }

  /// The body of an answer that is no file.
  static func page(_ line: String) -> [UInt8] {
    Array(
      """
      <html>
      <head><title>\(line)</title></head>
      <body>
      <center><h1>\(line)</h1></center>
      </body>
      </html>

      """.utf8)
  }

  private mutating func add(
    _ folder: String, at path: String, depth: Int, _ left: inout Int
  ) throws(Objection) {
    guard depth <= Self.deepest, let entries = opendir(folder) else { throw .unreadable(folder) }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(validating: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name, !name.hasPrefix("."), name.utf8.allSatisfy(Self.isPlain) else { continue }
      let whole = folder + "/" + name
      var info = stat()
      guard lstat(whole, &info) == 0 else { throw .unreadable(whole) }
      switch info.st_mode & S_IFMT {
      case S_IFDIR: try add(whole, at: path + name + "/", depth: depth + 1, &left)
      case S_IFREG:
        let bytes = try Self.read(whole, limit: left)
        left -= bytes.count
        guard files.count < Self.mostFiles else { throw .tooLarge }
        let file = Self.file(bytes, name: name)
        files[path + name] = file
        if name == "index.html" { files[path] = file }
      default: continue
      }
    }
  }

  private static func read(_ path: String, limit: Int) throws(Objection) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .unreadable(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count >= 0 else { throw .unreadable(path) }
      guard count > 0 else { return bytes }
      guard bytes.count + count <= limit else { throw .tooLarge }
      bytes += chunk[..<count]
    }
  }

  private static func file(_ bytes: [UInt8], name: String) -> File {
    // FNV-1a, 64 bits: told apart, not protected.
    let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
    }
    let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
    return File(
      bytes: bytes, type: ending.flatMap { types[$0] } ?? "application/octet-stream",
      tag: "\"\(String(hash, radix: 16))-\(String(bytes.count, radix: 16))\"")
  }

  /// Names that stand in a request as they are.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static let types = [
    "html": "text/html", "htm": "text/html", "css": "text/css", "js": "application/javascript",
    "json": "application/json", "txt": "text/plain", "xml": "text/xml", "svg": "image/svg+xml",
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "ico": "image/x-icon", "woff2": "font/woff2", "pdf": "application/pdf",
  ]

  private static let emptyPage = """
    <html>
    <head><title>Index of /</title></head>
    <body>
    <h1>Index of /</h1><hr><pre><a href="../">../</a>
    </pre><hr></body>
    </html>

    """

  /// A small site; it stays in memory. Guesses.
  private static let mostBytes = 16 << 20
  private static let mostFiles = 1_024
  private static let deepest = 8
}
