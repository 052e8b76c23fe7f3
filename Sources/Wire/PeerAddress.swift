/// A peer address as people pass it on: who the node is and where it was last seen.
///
/// `starling://<key>@<host>:<port>[?token=<token>][&tunnel=<tunnel>]`, with `?` before the first of
/// both, where key and token are base64url of 32 and 16 bytes, tunnel is a ``TunnelAddress`` and
/// host is a name, an IPv4 address or an IPv6 address in brackets. The reader is strict: whatever
/// it takes it would write the same way, but for the case of the host.
package struct PeerAddress: Hashable, Sendable {
  package var node: NodeID
  /// Without brackets.
  package var host: String
  package var port: UInt16
  package var token: Bytes16?
  package var tunnel: TunnelAddress?

  package init(
    node: NodeID, host: String, port: UInt16, token: Bytes16? = nil,
    tunnel: TunnelAddress? = nil
  ) {
    self.tunnel = tunnel
    self.node = node
    self.host = host
    self.port = port
    self.token = token
  }

  package var text: String {
    let place = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    let key = Base64.url.encode(node.raw.array)
    var query = token.map { [Self.tokenMark + Base64.url.encode($0.array)] } ?? []
    if let tunnel { query.append(Self.tunnelMark + tunnel.text) }
    let suffix = query.isEmpty ? "" : "?" + query.joined(separator: "&")
    return "\(Self.scheme)\(key)@\(place):\(port)\(suffix)"
  }

  package init(text: String) throws(WireError) {
    guard text.utf8.count <= Self.longest else { throw .range }
    guard text.hasPrefix(Self.scheme) else { throw .text }
    let parts = text.utf8.dropFirst(Self.scheme.utf8.count)
    guard let at = parts.firstIndex(of: UInt8(ascii: "@")) else { throw .text }
    guard let key = Bytes32(try Base64.url.decode(letters: parts[..<at])) else { throw .short }
    var place = parts[parts.index(after: at)...]
    var token: Bytes16?
    var tunnel: TunnelAddress?
    if let question = place.firstIndex(of: UInt8(ascii: "?")) {
      (token, tunnel) = try Self.query(place[place.index(after: question)...])
      place = place[..<question]
    }
    let (host, port) = try Self.hostAndPort(place)
    self.init(node: NodeID(key), host: host, port: port, token: token, tunnel: tunnel)
  }

  /// The token, then the tunnel; one of them at least.
  private static func query(
    _ query: Substring.UTF8View
  ) throws(WireError) -> (Bytes16?, TunnelAddress?) {
    var parts = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
    var token: Bytes16?
    var tunnel: TunnelAddress?
    if let first = parts.first, first.starts(with: tokenMark.utf8) {
      let bytes = try Base64.url.decode(letters: first.dropFirst(tokenMark.utf8.count))
      guard let read = Bytes16(bytes) else { throw .short }
      token = read
      parts.removeFirst()
    }
    if let first = parts.first, first.starts(with: tunnelMark.utf8) {
      let text = String(decoding: first.dropFirst(tunnelMark.utf8.count), as: UTF8.self)
      guard let read = TunnelAddress(text: text), read.text == text else { throw .text }
      tunnel = read
      parts.removeFirst()
    }
    guard parts.isEmpty, token != nil || tunnel != nil else { throw .text }
    return (token, tunnel)
  }

  /// Splits `host:port`; shared with settings that name an address without a key.
  package static func hostAndPort(
    _ text: Substring.UTF8View
  ) throws(WireError) -> (host: String, port: UInt16) {
    guard let colon = text.lastIndex(of: UInt8(ascii: ":")) else { throw .text }
    let port = try port(text[text.index(after: colon)...])
    var host = text[..<colon]
    if host.first == UInt8(ascii: "[") {
      guard host.last == UInt8(ascii: "]"), host.count >= 4 else { throw .text }
      host = host.dropFirst().dropLast()
      guard host.contains(UInt8(ascii: ":")), host.allSatisfy(isAddressCharacter) else {
        throw .text
      }
    } else {
      guard isName(host) else { throw .text }
    }
    return (String(decoding: host, as: UTF8.self), port)
  }

  private static func port(_ digits: Substring.UTF8View) throws(WireError) -> UInt16 {
    guard let first = digits.first, digits.allSatisfy(isDigit) else { throw .text }
    guard first != UInt8(ascii: "0"), digits.count <= 5 else { throw .range }
    let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    guard let port = UInt16(exactly: value) else { throw .range }
    return port
  }

  /// RFC 1123 §2.1 names, and the underscore that home networks use.
  private static func isName(_ host: Substring.UTF8View) -> Bool {
    guard (1...253).contains(host.count) else { return false }
    return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
      (1...63).contains($0.count) && $0.allSatisfy(isNameCharacter)
        && $0.first != UInt8(ascii: "-") && $0.last != UInt8(ascii: "-")
    }
  }

  private static func isDigit(_ character: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character)
  }

  private static func isNameCharacter(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: isDigit(character)
    }
  }

  private static func isAddressCharacter(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
      UInt8(ascii: ":"), UInt8(ascii: "."):
      true
    default: isDigit(character)
    }
  }

  static let scheme = "starling://"
  private static let tokenMark = "token="
  private static let tunnelMark = "tunnel="
  /// Scheme 11, key 43, name 253, brackets, port and token: 350; tunnel 274.
  private static let longest = 624
}
