/// What a program that disguises streams must be told to reach one server: its transport's name and
/// the arguments of a bridge line, as `name,key=value;key=value` (Tor's pluggable transports).
package struct TransportCall: Hashable, Sendable {
  /// As in the environment of such programs: `[a-zA-Z_][a-zA-Z0-9_]*`.
  package let name: String
  /// `key=value;key=value`, or nothing.
  package let arguments: String

  /// Nil when a part is not what it must be.
  package init?(name: String, arguments: String) {
    let words = Array(name.utf8)
    guard Self.isName(words), Self.isArguments(Array(arguments.utf8)) else { return nil }
    self.name = name
    self.arguments = arguments
  }

  package init?(text: String) {
    let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first else { return nil }
    guard parts.count == 1 || !parts[1].isEmpty else { return nil }
    self.init(name: String(name), arguments: parts.count == 1 ? "" : String(parts[1]))
  }

  package var text: String { arguments.isEmpty ? name : name + "," + arguments }

  /// Whether a name may be given to such a program.
  package static func isName(_ letters: [UInt8]) -> Bool {
    guard (1...longestName).contains(letters.count), let first = letters.first else { return false }
    return !isDigit(first) && letters.allSatisfy { isLetter($0) || isDigit($0) || $0 == underscore }
  }

  /// Pairs of a key and a value, of characters that need no escape in an address, an environment or
  /// SOCKS.
  private static func isArguments(_ letters: [UInt8]) -> Bool {
    guard letters.count <= longestArguments else { return false }
    return letters.isEmpty
      || letters.split(separator: semicolon, omittingEmptySubsequences: false).allSatisfy { pair in
        guard let equals = pair.firstIndex(of: equalsSign), equals > pair.startIndex else {
          return false
        }
        return pair.allSatisfy { isLetter($0) || isDigit($0) || others.contains($0) }
      }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static let underscore = UInt8(ascii: "_")
  private static let semicolon = UInt8(ascii: ";")
  private static let equalsSign = UInt8(ascii: "=")
  /// Base64, numbers, names and addresses; nothing that ends a line, a query or a quotation.
  private static let others = Set("=+/-_.:~".utf8)
  /// Guesses: the longest known is `webtunnel`, and obfs4's arguments have 86 characters.
  package static let longestName = 32
  package static let longestArguments = 160
}
