import Foundation

/// The checked-out package: where it is and which of its files the rules read.
struct Repository {
  let files: [SourceFile]

  static let here = Repository(root: packageRoot)
  static let packageRoot = packageRoot(above: #filePath)

  private static let textSuffixes = [".swift", ".md", ".c", ".h", ".py", ".sh"]

  private init(root: URL) {
    let names = Self.listedByGit(root) ?? Self.walked(root)
    files = names.sorted().compactMap { name in
      guard Self.isText(name) else { return nil }
      // Listed but deleted, or not text: nothing to check.
      guard let text = try? String(contentsOf: root.appending(path: name), encoding: .utf8)
      else { return nil }
      return SourceFile(path: name, text: text)
    }
  }

  private static func packageRoot(above path: String) -> URL {
    var folder = URL(filePath: path).resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/",
      !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path)
    {
      folder.deleteLastPathComponent()
    }
    return folder
  }

  private static func isText(_ name: String) -> Bool {
    name.hasPrefix("scripts/") || textSuffixes.contains { name.hasSuffix($0) }
  }

  /// Tracked files and new ones that are not ignored; nil where git or its data is missing.
  private static func listedByGit(_ root: URL) -> [String]? {
    let git = Process()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = [
      "git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
    ]
    let output = Pipe()
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    do { try git.run() } catch { return nil }
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    git.waitUntilExit()
    guard git.terminationStatus == 0, !bytes.isEmpty else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\0").map(String.init)
  }

  /// For an unpacked archive: every file outside hidden folders and build products.
  private static func walked(_ root: URL) -> [String] {
    guard let names = FileManager.default.enumerator(atPath: root.path) else { return [] }
    return names.compactMap { $0 as? String }.filter { name in
      !name.split(separator: "/").contains { $0.hasPrefix(".") }
    }
  }
}
