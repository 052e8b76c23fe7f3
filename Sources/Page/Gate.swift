// SPDX-License-Identifier: Apache-2.0
package import NIOHTTP1
import Synchronization

/// Who may ask this server for something.
///
/// Every web page in the person's browser can send requests here, and a name in the DNS can be made
/// to point here. So the host must be the one we are reached under, a WebSocket must come from our
/// own page or from no page at all, and must show a key.
package struct Gate: Sendable {
  private let hosts: Set<String>
  private let origins: Set<String>

  /// For this machine.
  package init(host: String, port: UInt16) {
    self.init(hosts: [host, "127.0.0.1", "localhost", "[::1]"], port: port, scheme: "http")
  }

  /// For other devices, under these names and no others.
  package init(hosts names: [String], port: UInt16, scheme: String) {
    let names = names.map { "\($0.lowercased()):\(port)" }
    hosts = Set(names)
    origins = Set(names.map { "\(scheme)://\($0)" })
  }

  /// Whether a request is meant for us at all.
  package func knows(_ head: HTTPRequestHead) -> Bool {
    let host = head.headers["host"]
    return host.count == 1 && hosts.contains(host[0].lowercased())
  }

  /// Whether it comes from our own page, or from no page.
  package func isOurs(_ head: HTTPRequestHead) -> Bool {
    let origin = head.headers["origin"]
    return origin.count <= 1 && origin.allSatisfy { origins.contains($0.lowercased()) }
  }

  /// What a request for a WebSocket shows as its key; nil when it gets none whatever it shows.
  package func key(_ head: HTTPRequestHead) -> String? {
    guard knows(head), isOurs(head), head.uri == Self.path else { return nil }
    let offered = head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
    guard offered.count == 2, offered[0] == Self.name else { return nil }
    return offered[1]
  }

  /// Headers of the answer to an admitted WebSocket.
  static let accepted: HTTPHeaders = ["Sec-WebSocket-Protocol": name]

  /// Where the interface is.
  static let path = "/api"
  /// Where a new device shows its code.
  static let pairingPath = "/pair"
  /// The protocol a WebSocket asks for; the key follows as a second name, for browsers let a page
  /// choose no other header.
  private static let name = "starling.1"
}

/// The gate, closed until the port is known.
final class LateGate: Sendable {
  private let open = Mutex<Gate?>(nil)

  var gate: Gate? { open.withLock { $0 } }

  func open(_ gate: Gate) { open.withLock { $0 = gate } }
}
