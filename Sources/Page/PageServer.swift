// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
package import Node
package import Wire

/// The page and its interface for programs, served by the node itself: to this machine, and with
/// TLS to devices that were paired.
///
/// Reading order, in the direction a request travels: ``Door`` with ``Crowd`` (how many may come) →
/// ``Gate`` (who may ask) → ``Reception`` (files, and tokens for new ``Devices``) or ``Bridge`` (a
/// WebSocket, joined to the control socket). What may be asked there is the control socket's
/// matter: `docs/protocol/7-control.md`; how it is asked here, `docs/protocol/10-page.md`. Nothing
/// of the node runs on this target's threads.
package struct PageServer: Sendable {
  /// What opens the page; on this machine with the key in its fragment.
  package let link: String
  /// Where it is bound.
  package let port: UInt16
  private let channel: any Channel

  /// Serves this machine until ``stop(folder:)``.
  ///
  /// `control` is the path of the control socket, `isMovable` says that another port will do when
  /// this one is taken.
  package static func start(
    at endpoint: Endpoint, isMovable: Bool = false, key: PageKey, control: String
  ) async throws(Failure) -> PageServer {
    let door = Door(.key(key), control: control)
    let channel: any Channel
    do {
      channel = try await bind(endpoint, door)
    } catch {
      guard isMovable, let moved = Endpoint(host: endpoint.host, port: 0),
        let second = try? await bind(moved, door)
      else { throw Self.unserved(endpoint, "--page") }
      channel = second
    }
    let port = UInt16(clamping: channel.localAddress?.port ?? 0)
    let host = Self.bracketed(endpoint.host)
    door.gate.open(Gate(host: host, port: port))
    return PageServer(
      link: "http://\(host):\(port)/#key=\(key.text)", port: port, channel: channel)
  }

  /// Serves paired devices under `hosts`, the best known first.
  package static func start(
    at endpoint: Endpoint, hosts: [String], devices: Devices, certificate: PageCertificate,
    control: String
  ) async throws(Failure) -> PageServer {
    let door = Door(.devices(devices, certificate.context), control: control)
    let channel: any Channel
    do {
      channel = try await bind(endpoint, door)
    } catch {
      throw Self.unserved(endpoint, "--page-devices")
    }
    let port = UInt16(clamping: channel.localAddress?.port ?? 0)
    let names = hosts.map(Self.bracketed)
    door.gate.open(Gate(hosts: names, port: port, scheme: "https"))
    let link = "https://\(names.first ?? Self.bracketed(endpoint.host)):\(port)/"
    devices.reached(at: link)
    return PageServer(link: link, port: port, channel: channel)
  }

  /// Leaves the link for ``savedLink(folder:)``.
  package func saveLink(folder: String) throws(Failure) {
    do throws(SystemError) {
      try StoredFile.write(Array(link.utf8), to: Self.linkPath(folder))
    } catch {
      throw Failure(.setup, "The link of the page cannot be written: \(error.sentence).")
    }
  }

  /// The link of the page that is served out of this data directory now.
  package static func savedLink(folder: String) throws(Failure) -> String? {
    let path = linkPath(folder)
    guard StoredFile.exists(path) else { return nil }
    do throws(SystemError) {
      return String(validating: try StoredFile.read(path, limit: longestLink), as: UTF8.self)
    } catch {
      throw Failure(.failed, "The link of the page cannot be read: \(error.sentence).")
    }
  }

  /// Closes the door; open connections end with the program.
  package func stop(folder: String) async {
    StoredFile.remove(Self.linkPath(folder))
    await stop()
  }

  package func stop() async { try? await channel.close() }

  private static func linkPath(_ folder: String) -> String { folder + "/page-link" }

  private static func unserved(_ endpoint: Endpoint, _ flag: String) -> Failure {
    Failure(
      .setup,
      "The page cannot be served at \(endpoint.text). Choose another place with \(flag), or off.")
  }

  private static func bracketed(_ host: String) -> String {
    host.contains(":") ? "[\(host)]" : host
  }

  private static func bind(_ endpoint: Endpoint, _ door: Door) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: backlog)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: Bridge.waterMark)
      .childChannelInitializer { door.receive($0) }
      .bind(host: endpoint.host, port: Int(endpoint.port)).get()
  }

  private static let longestLink = 256
  /// Connections the kernel keeps until they are accepted; more than come at once from one browser.
  private static let backlog: Int32 = 64
}
