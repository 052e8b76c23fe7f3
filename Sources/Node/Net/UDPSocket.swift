import CLinux
import Glibc
package import Mesh
package import Wire

/// The socket all datagrams pass: read in batches into one buffer, written in batches straight out
/// of the ``Outbox``.
///
/// Nothing here allocates per datagram. Whatever goes wrong with one datagram is counted; a socket
/// that serves many peers must not stop because one of them is unreachable.
package struct UDPSocket: ~Copyable {
  /// What happened to datagrams that did not make it, and how many did.
  package struct Tally: Sendable {
    package var received: UInt64 = 0
    package var sent: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
    /// Longer than any datagram of ours.
    package var oversized: UInt64 = 0
    /// The kernel's buffer was full.
    package var congested: UInt64 = 0
    /// No route, refused, forbidden by a firewall.
    package var unreachable: UInt64 = 0
    /// Longer than the path allows.
    package var tooLong: UInt64 = 0
  }

  package let family: AddressFamily
  /// Where the socket is bound; the port is the one the kernel chose when 0 was asked for.
  package let local: Endpoint
  package private(set) var tally = Tally()

  private let descriptor: Descriptor
  private let batch: MessageBatch

  /// Binds to `endpoint`; the unspecified IPv6 address means every address of both IP versions.
  package init(binding endpoint: Endpoint) throws(SystemError) {
    let dual = try Self.openDual(endpoint)
    let family: AddressFamily = dual == nil ? .ipv4 : .dual
    let descriptor = if let dual { dual } else { try Self.openSingle(endpoint) }
    Self.configure(descriptor.raw, family)
    local = try Self.name(of: descriptor.raw, family)
    self.family = family
    batch = MessageBatch(family: family)
    self.descriptor = descriptor
  }

  package var raw: Int32 { descriptor.raw }

  /// Takes one batch from the kernel and lends each datagram to `body`.
  ///
  /// Returns how many there were; fewer than ``batchCount`` means the queue is empty.
  @inline(__always)
  package mutating func receive(_ body: (Span<UInt8>, Endpoint) -> Void) -> Int {
    batch.prepareToReceive()
    let count = Int(
      recvmmsg(descriptor.raw, batch.headers, UInt32(Self.batchCount), Int32(MSG_DONTWAIT), nil))
    guard count > 0 else { return 0 }
    for index in 0..<count {
      let length = Int(batch.headers[index].msg_len)
      tally.received &+= 1
      tally.bytesReceived &+= UInt64(length)
      guard length <= Limits.datagram else {
        tally.oversized &+= 1
        continue
      }
      let bytes = UnsafeBufferPointer(
        start: batch.buffer + index * MessageBatch.slot, count: length)
      body(bytes.span, batch.source(index))
    }
    return count
  }

  /// Sends all of `outbox`, in order.
  ///
  /// What the kernel does not take at once is dropped and counted: late voice is worthless, and
  /// everything else repeats itself.
  package mutating func send(_ outbox: borrowing Outbox) {
    let datagrams = outbox.datagrams
    guard !datagrams.isEmpty else { return }
    outbox.bytes.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return }
      var next = 0
      while next < datagrams.count {
        let count = min(datagrams.count - next, Self.batchCount)
        for index in 0..<count {
          batch.prepareToSend(index, datagrams[next + index], start)
        }
        sendBatch(count)
        next += count
      }
    }
  }

  private mutating func sendBatch(_ count: Int) {
    var done = 0
    while done < count {
      let result = Int(
        sendmmsg(descriptor.raw, batch.headers + done, UInt32(count - done), Int32(MSG_DONTWAIT)))
      if result > 0 {
        for index in done..<done + result {
          tally.bytesSent &+= UInt64(batch.headers[index].msg_len)
        }
        tally.sent &+= UInt64(result)
        done += result
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN, ENOBUFS, ENOMEM:
        tally.congested &+= UInt64(count - done)
        return
      case EMSGSIZE: tally.tooLong &+= 1
      default: tally.unreachable &+= 1
      }
      done += 1
    }
  }

  /// Datagrams per system call: the C relay we measure against uses as many.
  package static let batchCount = 64
}

extension UDPSocket {
  /// A dual-stack socket bound to `endpoint`; nil where IPv6 is compiled out or switched off and
  /// the endpoint does not insist on it.
  private static func openDual(_ endpoint: Endpoint) throws(SystemError) -> Descriptor? {
    let descriptor = Descriptor(socket(AF_INET6, socketType, 0))
    guard descriptor.raw >= 0 else { return nil }
    set(descriptor.raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
    do throws(SystemError) {
      try bind(descriptor, to: endpoint, .dual)
    } catch {
      // With net.ipv6.conf.all.disable_ipv6 set, an IPv6 socket opens but binds to no address.
      let unspecified = endpoint.address == .zero || endpoint.ipv4 != nil
      guard error.number == EADDRNOTAVAIL, unspecified else { throw error }
      return nil
    }
    return descriptor
  }

  private static func openSingle(_ endpoint: Endpoint) throws(SystemError) -> Descriptor {
    let descriptor = Descriptor(socket(AF_INET, socketType, 0))
    guard descriptor.raw >= 0 else { throw .last }
    try bind(descriptor, to: endpoint, .ipv4)
    return descriptor
  }

  private static func bind(
    _ descriptor: borrowing Descriptor, to endpoint: Endpoint, _ family: AddressFamily
  ) throws(SystemError) {
    let raw = descriptor.raw
    let result = SocketAddress(endpoint, family: family).withPointer { bindSocket(raw, $0, $1) }
    guard result == 0 else { throw .last }
  }

  private static func configure(_ descriptor: Int32, _ family: AddressFamily) {
    set(descriptor, SOL_SOCKET, SO_RCVBUF, kernelBuffer)
    set(descriptor, SOL_SOCKET, SO_SNDBUF, kernelBuffer)
    // Datagrams are made to fit; a fragment would be a pattern and half of it a loss.
    set(descriptor, Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    guard family == .dual else { return }
    set(descriptor, Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO)
    set(descriptor, Int32(IPPROTO_IPV6), IPV6_DONTFRAG, 1)
  }

  /// Options only make the socket better; one the kernel does not know is no reason to stop.
  private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func name(
    of descriptor: Int32, _ family: AddressFamily
  ) throws(SystemError) -> Endpoint {
    var storage = sockaddr_in6()
    var count = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &count)
      }
    }
    guard result == 0 else { throw .last }
    if family == .dual { return storage.endpoint }
    return withUnsafeBytes(of: storage) { $0.load(as: sockaddr_in.self).endpoint }
  }

  private static let socketType = Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC | O_NONBLOCK

  /// Two seconds of what a relay for 100 listeners receives at once; the kernel may cap it.
  private static let kernelBuffer: Int32 = 4 << 20
}

private func bindSocket(
  _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ count: socklen_t
) -> Int32 {
  bind(descriptor, address, count)
}
