/// Reads the part of TOML 1.0 that settings need: bare keys with a text, a whole number, true,
/// false or a list of texts, one a line, and comments.
///
/// Whatever else TOML has is refused where it stands. One pass, no recursion, nothing the text can
/// make large.
struct TOMLReader {
  /// One line of the file that says something.
  struct Pair {
    let key: String
    let value: Setting.Value
    let line: Int
  }

  /// What is wrong, for a person, and where.
  struct Flaw: Error {
    let line: Int
    let sentence: String
  }

  private let bytes: [UInt8]
  private var place = 0
  private var line = 1

  init(_ text: String) {
    bytes = Array(text.utf8)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
  }

  mutating func pairs() throws(Flaw) -> [Pair] {
    var pairs: [Pair] = []
    while true {
      skipSpace()
      if try endsLine() {
        if place == bytes.count { return pairs }
        continue
      }
      let key = try key()
      let pair = Pair(key: key, value: try value(of: key), line: line)
      guard !pairs.contains(where: { $0.key == key }) else { throw flaw("\(key) is set twice") }
      pairs.append(pair)
      skipSpace()
      guard try endsLine() else { throw flaw("something stands behind the value of \(key)") }
    }
  }

  // MARK: Lines

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private func flaw(_ sentence: String) -> Flaw { Flaw(line: line, sentence: sentence) }

  private mutating func take(_ expected: Character) -> Bool {
    guard next == expected.asciiValue else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { place += 1 }
  }

  /// Passes over a comment and the end of the line; false when something else stands there.
  private mutating func endsLine() throws(Flaw) -> Bool {
    if take("#") {
      while let byte = next, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
        guard !isControl(byte) else { throw flaw("a control character") }
        place += 1
      }
    }
    if next == UInt8(ascii: "\r") {
      place += 1
      guard next == UInt8(ascii: "\n") else { throw flaw("a control character") }
    }
    if take("\n") {
      line += 1
      return true
    }
    return place == bytes.count
  }

  /// Of those, a tab alone may stand in texts and comments.
  private func isControl(_ byte: UInt8) -> Bool {
    (byte < UInt8(ascii: " ") && byte != UInt8(ascii: "\t")) || byte == 0x7F
  }

  // MARK: Keys and values

  private mutating func key() throws(Flaw) -> String {
    guard next != UInt8(ascii: "[") else { throw flaw("settings stand in no table") }
    let start = place
    while let byte = next, isBare(byte) { place += 1 }
    guard place > start else { throw flaw("a name of letters, digits, - and _ is expected") }
    let key = String(decoding: bytes[start..<place], as: UTF8.self)
    skipSpace()
    guard take("=") else { throw flaw("\"=\" is expected behind \(key)") }
    skipSpace()
    return key
  }

  private func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private mutating func value(of key: String) throws(Flaw) -> Setting.Value {
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .text(try text())
    case UInt8(ascii: "["): return .list(try list(of: key))
    default: break
    }
    let start = place
    while let byte = next, isBare(byte) || byte == UInt8(ascii: "+") { place += 1 }
    let word = String(decoding: bytes[start..<place], as: UTF8.self)
    switch word {
    case "true": return .flag(true)
    case "false": return .flag(false)
    default:
      guard let number = number(word) else {
        throw flaw("\(key) is no text in quotes, whole number, true, false or list")
      }
      return .number(number)
    }
  }

  /// Decimal, with underscores between digits.
  private func number(_ word: String) -> Int? {
    let sign = word.first == "-" || word.first == "+" ? String(word.prefix(1)) : ""
    let parts = word.dropFirst(sign.count)
      .split(separator: "_", omittingEmptySubsequences: false)
    let digits = parts.joined()
    guard parts.allSatisfy({ !$0.isEmpty }), digits.allSatisfy({ ("0"..."9").contains($0) }),
      digits == "0" || digits.first != "0"
    else { return nil }
    return Int(sign + digits)
  }

  /// Over as many lines as it likes; a comma may stand behind the last.
  private mutating func list(of key: String) throws(Flaw) -> [String] {
    place += 1
    var items: [String] = []
    while true {
      try skipLines()
      if take("]") { return items }
      guard next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") else {
        throw flaw("something in the list \(key) is no text in quotes")
      }
      items.append(try text())
      try skipLines()
      if take("]") { return items }
      guard take(",") else { throw flaw("\",\" or \"]\" is missing in the list \(key)") }
    }
  }

  private mutating func skipLines() throws(Flaw) {
    while true {
      skipSpace()
      guard place < bytes.count else { throw flaw("the list has no end") }
      guard try endsLine() else { return }
    }
  }

  // MARK: Texts

  private mutating func text() throws(Flaw) -> String {
    let quote = bytes[place]
    place += 1
    if next == quote, place + 1 < bytes.count, bytes[place + 1] == quote {
      throw flaw("texts of several lines are not read here")
    }
    var letters: [UInt8] = []
    while let byte = next, byte != quote {
      guard !isControl(byte) else { throw flaw("the text has no end in its line") }
      place += 1
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        letters += try escaped()
      } else {
        letters.append(byte)
      }
    }
    guard next == quote else { throw flaw("the text has no end in its line") }
    place += 1
    return String(decoding: letters, as: UTF8.self)
  }

  /// What the letters behind a backslash stand for.
  private mutating func escaped() throws(Flaw) -> [UInt8] {
    guard let letter = next else { throw flaw("the text has no end in its line") }
    place += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [letter]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "u"): return try scalar(digits: 4)
    case UInt8(ascii: "U"): return try scalar(digits: 8)
    default: throw flaw("no such letter can stand behind \"\\\"")
    }
  }

  private mutating func scalar(digits: Int) throws(Flaw) -> [UInt8] {
    let word = bytes[place...].prefix(digits)
    place += word.count
    guard word.count == digits, word.allSatisfy({ isBare($0) && $0 != UInt8(ascii: "-") }),
      let value = UInt32(String(decoding: word, as: UTF8.self), radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw flaw("\"\\u\" and \"\\U\" stand before a character's four or eight digits") }
    return Array(String(Character(scalar)).utf8)
  }
}
