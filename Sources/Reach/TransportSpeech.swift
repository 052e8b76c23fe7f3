// SPDX-License-Identifier: Apache-2.0
import Wire

/// What a pluggable transport says on its standard output (pt-spec §3.3), one line at a time.
///
/// Total: whatever is no line of the protocol is `other`, for the protocol says to ignore it.
package enum TransportSpeech: Hashable, Sendable {
  case version(String)
  /// It cannot go on: version, environment or proxy.
  case failure
  case proxyDone
  /// A transport for callers: where to ask for connections, by SOCKS5.
  case client(name: String, host: String, port: UInt16)
  case clientsDone
  /// A transport for being called: where it listens and what callers must be told.
  case server(name: String, port: UInt16, arguments: String)
  case serversDone
  /// One transport is not to be had.
  case missing(name: String)
  case other

  package init(line: String) {
    let words = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    switch (words.first, words.count) {
    case ("VERSION", 2): self = .version(words[1])
    case ("VERSION-ERROR", _), ("ENV-ERROR", _), ("PROXY-ERROR", _): self = .failure
    case ("PROXY", 2) where words[1] == "DONE": self = .proxyDone
    case ("CMETHOD", 4) where words[2] == "socks5":
      self = Self.place(words[3]).map { .client(name: words[1], host: $0, port: $1) } ?? .other
    case ("CMETHOD-ERROR", 2...), ("SMETHOD-ERROR", 2...): self = .missing(name: words[1])
    case ("CMETHODS", 2) where words[1] == "DONE": self = .clientsDone
    case ("SMETHODS", 2) where words[1] == "DONE": self = .serversDone
    case ("SMETHOD", 3...):
      let options = words.dropFirst(3).first { $0.hasPrefix("ARGS:") }
      let arguments = options.map { Self.unescaped(String($0.dropFirst("ARGS:".count))) } ?? ""
      self =
        Self.place(words[2]).map { .server(name: words[1], port: $1, arguments: arguments) }
        ?? .other
    default: self = .other
    }
  }

  private static func place(_ text: String) -> (host: String, port: UInt16)? {
    try? PeerAddress.hostAndPort(Substring(text).utf8)
  }

  /// Commas part the pairs here, semicolons do in addresses and SOCKS. What was escaped needs a
  /// character that no address of ours holds, and is refused there.
  private static func unescaped(_ text: String) -> String {
    String(text.map { $0 == "," ? ";" : $0 })
  }
}

/// What is known of a pluggable transport that is starting, after each line.
package struct TransportNegotiation: Sendable {
  /// How it came out.
  package enum Outcome: Hashable, Sendable {
    case pending, ready, failed
  }

  private let needsProxy: Bool
  private var hasVersion = false
  private var hasProxy = false
  private var isDone = false
  private var hasFailed = false
  package private(set) var clients: [String: SocksProxy] = [:]
  private(set) var servers: [String: (port: UInt16, arguments: String)] = [:]

  /// `needsProxy`: it was told of a proxy and must say that it uses it, or nothing goes through it.
  package init(needsProxy: Bool) { self.needsProxy = needsProxy }

  package var outcome: Outcome {
    if hasFailed { return .failed }
    guard isDone else { return .pending }
    return hasVersion && (hasProxy || !needsProxy) ? .ready : .failed
  }

  package mutating func hear(_ line: String) {
    switch TransportSpeech(line: line) {
    case .version(let version):
      if version == "1" { hasVersion = true } else { hasFailed = true }
    case .failure: hasFailed = true
    case .proxyDone: hasProxy = true
    case .client(let name, let host, let port):
      // On this machine, or the disguise would begin after the first hop.
      guard Self.isLoopback(host), clients.count < Self.most else { return }
      clients[name] = SocksProxy(host: host, port: port)
    case .server(let name, let port, let arguments):
      guard servers.count < Self.most else { return }
      servers[name] = (port, arguments)
    case .clientsDone, .serversDone: isDone = true
    case .missing, .other: break
    }
  }

  private static func isLoopback(_ host: String) -> Bool {
    host.hasPrefix("127.") || host == "::1"
  }

  /// Transports of one program.
  private static let most = 16
}
