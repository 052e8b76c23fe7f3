/// Splits a Swift source into what the compiler reads and what people read.
///
/// Rules look for calls in `code`, where comments and the insides of string literals are blank, and
/// for remarks in `comments`, where everything else is. Both keep every line break, so line numbers
/// hold. Interpolations stay code. Bare-slash regular expressions are not known here.
struct Lexer {
  private(set) var code = ""
  private(set) var comments = ""

  private let characters: [Character]
  private var index = 0

  init(_ text: String) {
    characters = Array(text)
    while index < characters.count { step() }
  }

  /// Reads one comment, one string or one character of code.
  private mutating func step() {
    if starts(with: "//") {
      while index < characters.count, !characters[index].isNewline { take(into: .comments) }
    } else if starts(with: "/*") {
      blockComment()
    } else if let quote = openingQuote() {
      string(quote)
    } else {
      take(into: .code)
    }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") {
        depth += 1
        take(2, into: .comments)
      } else if starts(with: "*/") {
        depth -= 1
        take(2, into: .comments)
      } else {
        take(into: .comments)
      }
    } while depth > 0 && index < characters.count
  }

  private struct Quote {
    let hashes: Int
    let isMultiline: Bool

    var width: Int { hashes + (isMultiline ? 3 : 1) }
  }

  private func openingQuote() -> Quote? {
    var hashes = 0
    while character(at: index + hashes) == "#" { hashes += 1 }
    guard character(at: index + hashes) == "\"" else { return nil }
    let isMultiline =
      character(at: index + hashes + 1) == "\"" && character(at: index + hashes + 2) == "\""
    return Quote(hashes: hashes, isMultiline: isMultiline)
  }

  private mutating func string(_ quote: Quote) {
    let end = String(repeating: "\"", count: quote.isMultiline ? 3 : 1) + hashes(quote)
    take(quote.width, into: .code)
    while index < characters.count {
      if starts(with: end) { return take(quote.width, into: .code) }
      if !quote.isMultiline, characters[index].isNewline { return }
      if starts(with: "\\" + hashes(quote) + "(") {
        take(2 + quote.hashes, into: .code)
        interpolation()
      } else if starts(with: "\\" + hashes(quote)) {
        take(min(2 + quote.hashes, characters.count - index), into: .nothing)
      } else {
        take(into: .nothing)
      }
    }
  }

  private mutating func interpolation() {
    var depth = 1
    while index < characters.count, depth > 0 {
      if characters[index] == "(" { depth += 1 }
      if characters[index] == ")" { depth -= 1 }
      step()
    }
  }

  private func hashes(_ quote: Quote) -> String { String(repeating: "#", count: quote.hashes) }

  private func character(at index: Int) -> Character? {
    characters.indices.contains(index) ? characters[index] : nil
  }

  private func starts(with text: String) -> Bool {
    var position = index
    for expected in text {
      guard character(at: position) == expected else { return false }
      position += 1
    }
    return true
  }

  private enum Sink {
    case code
    case comments
    case nothing
  }

  private mutating func take(_ count: Int = 1, into sink: Sink) {
    for _ in 0..<count where index < characters.count {
      let character = characters[index]
      let blank: Character = character.isNewline ? character : " "
      code.append(sink == .code ? character : blank)
      comments.append(sink == .comments ? character : blank)
      index += 1
    }
  }
}
