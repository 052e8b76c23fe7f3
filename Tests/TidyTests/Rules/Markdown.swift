import Foundation

extension Rule {
  static let oneTitle = Rule(
    name: "one-title",
    examples: [
      Example(path: "docs/a.md", caught: "# One\n\n# Two", passes: "# One\n\n## Two"),
      Example(
        path: "docs/a.md", caught: "Only text", passes: "# One\n\n```sh\n# a comment\n```"),
    ]
  ) { file in
    guard file.isMarkdown else { return [] }
    let titles = prose(file).filter { $0.text.hasPrefix("# ") }
    guard titles.count != 1 else { return [] }
    return [
      Finding(
        path: file.path, line: titles.dropFirst().first?.line ?? 1, rule: "one-title",
        message: "\(titles.count) first-level headings", replacement: "have exactly one")
    ]
  }

  static let relativeLinks = Rule(
    name: "relative-links",
    examples: [
      Example(
        path: "docs/decisions/a.md", caught: "[text](nowhere/at-all.md)",
        passes: "[up](../../Package.swift) [web](https://example.org) [here](#there)"),
      Example(
        path: "a.md", caught: "[text]: lost.md",
        passes: "`[not a](link.md)`\n\n```\n[nor](this.md)\n```\n[folder](Sources/Wire#top)"),
    ]
  ) { file in
    guard file.isMarkdown else { return [] }
    let folder = Repository.packageRoot.appending(path: file.path).deletingLastPathComponent()
    return prose(file).flatMap { line, text in
      links(in: text).filter { !resolves($0, from: folder) }.map { link in
        Finding(
          path: file.path, line: line, rule: "relative-links", message: "`\(link)` leads nowhere",
          replacement: "point it at a file that exists")
      }
    }
  }

  /// Lines outside fenced blocks, with inline code blanked.
  private static func prose(_ file: SourceFile) -> [(line: Int, text: String)] {
    var isFenced = false
    return file.lines.enumerated().compactMap { offset, line in
      let text = line.drop(while: \.isWhitespace)
      if text.hasPrefix("```") || text.hasPrefix("~~~") {
        isFenced.toggle()
        return nil
      }
      return isFenced ? nil : (offset + 1, line.replacing(/`[^`]*`/, with: ""))
    }
  }

  private static func links(in text: String) -> [String] {
    let inline = text.matches(of: /\]\(\s*<?([^)\s>]+)/).map { String($0.1) }
    let reference = text.firstMatch(of: /^\s*\[[^\]]+\]:\s*<?([^\s>]+)/).map { String($0.1) }
    return inline + [reference].compactMap { $0 }
  }

  private static func resolves(_ link: String, from folder: URL) -> Bool {
    if link.hasPrefix("#") || link.contains(/^[a-z][a-z0-9+.-]*:/) { return true }
    let path = link.split(separator: "#", maxSplits: 1)[0]
    let target =
      path.hasPrefix("/") ? nil : folder.appending(path: String(path)).standardizedFileURL
    guard let target else { return false }
    return FileManager.default.fileExists(atPath: target.path)
  }
}
