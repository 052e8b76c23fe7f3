import Wire

/// The pieces the files of `minisign` are made of.
enum MinisignText {
  static let untrusted = "untrusted comment: "
  static let trusted = "trusted comment: "
  /// The tool's own bound for a comment.
  static let commentLimit = 8192

  /// Without the line ends and what a trailing one leaves.
  static func lines(_ text: String) -> [Substring] {
    guard text.utf8.count <= 4 * commentLimit else { return [] }
    var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// One line that cannot break out of its place.
  static func comment(_ text: String) -> String {
    String(text.prefix(commentLimit / 4).map { $0.isNewline ? " " : $0 })
  }

  /// Key ids are little-endian.
  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
  }

  /// As the tool prints key ids: without leading zeros.
  static func hexadecimal(_ number: UInt64) -> String {
    String(number, radix: 16, uppercase: true)
  }
}
