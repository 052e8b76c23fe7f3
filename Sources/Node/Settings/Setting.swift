/// What can be set, under one name in the file, the environment and on the command line.
package enum Setting: String, CaseIterable, Sendable {
  case name
  case bind
  case port
  case advertise
  case forward
  case peers
  case seeds
  case seedKeys = "seed-keys"
  case uplink
  case cap
  case relay
  case cover
  case strict
  case log
  case data
  case control
  case page
  case pageDevices = "page-devices"
  case pageNames = "page-names"
  case pageCertificate = "page-certificate"
  case pageCertificateKey = "page-certificate-key"
  case tunnel
  case tunnelCertificate = "tunnel-certificate"
  case tunnelKey = "tunnel-key"
  case tunnelSite = "tunnel-site"
  case tunnelAddress = "tunnel-address"
  case transports
  case transportListen = "transport-listen"
  case transportAddress = "transport-address"
  case proxy
  case lan
  case passphraseFile = "passphrase-file"
  case unprotected

  /// `STARLING_SEED_KEYS` for `seed-keys`.
  package var environmentName: String {
    "STARLING_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// What a value looks like.
  /// What a value must look like.
  package enum Form: Hashable, Sendable {
    case text
    case path
    case number(ClosedRange<Int>)
    case flag
    case list
    case paths
  }

  package var form: Form {
    switch self {
    case .name, .bind, .log, .page, .pageDevices, .tunnel, .tunnelAddress, .transportListen,
      .transportAddress, .proxy:
      .text
    case .data, .control, .passphraseFile, .tunnelCertificate, .tunnelKey, .tunnelSite,
      .pageCertificate, .pageCertificateKey:
      .path
    case .port: .number(0...65_535)
    // A terabit is beyond any line; the bound keeps the arithmetic far from overflow.
    case .uplink, .cap: .number(0...1_000_000_000)
    case .forward, .relay, .cover, .strict, .unprotected: .flag
    case .advertise, .peers, .seedKeys, .transports, .lan, .pageNames: .list
    case .seeds: .paths
    }
  }

  /// Values as the layers hold them.
  package enum Value: Hashable, Sendable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([String])

    /// As TOML.
    package var text: String {
      switch self {
      case .text(let text): Self.quoted(text)
      case .number(let number): String(number)
      case .flag(let flag): String(flag)
      case .list(let items): "[" + items.map(Self.quoted).joined(separator: ", ") + "]"
      }
    }

    private static func quoted(_ text: String) -> String {
      let body = text.unicodeScalars.map { scalar in
        switch scalar {
        case "\"", "\\": "\\\(scalar)"
        case "\u{0}"..<" ", "\u{7F}":
          "\\u" + String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count)
            + String(scalar.value, radix: 16)
        default: String(scalar)
        }
      }
      return "\"" + body.joined() + "\""
    }
  }

  /// Reads what the environment or a flag says in words.
  ///
  /// Lists are separated by commas.
  package func value(from words: String) -> Value? {
    switch form {
    case .text, .path:
      return .text(words)
    case .number(let range):
      guard let number = Int(words), range.contains(number) else { return nil }
      return .number(number)
    case .flag:
      switch words.lowercased() {
      case "true", "yes", "1": return .flag(true)
      case "false", "no", "0": return .flag(false)
      default: return nil
      }
    case .list, .paths:
      return .list(words.split(separator: ",").map(String.init))
    }
  }

  /// What is wrong with a number, which a flag does not check.
  func complaint(_ value: Value) -> String? {
    guard case .number(let range) = form, case .number(let number) = value,
      !range.contains(number)
    else { return nil }
    return "\(number) is not \(expectation)"
  }

  /// What is expected, for the sentence that refuses a value.
  package var expectation: String {
    switch form {
    case .text, .path: "a text"
    case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .flag: "true or false"
    case .list, .paths: "a list of texts"
    }
  }
}
