// SPDX-License-Identifier: Apache-2.0
import Keys

/// What a new device shows once: ten letters that are hard to mistake for each other, 50 bits.
package struct PairingCode: Sendable {
  private let letters: [UInt8]

  package init() {
    var entropy = Entropy.system
    letters = entropy.fill(Self.length).map { Self.alphabet[Int($0 & 31)] }
  }

  /// In two groups, for people.
  package var text: String {
    let half = Self.length / 2
    return String(decoding: letters[..<half] + [Self.dash] + letters[half...], as: UTF8.self)
  }

  /// Compares in a time that does not depend on what is wrong; dashes, spaces and capitals do not
  /// matter, nor the letters that are taken for digits.
  package func matches(_ typed: String) -> Bool {
    let offered = typed.utf8.compactMap(Self.read)
    guard offered.count == letters.count else { return false }
    return zip(letters, offered).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func read(_ letter: UInt8) -> UInt8? {
    let small = letter | 0x20
    switch letter {
    case UInt8(ascii: " "), dash: return nil
    case UInt8(ascii: "o"), UInt8(ascii: "O"): return UInt8(ascii: "0")
    case UInt8(ascii: "i"), UInt8(ascii: "I"), UInt8(ascii: "l"), UInt8(ascii: "L"):
      return UInt8(ascii: "1")
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): return small
    default: return letter
    }
  }

  /// Crockford's: without i, l, o and u.
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
  private static let length = 10
  private static let dash = UInt8(ascii: "-")
}
