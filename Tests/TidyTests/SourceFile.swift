import Foundation

/// One file of the repository, read once, with its lines split the ways the rules need.
struct SourceFile {
  /// Relative to the package root, with forward slashes.
  let path: String
  let lines: [String]
  /// The same lines with comments and string contents blanked; for Swift only.
  let code: [String]
  /// The same lines with everything but comments blanked; for Swift only.
  let comments: [String]

  init(path: String, text: String) {
    self.path = path
    lines = Self.split(text)
    let lexer = Lexer(path.hasSuffix(".swift") ? text : "")
    code = Self.split(lexer.code)
    comments = Self.split(lexer.comments)
  }

  /// `Mesh` for `Sources/Mesh/Stage/Talker.swift`, nil outside `Sources`.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isMarkdown: Bool { path.hasSuffix(".md") }
  var isTest: Bool { path.hasPrefix("Tests/") }

  /// Lines of a text, without the empty one behind a closing line break.
  private static func split(_ text: String) -> [String] {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(
      String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }
}
