import Glibc
import Node
import Page
import Wire

/// The page for other devices, as the settings want it.
struct DevicesDoor {
  let devices: Devices
  private let server: PageServer

  var link: String { server.link }

  /// Nil when the settings want none.
  static func open(_ settings: Configuration) async throws(Failure) -> DevicesDoor? {
    guard let place = settings.pageDevices else { return nil }
    let hosts = settings.pageNames + (isEverywhere(place) ? [] : [place.host])
    guard !hosts.isEmpty else {
      throw Failure(
        .setup,
        "page-devices at all addresses needs page-names: the hosts under which devices come.")
    }
    let certificate = try certificate(settings, hosts)
    let devices = Devices(folder: settings.data, fingerprint: certificate.fingerprint)
    let server = try await PageServer.start(
      at: place, hosts: hosts, devices: devices, certificate: certificate,
      control: settings.control)
    return DevicesDoor(devices: devices, server: server)
  }

  /// For a person at a terminal; with a code when no device has been paired yet.
  func tell() {
    Terminal.complain("Page, devices:  \(link) (let one in: starling page pair)")
    guard devices.isEmpty, isatty(STDERR_FILENO) == 1, let report = try? devices.offer() else {
      return
    }
    for line in PageCommand.Pair.lines(report) { Terminal.complain(line) }
  }

  func close() async { await server.stop() }

  private static func certificate(
    _ settings: Configuration, _ hosts: [String]
  ) throws(Failure) -> PageCertificate {
    switch (settings.pageCertificate, settings.pageCertificateKey) {
    case (let certificate?, let key?):
      return try PageCertificate(certificate: certificate, key: key)
    case (nil, nil): return try PageCertificate(folder: settings.data, hosts: hosts)
    default:
      throw Failure(.setup, "page-certificate and page-certificate-key go together.")
    }
  }

  private static func isEverywhere(_ place: Endpoint) -> Bool {
    place.address == .zero || place.ipv4 == 0
  }
}
