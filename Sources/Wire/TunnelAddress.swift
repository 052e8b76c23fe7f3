/// Where a node can be reached by a stream: through an ordinary web server, by a host, a port, a
/// path nobody guesses, and the server's key when no authority vouches for it; or through a
/// pluggable transport, by a host, a port, the transport's name and what it must be told.
///
/// As text `host:port/path`, `:443` left out, `~` and the pin behind the path when there is one; or
/// `host:port,name,key=value;key=value`. The reader is strict: whatever it takes it would write the
/// same way, but for the case of the host and a port that need not be said.
package struct TunnelAddress: Hashable, Sendable {
  /// What a stream looks like on the way.
  package enum Kind: Hashable, Sendable {
    /// The path begins with a slash.
    ///
    /// The pin is the SHA-256 of the server key's SubjectPublicKeyInfo. With it any certificate
    /// will do that holds this key; without it the system's trust store decides.
    case web(path: String, pin: Bytes32?)
    case pluggable(TransportCall)
  }

  /// A name in lower case, an IPv4 address, or an IPv6 address without brackets.
  package let host: String
  package let port: UInt16
  package let kind: Kind

  /// Nil when a part is not what it must be.
  package init?(host: String, port: UInt16, path: String, pin: Bytes32? = nil) {
    guard Self.isPath(Array(path.utf8)[...]) else { return nil }
    self.init(host: host, port: port, kind: .web(path: path, pin: pin))
  }

  package init?(host: String, port: UInt16, transport: TransportCall) {
    self.init(host: host, port: port, kind: .pluggable(transport))
  }

  private init?(host: String, port: UInt16, kind: Kind) {
    let bare = Self.withoutBrackets(Array(host.utf8))
    guard port != 0, (1...Self.longestHost).contains(bare.count), Self.isHost(bare[...]) else {
      return nil
    }
    self.host = String(decoding: bare.map(Self.lowered), as: UTF8.self)
    self.port = port
    self.kind = kind
  }

  package init?(text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.longestText,
      let mark = bytes.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == Self.comma }),
      let place = Self.place(Array(bytes[..<mark]))
    else { return nil }
    if bytes[mark] == Self.comma {
      let words = String(decoding: bytes[(mark + 1)...], as: UTF8.self)
      guard let call = TransportCall(text: words) else { return nil }
      self.init(host: place.host, port: place.port, kind: .pluggable(call))
      return
    }
    var path = bytes[mark...]
    var pin: Bytes32?
    if let mark = path.firstIndex(of: Self.pinMark) {
      let letters = path[path.index(after: mark)...]
      guard let raw = try? Base64.url.decode(letters: letters), let read = Bytes32(raw) else {
        return nil
      }
      pin = read
      path = path[..<mark]
    }
    self.init(
      host: place.host, port: place.port, path: String(decoding: path, as: UTF8.self), pin: pin)
  }

  package var text: String {
    let place = (isIPv6 ? "[\(host)]" : host) + (port == Self.standardPort ? "" : ":\(port)")
    switch kind {
    case .web(let path, let pin):
      return place + path + (pin.map { "~" + Base64.url.encode($0.array) } ?? "")
    case .pluggable(let call): return place + "," + call.text
    }
  }

  /// Of a web server's; empty for a pluggable transport.
  package var path: String {
    if case .web(let path, _) = kind { path } else { "" }
  }

  package var pin: Bytes32? {
    if case .web(_, let pin) = kind { pin } else { nil }
  }

  /// Whether the host is a name, which TLS may say aloud, and no address.
  package var isName: Bool { !isIPv6 && !Self.isIPv4(Array(host.utf8)[...]) }

  private var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

  /// What HTTPS uses (RFC 9110 §4.2.2); a tunnel elsewhere stands out.
  package static let standardPort: UInt16 = 443
  package static let longestHost = 64
  package static let longestPath = 64
}

extension TunnelAddress {
  package func encode(into writer: inout Writer) {
    writer.text(host, limit: Self.longestHost)
    writer.u16(port)
    switch kind {
    case .web(let path, let pin):
      writer.text(path, limit: Self.longestPath)
      writer.u8(pin == nil ? 0 : 1)
      if let pin { writer.bytes32(pin) }
    case .pluggable(let call):
      writer.text(call.name, limit: Self.longestPath)
      writer.u8(Self.pluggableMark)
      writer.text(call.arguments, limit: TransportCall.longestArguments)
    }
  }

  package init(from reader: inout Reader) throws(WireError) {
    let host = try reader.text(limit: Self.longestHost)
    let port = try reader.u16()
    let name = try reader.text(limit: Self.longestPath)
    let address: Self?
    switch try reader.u8() {
    case 0: address = Self(host: host, port: port, path: name)
    case 1: address = Self(host: host, port: port, path: name, pin: try reader.bytes32())
    case Self.pluggableMark:
      let arguments = try reader.text(limit: TransportCall.longestArguments)
      address = TransportCall(name: name, arguments: arguments)
        .flatMap { Self(host: host, port: port, transport: $0) }
    default: throw .unknown
    }
    // One encoding for one address.
    guard let address, address.host == host else { throw .text }
    self = address
  }
}

extension TunnelAddress {
  /// Splits `host`, `host:port` and `[address]:port`.
  private static func place(_ bytes: [UInt8]) -> (host: String, port: UInt16)? {
    var host = bytes[...]
    var port = standardPort
    let bracket = bytes.lastIndex(of: UInt8(ascii: "]")) ?? -1
    if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), colon > bracket {
      let digits = bytes[(colon + 1)...]
      guard (1...5).contains(digits.count), digits.allSatisfy(isDigit),
        digits.first != UInt8(ascii: "0"),
        let read = UInt16(exactly: digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
      else { return nil }
      port = read
      host = bytes[..<colon]
    }
    // Without brackets the last group of an IPv6 address could be meant as a port.
    guard bracket >= 0 || !host.contains(UInt8(ascii: ":")) else { return nil }
    return (String(decoding: host, as: UTF8.self), port)
  }

  private static func withoutBrackets(_ host: [UInt8]) -> [UInt8] {
    guard host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]"),
      host.contains(UInt8(ascii: ":"))
    else { return host }
    return Array(host.dropFirst().dropLast())
  }

  private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
    if host.contains(UInt8(ascii: ":")) { return isIPv6(host) }
    // What looks like an address in numbers must be one (RFC 1123 §2.1).
    if host.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }) { return isIPv4(host) }
    return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
      (1...63).contains($0.count) && $0.allSatisfy { isDigit($0) || isLetter($0) || $0 == dash }
        && $0.first != dash && $0.last != dash
    }
  }

  private static func isIPv4(_ host: ArraySlice<UInt8>) -> Bool {
    let parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.count) && part.allSatisfy(isDigit)
          && (part.count == 1 || part.first != UInt8(ascii: "0"))
          && part.reduce(0, { $0 * 10 + Int($1 - UInt8(ascii: "0")) }) <= 255
      }
  }

  /// RFC 4291 §2.2, without a zone: eight groups, or fewer around one `::`; the last two may be
  /// an IPv4 address.
  private static func isIPv6(_ host: ArraySlice<UInt8>) -> Bool {
    let groups = host.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard (3...9).contains(groups.count) else { return false }
    var words = 0
    for (index, group) in groups.enumerated() where !group.isEmpty {
      if index == groups.count - 1, group.contains(UInt8(ascii: ".")) {
        guard isIPv4(group) else { return false }
        words += 2
      } else {
        guard group.count <= 4, group.allSatisfy(isHexDigit) else { return false }
        words += 1
      }
    }
    let empty = groups.indices.filter { groups[$0].isEmpty }
    let last = groups.count - 1
    switch empty.count {
    case 0: return words == 8
    case 1: return empty[0] != 0 && empty[0] != last && words <= 7
    // `::1` and `1::` have two empty parts at one end, `::` has three.
    case 2: return (empty == [0, 1] || empty == [last - 1, last]) && words <= 7
    case 3: return groups.count == 3
    default: return false
    }
  }

  /// Segments of unreserved characters (RFC 3986 §2.3) without the tilde, none empty, none that a
  /// web server on the way would resolve.
  private static func isPath(_ path: ArraySlice<UInt8>) -> Bool {
    guard (2...longestPath).contains(path.count), path.first == UInt8(ascii: "/") else {
      return false
    }
    let segments = path.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return segments.allSatisfy { segment in
      !segment.isEmpty && segment.contains { $0 != dot }
        && segment.allSatisfy {
          isDigit($0) || isLetter($0) || $0 == dash || $0 == dot || $0 == UInt8(ascii: "_")
        }
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowered(byte))
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lowered(byte))
  }

  private static func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  private static let pluggableMark: UInt8 = 2
  private static let comma = UInt8(ascii: ",")
  private static let dash = UInt8(ascii: "-")
  private static let dot = UInt8(ascii: ".")
  private static let pinMark = UInt8(ascii: "~")
  /// Host 64 and brackets, port 6, then path 64, mark and pin 44, or two commas, name 32 and
  /// arguments 160.
  private static let longestText = 266
}
