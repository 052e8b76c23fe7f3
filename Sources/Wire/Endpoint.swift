/// An IP address and UDP port.
///
/// IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2).
package struct Endpoint: Hashable, Comparable, Sendable {
  package let address: Bytes16
  package let port: UInt16

  /// Encoded size: 16 bytes of address, 2 of port.
  package static let wireCount = 18

  package init(address: Bytes16, port: UInt16) {
    self.address = address
    self.port = port
  }

  package init(ipv4: UInt32, port: UInt16) {
    self.init(address: Bytes16(high: 0, low: 0xFFFF_0000_0000 | UInt64(ipv4)), port: port)
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.address, left.port) < (right.address, right.port)
  }

  /// The IPv4 address when this is one.
  package var ipv4: UInt32? {
    guard address.high == 0, address.low >> 32 == 0xFFFF else { return nil }
    return UInt32(truncatingIfNeeded: address.low)
  }

  package var isLoopback: Bool {
    if let ipv4 { return ipv4 >> 24 == 127 }
    return address.high == 0 && address.low == 1
  }

  /// Unspecified addresses, port 0 and multicast cannot be dialled.
  package var isDiallable: Bool {
    guard port != 0 else { return false }
    if let ipv4 { return ipv4 != 0 && ipv4 >> 28 < 14 }
    return address != .zero && address.high >> 56 != 0xFF
  }

  /// Means something on one cable or in one provider's network alone (RFC 1918, 3927, 4193, 4291,
  /// 6598).
  package var isPrivate: Bool {
    if isLoopback { return true }
    guard let ipv4 else { return address.high >> 57 == 0x7E || address.high >> 54 == 0x3FA }
    return ipv4 >> 24 == 10 || ipv4 >> 20 == 0xAC1 || ipv4 >> 16 == 0xC0A8
      || ipv4 >> 16 == 0xA9FE || ipv4 >> 22 == 0x191
  }

  /// What counts as one neighbourhood for diversity and rate limits: /16 in IPv4, /32 in IPv6.
  package var neighbourhood: UInt32 {
    if let ipv4 { return ipv4 >> 16 }
    return UInt32(truncatingIfNeeded: address.high >> 32)
  }

  /// What counts as one source for rate limits: the address in IPv4, the /64 in IPv6.
  ///
  /// On this machine every port counts for itself: behind each stands the stream of another node.
  package var source: UInt64 {
    if isLoopback { return Self.localSources | UInt64(port) }
    if let ipv4 { return UInt64(ipv4) }
    return address.high
  }

  /// No /64 begins like this: what lies in ff00::/8 is nobody's source (RFC 4291 §2.7).
  private static let localSources: UInt64 = 0xFF << 56
}
