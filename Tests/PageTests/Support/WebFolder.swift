import Foundation

/// The page's files as they lie in the repository.
enum WebFolder {
  static let url = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Sources/Page/Web").standardizedFileURL

  static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }

  static func scripts() throws -> [String: String] {
    var scripts: [String: String] = [:]
    for name in try names() where name.hasSuffix(".js") {
      scripts[name] = try String(contentsOf: url.appending(path: name), encoding: .utf8)
    }
    return scripts
  }
}
