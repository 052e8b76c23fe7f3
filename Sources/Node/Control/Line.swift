import FoundationEssentials

/// One line of JSON with its line feed.
package enum Line {
  package static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Our own reports hold nothing JSON cannot say.
    guard let data = try? encoder.encode(value) else { return Array("{}\n".utf8) }
    return Array(data) + [lineFeed]
  }

  package static func decode<Value: Decodable>(_ line: [UInt8], as type: Value.Type) -> Value? {
    try? JSONDecoder().decode(type, from: Data(line))
  }

  package static let lineFeed = UInt8(ascii: "\n")

  /// Longer requests are refused: an invite with four contacts has under a thousand bytes.
  package static let longest = 64 * 1_024
}
