import CLinux
import Glibc
import Mesh
import Wire

/// The arrays that `recvmmsg` and `sendmmsg` read and fill, made once and pointing at one another.
final class MessageBatch {
  /// Room for one datagram: longer ones are cut there and recognised by it.
  static let slot = 2_048

  let headers: UnsafeMutablePointer<mmsghdr>
  let buffer: UnsafeMutablePointer<UInt8>
  private let vectors: UnsafeMutablePointer<iovec>
  private let addresses: UnsafeMutablePointer<sockaddr_in6>
  private let family: AddressFamily
  private let addressCount: socklen_t

  init(family: AddressFamily) {
    let count = UDPSocket.batchCount
    self.family = family
    addressCount = socklen_t(
      family == .dual ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
    headers = .allocate(capacity: count)
    headers.initialize(repeating: mmsghdr(), count: count)
    vectors = .allocate(capacity: count)
    vectors.initialize(repeating: iovec(), count: count)
    addresses = .allocate(capacity: count)
    addresses.initialize(repeating: sockaddr_in6(), count: count)
    buffer = .allocate(capacity: count * Self.slot)
    buffer.initialize(repeating: 0, count: count * Self.slot)
    for index in 0..<count {
      headers[index].msg_hdr.msg_name = UnsafeMutableRawPointer(addresses + index)
      headers[index].msg_hdr.msg_namelen = addressCount
      headers[index].msg_hdr.msg_iov = vectors + index
      headers[index].msg_hdr.msg_iovlen = 1
    }
  }

  deinit {
    headers.deallocate()
    vectors.deallocate()
    addresses.deallocate()
    buffer.deallocate()
  }

  @inline(__always)
  func prepareToReceive() {
    for index in 0..<UDPSocket.batchCount {
      vectors[index].iov_base = UnsafeMutableRawPointer(buffer + index * Self.slot)
      vectors[index].iov_len = Self.slot
      headers[index].msg_hdr.msg_namelen = addressCount
    }
  }

  @inline(__always)
  func source(_ index: Int) -> Endpoint {
    if family == .dual { return addresses[index].endpoint }
    return UnsafeRawPointer(addresses + index).load(as: sockaddr_in.self).endpoint
  }

  @inline(__always)
  func prepareToSend(_ index: Int, _ datagram: Outbox.Datagram, _ start: UnsafePointer<UInt8>) {
    if family == .dual {
      addresses[index].write(datagram.target)
    } else {
      UnsafeMutableRawPointer(addresses + index).assumingMemoryBound(to: sockaddr_in.self)
        .pointee.write(datagram.target)
    }
    vectors[index].iov_base = UnsafeMutableRawPointer(mutating: start + datagram.start)
    vectors[index].iov_len = datagram.count
    headers[index].msg_hdr.msg_namelen = addressCount
  }
}
