extension Rule {
  static let lineLimit = 100
  static let fileLimit = 500
  static let functionLimit = 60

  static let lineLength = Rule(
    name: "line-length",
    examples: [
      Example(
        path: "Sources/Wire/A.swift", caught: "// " + String(repeating: "x", count: 98),
        passes: "// " + String(repeating: "ї", count: 97))
    ]
  ) { file in
    // Prose wraps where its writer likes; tables cannot.
    guard !file.isMarkdown else { return [] }
    return file.lines.enumerated().filter { $0.element.count > lineLimit }.map { offset, line in
      Finding(
        path: file.path, line: offset + 1, rule: "line-length",
        message: "\(line.count) columns of at most \(lineLimit)", replacement: "break the line")
    }
  }

  static let fileLength = Rule(
    name: "file-length",
    examples: [
      Example(
        path: "Sources/Wire/A.swift", caught: String(repeating: "// x\n", count: 501),
        passes: String(repeating: "// x\n", count: 500))
    ]
  ) { file in
    guard !file.isMarkdown, file.lines.count > fileLimit else { return [] }
    return [
      Finding(
        path: file.path, line: fileLimit + 1, rule: "file-length",
        message: "\(file.lines.count) lines of at most \(fileLimit)",
        replacement: "split by what changes together")
    ]
  }

  static let functionLength = Rule(
    name: "function-length",
    examples: [
      Example(
        path: "Sources/Wire/A.swift", caught: function("func a() {", lines: 61),
        passes: function("func a() {", lines: 60)),
      Example(
        path: "Sources/Wire/A.swift",
        caught: function("package init(a: Int = { 1 }()) throws(E)\nwhere T: U {", lines: 61),
        passes: "protocol P {\n  func a()\n}\n" + function("struct S {", lines: 90)),
    ]
  ) { file in
    guard file.isSwift else { return [] }
    return FunctionScanner(file.code).functions.compactMap { function in
      guard function.lineCount > functionLimit else { return nil }
      return Finding(
        path: file.path, line: function.line, rule: "function-length",
        message: "\(function.name) has \(function.lineCount) lines of at most \(functionLimit)",
        replacement: "move a step it takes into a function of its own, below it")
    }
  }

  /// A function of exactly `lines` lines, opened by `head`.
  private static func function(_ head: String, lines: Int) -> String {
    let used = head.split(separator: "\n").count + 1
    return head + "\n" + String(repeating: "  x()\n", count: lines - used) + "}\n"
  }
}

/// Finds functions and counts their lines by matching braces in code without comments and strings.
struct FunctionScanner {
  struct Function {
    let name: String
    let line: Int
    let lineCount: Int
  }

  private(set) var functions: [Function] = []

  private let code: [String]

  init(_ code: [String]) {
    self.code = code
    for (offset, line) in code.enumerated() {
      guard line.contains("func ") || line.contains("init") else { continue }
      let declaration =
        /(?:^|\s)(?:func\s+(?<name>[^\s(<]+)|(?<start>init)[?]?\s*[<(]|(?<end>deinit)\s*\{)/
      guard let match = line.firstMatch(of: declaration) else { continue }
      let name = match.name ?? match.start ?? match.end ?? ""
      guard let last = lastLine(from: offset, column: match.range.lowerBound) else { continue }
      functions.append(
        Function(name: String(name), line: offset + 1, lineCount: last - offset + 1))
    }
  }

  /// The line of the brace that closes the body; nil for a requirement without a body.
  private func lastLine(from first: Int, column: String.Index) -> Int? {
    var parentheses = 0
    var braces = 0
    for offset in first..<code.count {
      let line = offset == first ? code[offset][column...] : code[offset][...]
      if offset > first, parentheses == 0, braces == 0, !continuesSignature(line) { return nil }
      for character in line {
        switch character {
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        case "{" where parentheses == 0 || braces > 0: braces += 1
        case "}" where braces > 0:
          braces -= 1
          if braces == 0 { return offset }
        default: break
        }
      }
    }
    return nil
  }

  private func continuesSignature(_ line: Substring) -> Bool {
    let text = line.drop(while: \.isWhitespace)
    let continuations = ["{", "->", "where", "throws", "async", "(", "//"]
    return text.isEmpty || continuations.contains { text.hasPrefix($0) }
  }
}
