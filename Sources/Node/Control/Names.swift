package import Mesh
package import Wire

// How roles, rules and keys are written in JSON.

extension Role {
  package var text: String {
    switch self {
    case .listener: "listener"
    case .speaker: "speaker"
    case .moderator: "moderator"
    case .host: "host"
    }
  }

  package init?(name: String) {
    guard let role = Role.allCases.first(where: { $0.text == name }) else { return nil }
    self = role
  }
}

extension Reaction.Sign {
  package var text: String {
    switch self {
    case .clap: "clap"
    case .laugh: "laugh"
    case .heart: "heart"
    case .wave: "wave"
    case .wow: "wow"
    case .agree: "agree"
    }
  }

  package init?(name: String) {
    guard let sign = Self.allCases.first(where: { $0.text == name }) else { return nil }
    self = sign
  }
}

extension RoomPolicy {
  private static let named: [(RoomPolicy, String)] = [
    (.handsDown, "handsDown"), (.listenersShown, "listenersShown"), (.doorShut, "doorShut"),
  ]

  package var names: [String] { Self.named.filter { contains($0.0) }.map(\.1) }

  package init?(names: [String]) {
    self = []
    for name in names {
      guard let policy = Self.named.first(where: { $0.1 == name })?.0 else { return nil }
      insert(policy)
    }
  }
}

extension Access {
  package var text: String {
    switch self {
    case .open: "open"
    case .social: "social"
    case .closed: "closed"
    }
  }
}

extension PersonaID {
  /// 64 hexadecimal digits.
  package var text: String { raw.text }
}

extension Bytes32 {
  var text: String { array.hexadecimal }

  init?(hexadecimal text: String) {
    guard text.utf8.count == 64 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for letter in text {
      guard letter.isASCII, let digit = letter.hexDigitValue else { return nil }
      if let first = high {
        bytes.append(first << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    var reader = Reader(bytes.span)
    guard let value = try? reader.bytes32() else { return nil }
    self = value
  }
}

extension [UInt8] {
  var hexadecimal: String {
    map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
