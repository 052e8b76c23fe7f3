import CLinux
import Glibc

/// What the process forbids itself before it touches a key.
package enum Hardening {
  /// No memory images on the disk, no other process of this user looking in.
  package static func apply() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    _ = starling_forbid_dumps()
    // A client that goes away must not end the node.
    signal(SIGPIPE, SIG_IGN)
  }
}
