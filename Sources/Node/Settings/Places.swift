import CLinux
import Glibc

/// Where this user's files belong, after the XDG base directory specification; a node run by root
/// uses the system's places.
package struct Places: Hashable, Sendable {
  /// Identity and remembered peers.
  package let data: String
  /// The settings file that is read when none is named.
  package let settings: String
  /// Where the control socket goes; nil: into the data directory.
  package let runtime: String?

  package init(environment: [String: String], isRoot: Bool = getuid() == 0) {
    let home = environment["HOME"].flatMap(Self.absolute)
    runtime = environment["XDG_RUNTIME_DIR"].flatMap(Self.absolute)
    if let named = environment["XDG_DATA_HOME"].flatMap(Self.absolute) {
      data = named + "/starling"
    } else if isRoot {
      data = "/var/lib/starling"
    } else {
      data = (home ?? "") + "/.local/share/starling"
    }
    if let named = environment["XDG_CONFIG_HOME"].flatMap(Self.absolute) {
      settings = named + "/starling/starling.toml"
    } else if isRoot {
      settings = "/etc/starling/starling.toml"
    } else {
      settings = (home ?? "") + "/.config/starling/starling.toml"
    }
  }

  /// The specification says to ignore relative paths.
  private static func absolute(_ path: String) -> String? { path.hasPrefix("/") ? path : nil }
}
