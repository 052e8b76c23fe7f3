import CLinux
import Glibc
import Synchronization
package import Wire

/// Host names to addresses.
///
/// `getaddrinfo` blocks, so each question gets a thread of its own, and only few are asked at once.
package enum Resolver {
  /// At most four addresses in the system's order of preference; empty when the name is unknown,
  /// or when too many questions are open already.
  package static func resolve(host: String, port: UInt16) async -> [Endpoint] {
    if let literal = Endpoint(host: host, port: port) { return [literal] }
    guard begin() else { return [] }
    defer { end() }
    return await withCheckedContinuation { ask(Question(host: host, port: port, answer: $0)) }
  }

  /// Blocks; for threads that may.
  package static func lookUp(host: String, port: UInt16) -> [Endpoint] {
    if let literal = Endpoint(host: host, port: port) { return [literal] }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [Endpoint] = []
    var entry = list
    while let info = entry, found.count < Limits.endpointsPerContact {
      if let endpoint = endpoint(info.pointee, port: port), !found.contains(endpoint) {
        found.append(endpoint)
      }
      entry = info.pointee.ai_next
    }
    return found
  }

  private static func endpoint(_ info: addrinfo, port: UInt16) -> Endpoint? {
    guard let address = info.ai_addr else { return nil }
    let raw = UnsafeRawPointer(address)
    switch info.ai_family {
    case AF_INET:
      return Endpoint(
        ipv4: UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr), port: port
      )
    case AF_INET6:
      var address = raw.loadUnaligned(as: sockaddr_in6.self)
      address.sin6_port = port.bigEndian
      return address.endpoint
    default:
      return nil
    }
  }

  private final class Question: Sendable {
    let host: String
    let port: UInt16
    let answer: CheckedContinuation<[Endpoint], Never>

    init(host: String, port: UInt16, answer: CheckedContinuation<[Endpoint], Never>) {
      self.host = host
      self.port = port
      self.answer = answer
    }
  }

  private static func ask(_ question: Question) {
    let handle = Unmanaged.passRetained(question)
    var thread = pthread_t()
    if pthread_create(&thread, nil, answer, handle.toOpaque()) == 0 {
      pthread_detach(thread)
    } else {
      handle.release()
      question.answer.resume(returning: [])
    }
  }

  private static let answer: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
    { pointer in
      guard let pointer else { return nil }
      let question = Unmanaged<Question>.fromOpaque(pointer).takeRetainedValue()
      question.answer.resume(returning: lookUp(host: question.host, port: question.port))
      return nil
    }

  private static func begin() -> Bool {
    open.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
  }

  private static func end() { open.withLock { $0 -= 1 } }

  private static let open = Mutex(0)
  /// A start with four seed lists asks for dozens of names; more than this waits for the next try.
  private static let limit = 16
}
