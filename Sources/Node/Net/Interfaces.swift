import CLinux
import Glibc
package import Wire

/// The addresses of this machine's own network interfaces.
package enum Interfaces {
  /// Global and private addresses, IPv6 first; loopback only where there is nothing else.
  ///
  /// Link-local ones need a zone and cannot be passed on.
  package static func endpoints(port: UInt16) -> [Endpoint] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var found: [Endpoint] = []
    var entry = list
    while let interface = entry {
      entry = interface.pointee.ifa_next
      let flags = Int32(truncatingIfNeeded: interface.pointee.ifa_flags)
      guard flags & Int32(IFF_UP) != 0, let address = interface.pointee.ifa_addr,
        let endpoint = endpoint(UnsafeRawPointer(address), port), endpoint.isDiallable,
        !isLinkLocal(endpoint), !found.contains(endpoint)
      else { continue }
      found.append(endpoint)
    }
    let outside = found.filter { !$0.isLoopback }
    let sorted = outside.filter { $0.ipv4 == nil } + outside.filter { $0.ipv4 != nil }
    return Array((outside.isEmpty ? found : sorted).prefix(Limits.endpointsPerContact))
  }

  private static func endpoint(_ address: UnsafeRawPointer, _ port: UInt16) -> Endpoint? {
    switch Int32(address.loadUnaligned(as: sockaddr.self).sa_family) {
    case AF_INET:
      var v4 = address.loadUnaligned(as: sockaddr_in.self)
      v4.sin_port = port.bigEndian
      return v4.endpoint
    case AF_INET6:
      var v6 = address.loadUnaligned(as: sockaddr_in6.self)
      v6.sin6_port = port.bigEndian
      return v6.endpoint
    default:
      return nil
    }
  }

  /// RFC 4291 §2.5.6 and RFC 3927.
  private static func isLinkLocal(_ endpoint: Endpoint) -> Bool {
    if let ipv4 = endpoint.ipv4 { return ipv4 >> 16 == 0xA9FE }
    return endpoint.address.high >> 54 == 0xFE80 >> 6
  }
}
