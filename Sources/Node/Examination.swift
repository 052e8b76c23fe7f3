package import Mesh
package import Wire

/// What a node knows of its place in the network, and what follows from that for a person.
package struct Examination: Sendable {
  package var port: UInt16 = 0
  /// Named in the settings: it is the same after the next start.
  package var isPortFixed = false
  package var isOnLoopback = false
  package var reachability = Reachability()
  /// What others are told.
  package var addresses: [Endpoint] = []
  package var advertises = false
  package var forwarding = Forwarding.notAsked
  /// Where the links are.
  package var peers: [Endpoint] = []
  package var hasTunnel = false
  package var transports = 0
  package var usesProxy = false
  /// Peers and seed lists to begin with.
  package var acquaintances = 0
  package var cables: [String] = []
  /// Nil without cover.
  package var cover: CoverStatus?
  /// Links that send by the clock, and those of them whose peers do too.
  package var covered = 0
  package var coveredBothWays = 0
  /// Nil when the kernel does not say.
  package var isClockKept: Bool?

  /// What came of asking the router to forward the port.
  package enum Forwarding: Hashable, Sendable {
    case notAsked
    case open(Endpoint)
    /// Why not, as a sentence.
    case failed(String)
  }

  package init() {}

  package var report: DoctorReport {
    DoctorReport(
      findings: [
        datagrams, router, portKept, address, families, tunnel, beginning, cable, clock,
        watchers,
      ])
  }

  private typealias Finding = DoctorReport.Finding

  private var direct: [Endpoint] { peers.filter { !$0.isLoopback || isOnLoopback } }

  private var datagrams: Finding {
    if usesProxy {
      return Finding(
        about: "udp", state: .fair,
        says: "All calls go through a proxy, so no datagram leaves this machine: nobody can call "
          + "this node, and speech comes later.")
    }
    if !direct.isEmpty {
      return Finding(
        about: "udp", state: .good,
        says: "Datagrams go out and come back: \(Self.count(direct.count, "link")) over UDP.")
    }
    if !peers.isEmpty {
      return Finding(
        about: "udp", state: .poor,
        says: "All links go through tunnels: this network seems to block UDP.",
        advice: "Nothing has to be done while a tunnel holds; speech comes later through it.")
    }
    return Finding(
      about: "udp", state: .unknown,
      says: "There is no link, so nobody has said yet whether datagrams get through.",
      advice: "Join a room by a link, or call a peer with: starling connect ADDRESS")
  }

  private var router: Finding {
    var forward = "Forward UDP port \(port) on the router and start with --advertise HOST:\(port)"
    var hasFailed = false
    if case .failed(let why) = forwarding {
      forward = "\(why) \(forward)."
      hasFailed = true
    }
    if forwarding == .notAsked { forward += ", or try --forward, which asks the router to." }
    if reachability.isFound {
      return Finding(
        about: "router", state: .good,
        says: "Nodes this one had never written to got through: who has your address can call you.")
    }
    if case .open(let place) = forwarding {
      return Finding(
        about: "router", state: .good,
        says: "The router forwards \(place.text) to this node: who has your address can call you.")
    }
    let kinds = [reachability.ipv4, reachability.ipv6]
    if kinds.contains(.none) {
      return Finding(
        about: "router", state: .fair,
        says: "Others see this node's own address, but nobody has called by himself yet.",
        advice: "If a firewall is in front, let UDP port \(port) in.")
    }
    if kinds.contains(.independent) {
      return Finding(
        about: "router", state: .fair,
        says:
          "A router is in front that shows all others the same port. Members of your rooms reach "
          + "you through a neighbour you share; a first friend cannot call you.",
        advice: forward)
    }
    if kinds.contains(.dependent) {
      return Finding(
        about: "router", state: .poor,
        says:
          "A router is in front that shows each peer another port (called symmetric). Only nodes "
          + "that can be called have links with you; they carry the rest.",
        advice: forward)
    }
    return Finding(
      about: "router", state: .unknown,
      says: "Fewer than two nodes outside have said where they see this one.",
      advice: hasFailed ? forward : "Ask again when there are more links.")
  }

  private var portKept: Finding {
    isPortFixed
      ? Finding(about: "port", state: .good, says: "It listens on UDP port \(port).")
      : Finding(
        about: "port", state: .fair,
        says: "It listens on UDP port \(port), and on another one after the next start: links and "
          + "peer addresses that name it end then.",
        advice: "Choose one with --port.")
  }

  private var address: Finding {
    let outside = addresses.filter { !$0.isPrivate }
    let all = addresses.map(\.text).joined(separator: ", ")
    guard outside.isEmpty else {
      let source = advertises ? "Others are told what you advertise" : "Others are told"
      return Finding(about: "address", state: .good, says: "\(source): \(all).")
    }
    guard !addresses.isEmpty else {
      return Finding(
        about: "address", state: .poor, says: "Others are told no address: nobody can call you.",
        advice: "Say one with --advertise HOST:\(port).")
    }
    return Finding(
      about: "address", state: .poor,
      says:
        "Others are told only addresses of your own network: \(all). A link of yours works there "
        + "alone, until two nodes outside have said where they see you.",
      advice: "Say one with --advertise HOST:\(port).")
  }

  private var families: Finding {
    let four = direct.count { $0.ipv4 != nil }
    let six = direct.count - four
    guard !direct.isEmpty else {
      return Finding(about: "families", state: .unknown, says: "There is no link over UDP.")
    }
    return Finding(
      about: "families", state: .good,
      says: "\(Self.count(four, "link")) over IPv4, \(Self.count(six, "link")) over IPv6.")
  }

  private var tunnel: Finding {
    if hasTunnel {
      return Finding(
        about: "tunnel", state: .good,
        says: "Who cannot send datagrams is told of your tunnel and can use it.")
    }
    let programs =
      transports > 0 ? " It can call through \(Self.count(transports, "transport"))." : ""
    return Finding(
      about: "tunnel", state: .fair,
      says: "Who cannot send datagrams cannot call you: you have no tunnel." + programs,
      advice: "With a web server or a free TCP port: see --tunnel and --transport-listen.")
  }

  private var beginning: Finding {
    guard acquaintances == 0 else {
      return Finding(
        about: "peers", state: .good,
        says: "After a start it has \(Self.count(acquaintances, "place")) to begin with.")
    }
    return Finding(
      about: "peers", state: peers.isEmpty ? .poor : .fair,
      says: "It knows nobody to call at the next start.",
      advice: "Name peers with --peer, or lists of them with --seeds.")
  }

  private var cable: Finding {
    cables.isEmpty
      ? Finding(
        about: "lan", state: .fair, says: "Nobody is looked for on your own network.",
        advice: "If the Internet may be cut: --lan and the name of the interface.")
      : Finding(
        about: "lan", state: .good,
        says: "Members are looked for on \(cables.joined(separator: ", ")).")
  }

  private var watchers: Finding {
    guard let cover else {
      return Finding(
        about: "cover", state: .fair,
        says: "Who watches this line sees when you are in a room and when somebody speaks there.",
        advice: "--cover hides that, for \(CoverSettings().price), on each link.")
    }
    let all = Self.count(peers.count, "link")
    let total = covered * cover.bytesPerSecondOfLink
    let says =
      "Cover is on: \(covered) of \(all) send the same all the time, \(total) bytes a second in "
      + "all, of at most \(cover.linksMost * cover.bytesPerSecondOfLink); "
      + "\(coveredBothWays) of the peers do too."
    guard covered < peers.count || coveredBothWays < covered else {
      return Finding(about: "cover", state: .good, says: says)
    }
    return Finding(
      about: "cover", state: .poor, says: says,
      advice: covered < peers.count
        ? "Links through tunnels are not covered; what goes on there shows."
        : "What such a peer sends you shows: its line is too thin, or its version is older.")
  }

  private var clock: Finding {
    switch isClockKept {
    case true?:
      Finding(about: "clock", state: .good, says: "The clock is kept right.")
    case false?:
      Finding(
        about: "clock", state: .fair,
        says: "Nothing keeps this machine's clock right. Rooms bear two minutes, links two hours.",
        advice: "Look at it, or install chrony.")
    case nil:
      Finding(about: "clock", state: .unknown, says: "The kernel says nothing of its clock.")
    }
  }

  private static func count(_ number: Int, _ what: String) -> String {
    number == 1 ? "1 \(what)" : "\(number) \(what)s"
  }
}
