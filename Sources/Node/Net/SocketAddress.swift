import CLinux
import Glibc
package import Wire

/// An ``Endpoint`` as the system's calls want it, in the family of one socket.
struct SocketAddress {
  /// Large enough for both families.
  private(set) var storage = sockaddr_in6()
  private(set) var count: socklen_t

  init(_ endpoint: Endpoint, family: AddressFamily) {
    switch family {
    case .dual:
      storage.write(endpoint)
      count = socklen_t(MemoryLayout<sockaddr_in6>.size)
    case .ipv4:
      count = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutableBytes(of: &storage) {
        $0.bindMemory(to: sockaddr_in.self)[0].write(endpoint)
      }
    }
  }

  /// Calls `body` with what `bind`, `connect` and `sendto` take.
  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, count) }
    }
  }
}

/// The two kinds of UDP socket there are: one for both IP versions where the kernel has IPv6, else
/// one for IPv4.
package enum AddressFamily: Sendable {
  case dual, ipv4
}

extension sockaddr_in6 {
  /// No allocation, no branch on the IP version: IPv4 is held mapped on both sides.
  @inline(__always)
  mutating func write(_ endpoint: Endpoint) {
    sin6_family = sa_family_t(AF_INET6)
    sin6_port = endpoint.port.bigEndian
    withUnsafeMutableBytes(of: &sin6_addr) {
      $0.storeBytes(of: endpoint.address.high.bigEndian, as: UInt64.self)
      $0.storeBytes(of: endpoint.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
  }

  @inline(__always)
  var endpoint: Endpoint {
    let address = withUnsafeBytes(of: sin6_addr) {
      Bytes16(
        high: UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
    return Endpoint(address: address, port: UInt16(bigEndian: sin6_port))
  }
}

extension sockaddr_in {
  /// An IPv6 endpoint leads nowhere here: it is written as address 0, which the kernel refuses.
  @inline(__always)
  mutating func write(_ endpoint: Endpoint) {
    sin_family = sa_family_t(AF_INET)
    sin_port = endpoint.port.bigEndian
    sin_addr.s_addr = (endpoint.ipv4 ?? 0).bigEndian
  }

  @inline(__always)
  var endpoint: Endpoint {
    Endpoint(ipv4: UInt32(bigEndian: sin_addr.s_addr), port: UInt16(bigEndian: sin_port))
  }
}

extension Endpoint {
  /// `192.0.2.7:4000` or `[2001:db8::7]:4000`.
  package var text: String { ipv4 == nil ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// The address alone, IPv4 without its mapping.
  package var host: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    if let ipv4 {
      var bytes = ipv4.bigEndian
      inet_ntop(AF_INET, &bytes, &text, socklen_t(text.count))
    } else {
      var address = sockaddr_in6()
      address.write(self)
      inet_ntop(AF_INET6, &address.sin6_addr, &text, socklen_t(text.count))
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// From a literal address; names need ``Resolver``.
  package init?(host: String, port: UInt16) {
    var v4 = in_addr()
    if inet_pton(AF_INET, host, &v4) == 1 {
      self.init(ipv4: UInt32(bigEndian: v4.s_addr), port: port)
      return
    }
    var v6 = sockaddr_in6()
    guard inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 else { return nil }
    v6.sin6_port = port.bigEndian
    self = v6.endpoint
  }
}
