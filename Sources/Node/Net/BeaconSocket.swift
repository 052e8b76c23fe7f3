import CLinux
import Glibc
package import Wire

/// Beacons on the cables that the person named, and on no other: IPv4 multicast that no router
/// passes on.
package struct BeaconSocket: ~Copyable {
  private let descriptor: Descriptor
  private let interfaces: [Int32]

  /// `names` of interfaces, of which those that are not there are left out.
  package init(names: [String]) throws(SystemError) {
    let interfaces = names.map { Int32(bitPattern: if_nametoindex($0)) }.filter { $0 > 0 }
    guard !interfaces.isEmpty else { throw SystemError(number: ENODEV) }
    let type = Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC | O_NONBLOCK
    let descriptor = Descriptor(socket(AF_INET, type, 0))
    guard descriptor.raw >= 0 else { throw .last }
    // Another node on this machine hears the same.
    try Self.set(descriptor.raw, SOL_SOCKET, SO_REUSEADDR, Int32(1))
    try Self.set(descriptor.raw, Int32(IPPROTO_IP), IP_MULTICAST_TTL, Int32(1))
    // Only what comes by the interfaces below, not what any program here has joined.
    try Self.set(descriptor.raw, Int32(IPPROTO_IP), Self.multicastAll, Int32(0))
    try Self.bind(descriptor.raw)
    var joined: [Int32] = []
    for index in interfaces {
      let request = Self.request(index)
      guard (try? Self.set(descriptor.raw, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, request)) != nil
      else { continue }
      joined.append(index)
    }
    guard !joined.isEmpty else { throw .last }
    self.interfaces = joined
    self.descriptor = descriptor
  }

  package var raw: Int32 { descriptor.raw }

  /// Once on each interface.
  package func send(_ beacon: [UInt8]) {
    let target = SocketAddress(Self.group, family: .ipv4)
    for index in interfaces {
      guard
        (try? Self.set(descriptor.raw, Int32(IPPROTO_IP), IP_MULTICAST_IF, Self.request(index)))
          != nil
      else { continue }
      target.withPointer { address, count in
        _ = sendto(descriptor.raw, beacon, beacon.count, Self.now, address, count)
      }
    }
  }

  /// The next that came, and from where; nil when there is none.
  package func receive() -> (beacon: [UInt8], source: Endpoint)? {
    var bytes = [UInt8](repeating: 0, count: Self.longest + 1)
    var from = sockaddr_in()
    var count = socklen_t(MemoryLayout<sockaddr_in>.size)
    let length = withUnsafeMutablePointer(to: &from) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(descriptor.raw, &bytes, bytes.count, Self.now, $0, &count)
      }
    }
    guard length >= 0 else { return nil }
    return (Array(bytes.prefix(length)), from.endpoint)
  }

  private static func bind(_ descriptor: Int32) throws(SystemError) {
    let result = SocketAddress(group, family: .ipv4).withPointer {
      Glibc.bind(descriptor, $0, $1)
    }
    guard result == 0 else { throw .last }
  }

  private static func request(_ index: Int32) -> ip_mreqn {
    ip_mreqn(
      imr_multiaddr: in_addr(s_addr: (group.ipv4 ?? 0).bigEndian),
      imr_address: in_addr(s_addr: 0), imr_ifindex: index)
  }

  private static func set<Value>(
    _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Value
  ) throws(SystemError) {
    let result = withUnsafeBytes(of: value) {
      setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count))
    }
    guard result == 0 else { throw .last }
  }

  /// Of the range for one's own network (RFC 2365 §6.1), and a port nothing common uses. Guesses.
  private static let group = Endpoint(ipv4: 0xEFFF_5374, port: 4_782)
  /// IP_MULTICAST_ALL of ip(7).
  private static let multicastAll: Int32 = 49
  private static let now = Int32(MSG_DONTWAIT)
  private static let longest = 512
}
