import Foundation
import NIOCore
import NIOPosix

/// A real web server in front of a tunnel, with the configuration that is shipped.
final class WebServer {
  enum Kind: String, CaseIterable, Sendable {
    case nginx, caddy

    var program: String? {
      ["/usr/sbin/", "/usr/bin/", "/usr/local/bin/"].map { $0 + rawValue }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
  }

  let port: UInt16
  private let process = Process()
  private let folder: URL

  /// Starts it with `tunnel` behind `path`, nil for a path that nobody has.
  init(
    _ kind: Kind, program: String, path: String, tunnel: UInt16,
    files: (certificate: String, key: String)
  ) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "reach-\(UUID())")
    let root = folder.appending(path: "site")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    // nginx gives up root's rights before it reads.
    for place in [folder, root] {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.path)
    }
    try "<p>Hello\n".write(
      to: root.appending(path: "index.html"), atomically: true, encoding: .utf8)
    port = try await Self.freePort()
    let shipped = Self.packaging.appending(
      path: kind == .nginx ? "nginx-tunnel.conf" : "Caddyfile")
    let text = try String(contentsOf: shipped, encoding: .utf8)
      .replacing("/PATH", with: path)
      .replacing("127.0.0.1:4790", with: "127.0.0.1:\(tunnel)")
      .replacing("/var/www/html", with: root.path)
    process.executableURL = URL(filePath: program)
    try configure(kind, text, files)
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    while process.isRunning, (try? await Prober.stand(port).close()) == nil {
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The shipped text, moved to places of this user.
  private func configure(
    _ kind: Kind, _ text: String, _ files: (certificate: String, key: String)
  ) throws {
    let settings = folder.appending(path: "settings")
    switch kind {
    case .nginx:
      let site =
        text
        .replacing("listen 443 ssl", with: "listen 127.0.0.1:\(port) ssl")
        .replacing("    listen [::]:443 ssl;\n", with: "")
        .replacing(#/ssl_certificate .*;/#, with: "ssl_certificate \(files.certificate);")
        .replacing(#/ssl_certificate_key .*;/#, with: "ssl_certificate_key \(files.key);")
      let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
        "\($0)_temp_path \(folder.path)/\($0);"
      }.joined(separator: "\n")
      try """
      daemon off;
      pid \(folder.path)/pid;
      error_log \(folder.path)/errors;
      events {}
      http {
      \(places)
      access_log off;
      \(site)
      }
      """.write(to: settings, atomically: true, encoding: .utf8)
      process.arguments = ["-e", folder.path + "/errors", "-c", settings.path]
    case .caddy:
      let site = text.replacing(
        "www.example.org {\n",
        with: "https://localhost:\(port), https://127.0.0.1:\(port) {\n"
          + "\ttls \(files.certificate) \(files.key)\n")
      try ("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + site)
        .write(to: settings, atomically: true, encoding: .utf8)
      process.arguments = ["run", "--config", settings.path, "--adapter", "caddyfile"]
      process.environment = [
        "HOME": folder.path, "XDG_DATA_HOME": folder.path, "XDG_CONFIG_HOME": folder.path,
      ]
    }
  }

  func stop() {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func freePort() async throws -> UInt16 {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = UInt16(clamping: channel.localAddress?.port ?? 0)
    try await channel.close()
    return port
  }

  private static let packaging = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../packaging").standardizedFileURL
}
