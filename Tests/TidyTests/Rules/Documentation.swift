extension Rule {
  static let documentedTypes = Rule(
    name: "documented-types",
    examples: [
      Example(
        path: "Sources/Wire/A.swift", caught: "package struct A {}",
        passes: "/// What it is.\n@frozen\npackage struct A {}"),
      Example(
        path: "Sources/Wire/A.swift", caught: "// Not for readers.\npackage final class A {}",
        passes: "/**\n What it is.\n */\npackage indirect enum A {}"),
      Example(
        path: "Sources/Wire/A.swift", caught: "  @safe package actor A {}",
        passes: "package extension A {}\nstruct B {}\npackage func f() {}"),
    ]
  ) { file in
    guard file.target != nil, file.isSwift else { return [] }
    return file.code.indices.compactMap { line in
      guard file.code[line].contains("package ") else { return nil }
      let declaration =
        #/
          ^\s* (?: @\w+ (?: \( [^)]* \) )? \s+ )*
          package \s+ (?: (?: final | indirect | nonisolated ) \s+ )*
          (?: struct | enum | class | actor | protocol | typealias ) \s+ (\w+)
        /#
      guard let match = file.code[line].firstMatch(of: declaration),
        !isDocumented(line, in: file)
      else { return nil }
      return Finding(
        path: file.path, line: line + 1, rule: "documented-types",
        message: "\(match.1) has no doc comment", replacement: "say in one line what it is")
    }
  }

  static let fileHeader = Rule(
    name: "file-header",
    examples: [
      Example(
        path: "Sources/Wire/A.swift", caught: "import Keys\n\nlet a = 1\n// Too late.",
        passes: "import Keys\n\n/// What it is.\nlet a = 1"),
      Example(
        path: "Sources/Wire/A.swift", caught: "#if canImport(Glibc)\n@frozen\nstruct A {}\n#endif",
        passes: "// Where this file stands in the journey.\nimport Keys\nstruct A {}"),
      Example(
        path: "Sources/Wire/A.swift", caught: "\n",
        passes: "// Documentation only: the reading order of this target."),
    ]
  ) { file in
    guard file.target != nil, file.isSwift else { return [] }
    for line in file.lines.indices {
      if !isBlank(file.comments[line]) { return [] }
      let code = file.code[line].drop(while: \.isWhitespace)
      let preamble = [
        "#if", "#else", "#endif", "@", "import ", "package import ", "internal import ",
      ]
      if !code.isEmpty, !preamble.contains(where: { code.hasPrefix($0) }) { break }
    }
    return [
      Finding(
        path: file.path, line: 1, rule: "file-header",
        message: "nothing says what this file is for",
        replacement: "open it with a comment, or document its first declaration")
    ]
  }

  static let openRemarks = Rule(
    name: "open-remarks",
    examples: [
      Example(
        path: "Tests/WireTests/A.swift", caught: "let a = 1  // " + "TO" + "DO later",
        passes: #"let word = "TO"# + #"DO""#),
      Example(
        path: "scripts/a.sh", caught: "# FIX" + "ME", passes: "# Finished."),
      Example(
        path: "docs/a.md", caught: "TO" + "DO: write", passes: "# Done"),
    ]
  ) { file in
    // In halves, so that this file passes its own rule.
    let marks = ["TO" + "DO", "FIX" + "ME"]
    let remarks = file.isSwift ? file.comments : file.lines
    return remarks.enumerated().compactMap { offset, line in
      guard let mark = marks.first(where: { line.contains($0) }) else { return nil }
      return Finding(
        path: file.path, line: offset + 1, rule: "open-remarks", message: mark,
        replacement: "do it, or write it down as an issue")
    }
  }

  /// Looks above attributes for a doc comment that ends right before the declaration.
  private static func isDocumented(_ line: Int, in file: SourceFile) -> Bool {
    var above = line - 1
    while above >= 0, file.code[above].drop(while: \.isWhitespace).hasPrefix("@") { above -= 1 }
    guard above >= 0, isBlank(file.code[above]) else { return false }
    let comment = file.comments[above].drop(while: \.isWhitespace)
    return comment.hasPrefix("///") || file.comments[above].contains("*/")
  }

  private static func isBlank(_ line: String) -> Bool { line.allSatisfy(\.isWhitespace) }
}
