/// Splits a Swift source into what the compiler reads and what people read.
///
/// Rules look for calls in `code`, where comments and the insides of string literals are blank, and
/// for remarks in `comments`, where everything else is. Both keep every line break, so line numbers
/// hold. Interpolations stay code. Works on UTF-8, since all marks are ASCII. Bare-slash regular
/// expressions are not known here.
struct Lexer {
  var code: String { String(decoding: codeBytes, as: UTF8.self) }
  var comments: String { String(decoding: commentBytes, as: UTF8.self) }

  private let bytes: [UInt8]
  private var codeBytes: [UInt8] = []
  private var commentBytes: [UInt8] = []
  private var index = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
    while index < bytes.count { step() }
  }

  /// Reads one comment, one string or one character of code.
  private mutating func step() {
    switch bytes[index] {
    case UInt8(ascii: "/"), UInt8(ascii: "#"), Self.quote: mark()
    default: take(into: .code)
    }
  }

  private mutating func mark() {
    if starts(with: "//") {
      while index < bytes.count, bytes[index] != Self.newline { take(into: .comments) }
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
    } while depth > 0 && index < bytes.count
  }

  private struct Quote {
    let hashes: Int
    let isMultiline: Bool

    var width: Int { hashes + (isMultiline ? 3 : 1) }
  }

  private func openingQuote() -> Quote? {
    var hashes = 0
    while byte(at: index + hashes) == UInt8(ascii: "#") { hashes += 1 }
    guard byte(at: index + hashes) == Self.quote else { return nil }
    let isMultiline =
      byte(at: index + hashes + 1) == Self.quote && byte(at: index + hashes + 2) == Self.quote
    return Quote(hashes: hashes, isMultiline: isMultiline)
  }

  private mutating func string(_ quote: Quote) {
    let end = String(repeating: "\"", count: quote.isMultiline ? 3 : 1) + hashes(quote)
    take(quote.width, into: .code)
    while index < bytes.count {
      if starts(with: end) { return take(quote.width, into: .code) }
      if !quote.isMultiline, bytes[index] == Self.newline { return }
      if starts(with: "\\" + hashes(quote) + "(") {
        take(2 + quote.hashes, into: .code)
        interpolation()
      } else if starts(with: "\\" + hashes(quote)) {
        take(min(2 + quote.hashes, bytes.count - index), into: .nothing)
      } else {
        take(into: .nothing)
      }
    }
  }

  private mutating func interpolation() {
    var depth = 1
    while index < bytes.count, depth > 0 {
      if bytes[index] == UInt8(ascii: "(") { depth += 1 }
      if bytes[index] == UInt8(ascii: ")") { depth -= 1 }
      step()
    }
  }

  private func hashes(_ quote: Quote) -> String { String(repeating: "#", count: quote.hashes) }

  private func byte(at index: Int) -> UInt8? {
    bytes.indices.contains(index) ? bytes[index] : nil
  }

  private func starts(with text: String) -> Bool {
    bytes[index...].starts(with: text.utf8)
  }

  private enum Sink {
    case code
    case comments
    case nothing
  }

  private mutating func take(_ count: Int = 1, into sink: Sink) {
    for _ in 0..<count where index < bytes.count {
      let byte = bytes[index]
      let blank = byte == Self.newline ? byte : UInt8(ascii: " ")
      codeBytes.append(sink == .code ? byte : blank)
      commentBytes.append(sink == .comments ? byte : blank)
      index += 1
    }
  }

  private static let newline = UInt8(ascii: "\n")
  private static let quote = UInt8(ascii: "\"")
}
