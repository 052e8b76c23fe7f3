import CMiniUPnP
import Wire

/// The first Internet gateway that answers a call to all on the cable, asked in UPnP IGD.
///
/// Whoever answers is read by a library in C that reads XML: not to be used by a process that holds
/// keys.
package final class UPnPRouter: ForwardingRouter {
  /// The one that answered last: a call to all takes seconds, too long for the end.
  private var gateway: starling_gateway?

  package init() {}

  deinit { if var gateway { starling_gateway_free(&gateway) } }

  package func forward(_ port: UInt16) throws(ForwardingProblem) -> Forward {
    let isNew = gateway == nil
    do {
      return try ask(port)
    } catch {
      // It may be another one now, or have moved.
      forget()
      if isNew { throw error }
      return try ask(port)
    }
  }

  package func takeBack(_ forward: Forward, port _: UInt16) {
    guard var gateway else { return }
    starling_gateway_take_back(&gateway, forward.outside.port)
  }

  private func ask(_ port: UInt16) throws(ForwardingProblem) -> Forward {
    var gateway = try found()
    var host: UInt32 = 0
    guard starling_gateway_outside(&gateway, &host) == 0 else { throw .refused }
    for candidate in Self.candidates(port) {
      for seconds in [Forward.seconds, 0] {
        switch starling_gateway_forward(&gateway, candidate, port, seconds) {
        case 0:
          return try checked(
            Forward(
              outside: Endpoint(ipv4: host, port: candidate), language: .upnp, seconds: seconds),
            port: port)
        case Self.onlyForEver: continue
        case Self.taken: break
        default: throw .refused
        }
        break
      }
    }
    throw .refused
  }

  private func found() throws(ForwardingProblem) -> starling_gateway {
    if let gateway { return gateway }
    var found = starling_gateway()
    guard starling_gateway_find(&found, Self.patience) == 0 else { throw .silent }
    gateway = found
    return found
  }

  private func forget() {
    if var gateway { starling_gateway_free(&gateway) }
    gateway = nil
  }

  /// The port itself, and three that another machine of the house hardly has as well.
  private static func candidates(_ port: UInt16) -> [UInt16] {
    [port] + (0..<3).map { _ in .random(in: 20_000...60_000) }
  }

  /// Milliseconds in which a gateway answers a call, as miniupnpc's own program waits.
  private static let patience: Int32 = 2_000
  /// UPnP WANIPConnection 2.4.16: ConflictInMappingEntry, OnlyPermanentLeasesSupported.
  private static let taken: Int32 = 718
  private static let onlyForEver: Int32 = 725
}
