package import Logging
package import Mesh
package import Wire

/// How this node is set up: flags over environment over file over defaults, each value checked and
/// its source remembered.
package struct Configuration: Sendable {
  /// Where a value came from.
  /// Where a setting came from.
  package enum Source: Hashable, Sendable {
    case standard, file(String), environment, flag
  }

  /// The name others see in rooms, unless one is given on joining.
  package var name = ""
  package var bind = Endpoint(address: .zero, port: 0)
  /// Addresses to tell others, as `host:port`, for a node behind a forwarded port.
  package var advertise: [String] = []
  /// Whether the router is asked to let others in.
  package var forward = false
  package var peers: [PeerAddress] = []
  package var seeds: [String] = []
  package var seedKeys: [String] = []
  /// kbit/s; half of it is planned for relaying.
  package var uplink = 5_000
  /// kbit/s given to others at most; 0 is no cap besides the uplink.
  package var cap = 0
  package var relay = true
  /// Every link sends the same all the time.
  package var cover = false
  /// Nothing is played that its speaker has not yet proven.
  package var strict = false
  package var log = Logger.Level.info
  package var data: String
  package var control: String
  /// Where the page is served; nil for nowhere.
  package var page: Endpoint? = Configuration.standardPage
  /// Where other devices open the page, with TLS; nil for nowhere.
  package var pageDevices: Endpoint?
  /// Hosts under which they find it, besides that address.
  package var pageNames: [String] = []
  /// PEM files; without them the node makes a certificate itself.
  package var pageCertificate: String?
  package var pageCertificateKey: String?
  /// Where tunnels come in; nil for nowhere.
  package var tunnel: Endpoint?
  /// PEM files; without them a web server stands in front.
  package var tunnelCertificate: String?
  package var tunnelKey: String?
  /// The folder of the web site that strangers see.
  package var tunnelSite: String?
  /// What others dial, as `host` or `host:port`.
  package var tunnelAddress: String?
  /// Programs that disguise streams, as `name=/path/of/program [argument ...]`.
  package var transports: [String] = []
  /// Where one of them is served, as `name@address:port[,key=value...]`.
  package var transportListen: String?
  /// What others dial, as `host` or `host:port`.
  package var transportAddress: String?
  /// A SOCKS5 proxy through which alone others are called.
  package var proxy: String?
  /// Names of interfaces on which members of rooms are looked for; none unless it is said.
  package var lan: [String] = []
  package var passphraseFile: String?
  package var unprotected = false
  package private(set) var sources: [Setting: Source] = [:]
  /// Worth telling, no reason to stop.
  package private(set) var warnings: [String] = []

  /// What one source says.
  /// One place settings are read from.
  package typealias Layer = [Setting: Setting.Value]

  /// Reads all layers.
  ///
  /// `file` was named by the caller and must exist; without one, the file in the usual place is
  /// read if it is there.
  package init(
    flags: Layer, environment: [String: String], file: String?, places: Places
  ) throws(Failure) {
    data = places.data
    control = ""
    let named = file ?? environment[Self.fileVariable]
    if let path = named ?? (StoredFile.exists(places.settings) ? places.settings : nil) {
      try apply(SettingsFile.read(path), .file(path))
    }
    try apply(try environmentLayer(environment), .environment)
    try apply(flags, .flag)
    if control.isEmpty { control = Self.controlPath(data: data, places: places) }
  }

  /// Where the control socket of the node with this data directory is, unless set otherwise.
  ///
  /// The runtime directory is used by the one node in the usual place; others keep theirs beside
  /// their data, so that two nodes never share one.
  package static func controlPath(data: String, places: Places) -> String {
    guard let runtime = places.runtime, data == places.data else { return data + "/control" }
    return runtime + "/starling.control"
  }

  /// What is given to others.
  ///
  /// The mesh plans with half of an uplink, so a cap counts twice.
  package var capacity: Capacity {
    let uplink = cap == 0 ? uplink : min(uplink, 2 * cap)
    return Capacity(uplink: uplink * 1_000, relays: relay)
  }

  /// The effective settings as TOML, each with where it came from.
  package var text: String {
    Setting.allCases.map { setting in
      let origin =
        switch sources[setting] ?? .standard {
        case .standard: "default"
        case .file(let path): path
        case .environment: setting.environmentName
        case .flag: "flag"
        }
      let line = value(setting).map { "\(setting.rawValue) = \($0.text)" }
      return "\(line ?? "# \(setting.rawValue) is not set")  # \(origin)\n"
    }.joined()
  }

  private mutating func apply(_ layer: Layer, _ source: Source) throws(Failure) {
    for setting in Setting.allCases {
      guard let value = layer[setting] else { continue }
      if let complaint = setting.complaint(value) ?? set(setting, value) {
        throw Failure(
          source == .flag ? .usage : .setup, "\(Self.place(setting, source)): \(complaint).")
      }
      sources[setting] = source
    }
  }

  private mutating func environmentLayer(
    _ environment: [String: String]
  ) throws(Failure) -> Layer {
    var layer: Layer = [:]
    for setting in Setting.allCases {
      guard let words = environment[setting.environmentName] else { continue }
      guard let value = setting.value(from: words) else {
        throw Failure(
          .setup,
          "\(Self.place(setting, .environment)): \"\(words)\" is not \(setting.expectation).")
      }
      layer[setting] = value
    }
    let known = Set(Setting.allCases.map(\.environmentName)).union([
      Self.fileVariable, Passphrase.variable,
    ])
    warnings += environment.keys.filter { $0.hasPrefix("STARLING_") && !known.contains($0) }
      .sorted().map { "The environment variable \($0) means nothing to starling." }
    return layer
  }

  private static func place(_ setting: Setting, _ source: Source) -> String {
    switch source {
    case .standard: setting.rawValue
    case .file(let path): "\(path), key \(setting.rawValue)"
    case .environment: setting.environmentName
    case .flag: "--\(setting.rawValue)"
    }
  }

  private static let fileVariable = "STARLING_CONFIGURATION"
}

extension Configuration {
  /// Takes one value; returns what is wrong with it.
  private mutating func set(_ setting: Setting, _ value: Setting.Value) -> String? {
    switch (setting, value) {
    case (.name, .text(let text)):
      guard text.utf8.count <= Limits.nameBytes else {
        return "a name has at most \(Limits.nameBytes) bytes"
      }
      name = text
    case (.bind, .text(let text)):
      guard let endpoint = Endpoint(host: text, port: bind.port) else {
        return "\"\(text)\" is not an IP address"
      }
      bind =
        text == "0.0.0.0" || text == "::" ? Endpoint(address: .zero, port: bind.port) : endpoint
    case (.port, .number(let number)):
      bind = Endpoint(address: bind.address, port: UInt16(clamping: number))
    case (.log, .text(let text)):
      guard let level = Logger.Level(rawValue: text) else {
        return "\"\(text)\" is no level; they are trace, debug, info, notice, warning, error"
      }
      log = level
    case (.uplink, .number(let number)): uplink = number
    case (.cap, .number(let number)): cap = number
    case (.relay, .flag(let flag)): relay = flag
    case (.forward, .flag(let flag)): forward = flag
    case (.cover, .flag(let flag)): cover = flag
    case (.strict, .flag(let flag)): strict = flag
    case (.unprotected, .flag(let flag)): unprotected = flag
    case (.data, .text(let text)): data = text
    case (.control, .text(let text)): control = text
    case (.page, .text(let text)):
      if let complaint = setPage(text) { return complaint }
    case (.pageDevices, .text(let text)): return setPageDevices(text)
    case (.pageCertificate, .text(let text)): pageCertificate = text
    case (.pageCertificateKey, .text(let text)): pageCertificateKey = text
    case (.tunnel, .text(let text)), (.tunnelAddress, .text(let text)):
      return setTunnel(setting, text)
    case (.transportListen, .text(let text)), (.transportAddress, .text(let text)),
      (.proxy, .text(let text)):
      return setTransport(setting, text)
    case (.tunnelCertificate, .text(let text)): tunnelCertificate = text
    case (.tunnelKey, .text(let text)): tunnelKey = text
    case (.tunnelSite, .text(let text)): tunnelSite = text
    case (.passphraseFile, .text(let text)): passphraseFile = text
    case (.advertise, .list(let items)), (.peers, .list(let items)), (.seeds, .list(let items)),
      (.seedKeys, .list(let items)), (.transports, .list(let items)), (.lan, .list(let items)),
      (.pageNames, .list(let items)):
      return setList(setting, items)
    default: return "\(value.text) is not \(setting.expectation)"
    }
    return nil
  }

  /// Beyond this machine the page would need TLS, or a stranger on the way could use the node.
  private mutating func setPage(_ text: String) -> String? {
    guard text != Self.noPage else {
      page = nil
      return nil
    }
    guard let (host, port) = try? PeerAddress.hostAndPort(Substring(text).utf8),
      let endpoint = Endpoint(host: host, port: port)
    else { return "\"\(text)\" is neither IP address and port nor \"\(Self.noPage)\"" }
    guard endpoint.isLoopback else {
      return "the page is at 127.0.0.1 or ::1; other devices have page-devices"
    }
    page = endpoint
    return nil
  }

  /// Any address: whoever comes there needs TLS and a pairing, from this machine too.
  private mutating func setPageDevices(_ text: String) -> String? {
    guard text != Self.noPage else {
      pageDevices = nil
      return nil
    }
    guard let (host, port) = try? PeerAddress.hostAndPort(Substring(text).utf8),
      let endpoint = Endpoint(host: host, port: port)
    else { return "\"\(text)\" is neither IP address and port nor \"\(Self.noPage)\"" }
    pageDevices = endpoint
    return nil
  }

  private mutating func setTunnel(_ setting: Setting, _ text: String) -> String? {
    if setting == .tunnelAddress {
      guard TunnelAddress(text: text + "/p") != nil else {
        return "\"\(text)\" is neither host nor host:port"
      }
      tunnelAddress = text
      return nil
    }
    guard text != Self.noPage else {
      tunnel = nil
      return nil
    }
    guard let (host, port) = try? PeerAddress.hostAndPort(Substring(text).utf8),
      let endpoint = Endpoint(host: host, port: port)
    else { return "\"\(text)\" is neither IP address and port nor \"\(Self.noPage)\"" }
    tunnel = endpoint
    return nil
  }

  /// What a transport or a proxy is told is looked at by whoever starts it.
  private mutating func setTransport(_ setting: Setting, _ text: String) -> String? {
    switch setting {
    case .transportListen: transportListen = text
    case .transportAddress:
      guard TunnelAddress(text: text + "/p") != nil else {
        return "\"\(text)\" is neither host nor host:port"
      }
      transportAddress = text
    default:
      guard text.hasPrefix("socks5://") else {
        return "\"\(text)\" is not socks5://host:port"
      }
      proxy = text
    }
    return nil
  }

  private mutating func setList(_ setting: Setting, _ items: [String]) -> String? {
    guard items.count <= Self.longestList else { return "more than \(Self.longestList) entries" }
    switch setting {
    case .seeds: seeds = items
    case .seedKeys: seedKeys = items
    case .transports: transports = items
    case .lan: lan = items
    case .pageNames:
      for item in items where !Self.isHost(item) { return "\"\(item)\" is not the name of a host" }
      pageNames = items.map { $0.lowercased() }
    case .advertise:
      for item in items where (try? PeerAddress.hostAndPort(Substring(item).utf8)) == nil {
        return "\"\(item)\" is not host:port"
      }
      advertise = items
    default:
      var addresses: [PeerAddress] = []
      for item in items {
        guard let address = try? PeerAddress(text: item) else {
          return "\"\(item)\" is not a peer address (starling://key@host:port)"
        }
        addresses.append(address)
      }
      peers = addresses
    }
    return nil
  }

  private func value(_ setting: Setting) -> Setting.Value? {
    switch setting {
    case .name: .text(name)
    case .bind: .text(bind.host)
    case .port: .number(Int(bind.port))
    case .advertise: .list(advertise)
    case .forward: .flag(forward)
    case .peers: .list(peers.map(\.text))
    case .seeds: .list(seeds)
    case .seedKeys: .list(seedKeys)
    case .uplink: .number(uplink)
    case .cap: .number(cap)
    case .relay: .flag(relay)
    case .cover: .flag(cover)
    case .strict: .flag(strict)
    case .log: .text(log.rawValue)
    case .data: .text(data)
    case .control: .text(control)
    case .page: .text(page.map(\.text) ?? Self.noPage)
    case .pageDevices: .text(pageDevices.map(\.text) ?? Self.noPage)
    case .pageNames: .list(pageNames)
    case .pageCertificate: pageCertificate.map { .text($0) }
    case .pageCertificateKey: pageCertificateKey.map { .text($0) }
    case .tunnel: .text(tunnel.map(\.text) ?? Self.noPage)
    case .tunnelCertificate: tunnelCertificate.map { .text($0) }
    case .tunnelKey: tunnelKey.map { .text($0) }
    case .tunnelSite: tunnelSite.map { .text($0) }
    case .tunnelAddress: tunnelAddress.map { .text($0) }
    case .transports: .list(transports)
    case .transportListen: transportListen.map { .text($0) }
    case .transportAddress: transportAddress.map { .text($0) }
    case .proxy: proxy.map { .text($0) }
    case .lan: .list(lan)
    case .passphraseFile: passphraseFile.map { .text($0) }
    case .unprotected: .flag(unprotected)
    }
  }

  /// A name of the DNS, or an IPv4 address (RFC 1123 §2.1).
  private static func isHost(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    return isPlain && !text.isEmpty && text.utf8.count <= 253
  }

  /// Where the page is unless something else is said.
  ///
  /// A guess: a port that nothing common uses.
  private static let standardPage = Endpoint(ipv4: 0x7F00_0001, port: 4_780)
  private static let noPage = "off"
  /// Entries in one list: more seeds or peers than anybody keeps by hand.
  private static let longestList = 64
}
