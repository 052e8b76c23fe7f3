/// A value of JSON (RFC 8259) as it stood in a file: members keep their order, nothing is guessed.
indirect enum JSON {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([(name: String, value: JSON)])

  var kind: String {
    switch self {
    case .null: "null"
    case .flag: "true or false"
    case .number: "a number"
    case .text: "a text"
    case .list: "a list"
    case .object: "an object"
    }
  }

  /// Where and why a file is no JSON.
  struct Fault: Error {
    let line: Int
    let reason: String
  }

  init(_ bytes: [UInt8]) throws(Fault) {
    var parser = Parser(bytes: bytes)
    self = try parser.value(depth: 0)
    parser.skip()
    guard parser.isAtEnd else { throw parser.fault("something stands behind the end") }
  }

  private struct Parser {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at >= bytes.count }
    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    func fault(_ reason: String) -> Fault {
      let line = 1 + bytes.prefix(at).count { $0 == UInt8(ascii: "\n") }
      return Fault(line: line, reason: reason)
    }

    mutating func skip() {
      while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
        at += 1
      }
    }

    mutating func value(depth: Int) throws(Fault) -> JSON {
      guard depth < 32 else { throw fault("nested too deeply") }
      skip()
      switch next {
      case UInt8(ascii: "{"): return try object(depth)
      case UInt8(ascii: "["): return try list(depth)
      case UInt8(ascii: "\""): return .text(try text())
      case UInt8(ascii: "t"): return try word("true", .flag(true))
      case UInt8(ascii: "f"): return try word("false", .flag(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      case nil: throw fault("the file ends too early")
      default: return try number()
      }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(Fault) -> JSON {
      let expected = Array(word.description.utf8)
      guard bytes.dropFirst(at).starts(with: expected) else { throw fault("expected \(word)") }
      at += expected.count
      return value
    }

    private mutating func number() throws(Fault) -> JSON {
      let start = at
      while let byte = next, "+-.eE0123456789".utf8.contains(byte) { at += 1 }
      let text = String(decoding: bytes[start..<at], as: UTF8.self)
      guard let number = Double(text), number.isFinite else { throw fault("expected a value") }
      return .number(number)
    }

    private mutating func text() throws(Fault) -> String {
      at += 1
      var result: [UInt8] = []
      while let byte = next {
        at += 1
        if byte == UInt8(ascii: "\"") { return String(decoding: result, as: UTF8.self) }
        guard byte >= 0x20 else { throw fault("a line ends inside a text") }
        guard byte == UInt8(ascii: "\\") else {
          result.append(byte)
          continue
        }
        guard let escaped = next else { break }
        at += 1
        switch escaped {
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escaped)
        default: throw fault("this escape is not supported")
        }
      }
      throw fault("a text does not end")
    }

    private mutating func list(_ depth: Int) throws(Fault) -> JSON {
      at += 1
      var items: [JSON] = []
      skip()
      if next == UInt8(ascii: "]") {
        at += 1
        return .list(items)
      }
      while true {
        items.append(try value(depth: depth + 1))
        skip()
        guard let byte = next else { throw fault("a list does not end") }
        at += 1
        if byte == UInt8(ascii: "]") { return .list(items) }
        guard byte == UInt8(ascii: ",") else { throw fault("expected , or ]") }
      }
    }

    private mutating func object(_ depth: Int) throws(Fault) -> JSON {
      at += 1
      var members: [(name: String, value: JSON)] = []
      skip()
      if next == UInt8(ascii: "}") {
        at += 1
        return .object(members)
      }
      while true {
        skip()
        guard next == UInt8(ascii: "\"") else { throw fault("expected a name in quotes") }
        let name = try text()
        guard !members.contains(where: { $0.name == name }) else {
          throw fault("\(name) stands twice in one object")
        }
        skip()
        guard next == UInt8(ascii: ":") else { throw fault("expected : behind \(name)") }
        at += 1
        members.append((name, try value(depth: depth + 1)))
        skip()
        guard let byte = next else { throw fault("an object does not end") }
        at += 1
        if byte == UInt8(ascii: "}") { return .object(members) }
        guard byte == UInt8(ascii: ",") else { throw fault("expected , or }") }
      }
    }
  }
}
