package import Wire

/// What a router does for a while: datagrams to one of its ports come to one of ours.
package struct Forward: Hashable, Sendable {
  /// The protocol the router was asked in.
  package enum Language: String, Codable, Sendable {
    case natPMP = "NAT-PMP"
    case upnp = "UPnP"
  }

  /// Where others reach the port.
  package let outside: Endpoint
  package let language: Language
  /// From now; to be asked again before. 0 is until it is taken back.
  package let seconds: UInt32

  package init(outside: Endpoint, language: Language, seconds: UInt32) {
    self.outside = outside
    self.language = language
    self.seconds = seconds
  }

  /// An hour, half of what RFC 6886 §3.3 recommends: a node that dies without a word leaves no door
  /// open for long.
  package static let seconds: UInt32 = 3_600
}

/// Why a router forwards nothing.
package enum ForwardingProblem: String, Error, Codable, Sendable {
  /// No router answers: there is none, or it is not willing to be asked.
  case silent
  /// One answered and does not want to.
  case refused
  /// The port is forwarded, to no address that others could call: there is one more router.
  case behindAnother = "behind-another"
}

/// A router that can be asked to forward a UDP port. Each call blocks for seconds at most.
package protocol ForwardingRouter {
  func forward(_ port: UInt16) throws(ForwardingProblem) -> Forward
  /// So that nothing stays open; a router that does not answer closes it when its time is over.
  func takeBack(_ forward: Forward, port: UInt16)
}

extension ForwardingRouter {
  /// A port at an address of some inner network is nobody's way in.
  func checked(_ forward: Forward, port: UInt16) throws(ForwardingProblem) -> Forward {
    guard forward.outside.isDiallable, !forward.outside.isPrivate else {
      takeBack(forward, port: port)
      throw .behindAnother
    }
    return forward
  }
}
