import CNATPMP
import Glibc
import Wire

/// The default gateway, asked in NAT-PMP (RFC 6886): a few datagrams to it and to nobody else.
package struct NATPMPRouter: ForwardingRouter {
  private let gateway: in_addr_t?
  private let patience: Duration

  /// `gateway` instead of the default one, for tests.
  package init(gateway: UInt32? = nil, patience: Duration = .seconds(2)) {
    self.gateway = gateway.map { in_addr_t($0.bigEndian) }
    self.patience = patience
  }

  package func forward(_ port: UInt16) throws(ForwardingProblem) -> Forward {
    let address = try ask { sendpublicaddressrequest(&$0) }
    guard Int32(address.type) == NATPMP_RESPTYPE_PUBLICADDRESS else { throw .refused }
    let outside = UInt32(bigEndian: address.pnu.publicaddress.addr.s_addr)
    let mapping = try map(port, seconds: Forward.seconds)
    return try checked(
      Forward(
        outside: Endpoint(ipv4: outside, port: mapping.mappedpublicport), language: .natPMP,
        seconds: mapping.lifetime),
      port: port)
  }

  package func takeBack(_: Forward, port: UInt16) { _ = try? map(port, seconds: 0) }

  private typealias Mapping = natpmpresp_t.__Unnamed_union_pnu.__Unnamed_struct_newportmapping

  private func map(_ port: UInt16, seconds: UInt32) throws(ForwardingProblem) -> Mapping {
    let answer = try ask {
      // Port 0 with lifetime 0 takes back, RFC 6886 §3.4.
      sendnewportmappingrequest(&$0, NATPMP_PROTOCOL_UDP, port, seconds == 0 ? 0 : port, seconds)
    }
    guard Int32(answer.type) == NATPMP_RESPTYPE_UDPPORTMAPPING,
      answer.pnu.newportmapping.privateport == port
    else { throw .refused }
    return answer.pnu.newportmapping
  }

  private func ask(
    _ send: (inout natpmp_t) -> Int32
  ) throws(ForwardingProblem) -> natpmpresp_t {
    var state = natpmp_t()
    guard initnatpmp(&state, gateway == nil ? 0 : 1, gateway ?? 0) == 0 else { throw .silent }
    defer { closenatpmp(&state) }
    guard send(&state) > 0 else { throw .silent }
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      wait(state, until: end)
      var answer = natpmpresp_t()
      switch readnatpmpresponseorretry(&state, &answer) {
      case 0: return answer
      case NATPMP_TRYAGAIN: continue
      case NATPMP_ERR_NOTAUTHORIZED, NATPMP_ERR_OUTOFRESOURCES, NATPMP_ERR_NETWORKFAILURE:
        throw .refused
      default: throw .silent
      }
    }
    throw .silent
  }

  /// For an answer, or for the library's time to ask again.
  private func wait(_ state: natpmp_t, until end: ContinuousClock.Instant) {
    var state = state
    var pause = timeval()
    getnatpmprequesttimeout(&state, &pause)
    let again = Int32(clamping: pause.tv_sec * 1_000 + pause.tv_usec / 1_000 + 1)
    let left = Int32(clamping: Int((end - ContinuousClock.now) / .milliseconds(1)) + 1)
    var wanted = pollfd(fd: state.s, events: Int16(POLLIN), revents: 0)
    poll(&wanted, 1, max(1, min(again, left)))
  }
}
