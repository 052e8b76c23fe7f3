import Node
import Reach
import Wire

/// The tunnel's server as the settings want it, and what others dial to come through it.
struct TunnelDoor {
  /// With the secret path; nil when the settings do not say where others find this machine.
  let address: String?
  private let server: TunnelServer

  /// Nil when the settings want none.
  static func open(
    _ settings: Configuration, nodePort: UInt16
  ) async throws(Failure) -> TunnelDoor? {
    guard let place = settings.tunnel else { return nil }
    guard settings.bind.address == .zero || settings.bind.isLoopback else {
      throw Failure(
        .setup, "A tunnel reaches the node at 127.0.0.1: leave bind at 0.0.0.0 to have one.")
    }
    let path =
      "/"
      + (try KeptSecret(
        folder: settings.data, file: "tunnel-path", bytes: pathBytes, name: "The tunnel's path"
      ).text)
    let options = TunnelServer.Settings(
      host: place.host, port: place.port, security: try security(settings, place), path: path,
      site: try site(settings))
    do throws(TunnelServer.Problem) {
      let server = try await TunnelServer.start(options, nodePort: nodePort)
      return TunnelDoor(address: told(settings, place, path, server)?.text, server: server)
    } catch {
      throw Failure(.setup, sentence(error, place))
    }
  }

  func close() async { await server.stop() }

  private static func security(
    _ settings: Configuration, _ place: Endpoint
  ) throws(Failure) -> TunnelServer.Security {
    switch (settings.tunnelCertificate, settings.tunnelKey) {
    case (let certificate?, let key?): return .tls(certificate: certificate, key: key)
    case (nil, nil) where place.isLoopback: return .plain
    default:
      throw Failure(
        .setup,
        "A tunnel that others reach needs tunnel-certificate and tunnel-key, or a web server"
          + " in front of 127.0.0.1.")
    }
  }

  private static func site(_ settings: Configuration) throws(Failure) -> Site {
    guard let folder = settings.tunnelSite else { return Site() }
    do throws(Site.Objection) {
      return try Site(folder: folder)
    } catch {
      switch error {
      case .unreadable(let path): throw Failure(.setup, "\(path) of the web site cannot be read.")
      case .tooLarge: throw Failure(.setup, "The web site in \(folder) is too large.")
      }
    }
  }

  private static func told(
    _ settings: Configuration, _ place: Endpoint, _ path: String, _ server: TunnelServer
  ) -> TunnelAddress? {
    // A key that an authority vouches for changes when the certificate is renewed.
    let pin = server.isSelfSigned ? server.pin : nil
    if let told = settings.tunnelAddress {
      return TunnelAddress(text: told + path)
        .flatMap { TunnelAddress(host: $0.host, port: $0.port, path: path, pin: pin) }
    }
    guard place.address != .zero, place.ipv4 != 0 else { return nil }
    return TunnelAddress(host: place.host, port: server.port, path: path, pin: pin)
  }

  private static func sentence(_ problem: TunnelServer.Problem, _ place: Endpoint) -> String {
    switch problem {
    case .address:
      "The tunnel cannot be served at \(place.text): the port is in use or needs more rights."
    case .certificate: "tunnel-certificate and tunnel-key are no certificate with its key."
    case .exposed: "Without a certificate the tunnel is served to this machine only."
    }
  }

  /// 192 bits: nobody finds it by trying, and it needs no padding.
  private static let pathBytes = 24
}
