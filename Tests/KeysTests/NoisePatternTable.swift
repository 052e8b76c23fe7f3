import Keys
import Testing

/// The fundamental patterns of the Noise Protocol Framework (§7.4 and §7.5), from which any name
/// with psk modifiers (§9) can be built.
enum NoisePatternTable {
  private typealias Tokens = [[NoisePattern.Token]]

  /// Nil for the deferred patterns, whose names have digits behind the letters.
  static func pattern(named name: String) -> NoisePattern? {
    switch name {
    case NoisePattern.xkpsk3.name: return .xkpsk3
    case NoisePattern.xx.name: return .xx
    default: break
    }
    let parts = name.split(separator: "psk", maxSplits: 1)
    guard let letters = parts.first, var messages = fundamental[String(letters)] else { return nil }
    if parts.count == 2 {
      let places = parts[1].split(separator: "+").map { Int($0.drop { !$0.isNumber }) }
      for case .some(let place) in places.reversed() {
        if place == 0 {
          messages[0].insert(.psk, at: 0)
        } else {
          messages[place - 1].append(.psk)
        }
      }
    }
    return NoisePattern(
      name: name, initiatorIsKnown: letters.first == "K",
      responderIsKnown: letters.last == "K" || oneWay.contains(String(letters)),
      messages: messages)
  }

  static let oneWay: Set<String> = ["N", "K", "X"]

  private static let fundamental: [String: Tokens] = [
    "N": [[.e, .es]],
    "K": [[.e, .es, .ss]],
    "X": [[.e, .es, .s, .ss]],
    "NN": [[.e], [.e, .ee]],
    "NK": [[.e, .es], [.e, .ee]],
    "NX": [[.e], [.e, .ee, .s, .es]],
    "XN": [[.e], [.e, .ee], [.s, .se]],
    "XK": [[.e, .es], [.e, .ee], [.s, .se]],
    "XX": [[.e], [.e, .ee, .s, .es], [.s, .se]],
    "KN": [[.e], [.e, .ee, .se]],
    "KK": [[.e, .es, .ss], [.e, .ee, .se]],
    "KX": [[.e], [.e, .ee, .se, .s, .es]],
    "IN": [[.e, .s], [.e, .ee, .se]],
    "IK": [[.e, .es, .s, .ss], [.e, .ee, .se]],
    "IX": [[.e, .s], [.e, .ee, .se, .s, .es]],
  ]
}
