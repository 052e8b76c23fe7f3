import Glibc
import Synchronization

/// A socket at some address of loopback that answers questions in NAT-PMP as a test says.
final class FakeRouter: Sendable {
  let address: UInt32
  private let descriptor: Int32
  private let heard = Mutex<[[UInt8]]>([])
  private let answer: @Sendable ([UInt8]) -> [UInt8]?

  struct NoSocket: Error {}

  init(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws {
    self.answer = answer
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var bound: UInt32?
    // All of 127.0.0.0/8 is this machine: other tests may run on it at the same time.
    for _ in 0..<20 where bound == nil {
      let candidate = 0x7F00_0000 | UInt32.random(in: 0x0001_0001...0x00FE_FFFE)
      if Self.bind(descriptor, to: candidate) { bound = candidate }
    }
    guard let bound else { throw NoSocket() }
    address = bound
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<FakeRouter>.fromOpaque(context).takeRetainedValue().serve()
        return nil
      }, context)
    pthread_detach(thread)
  }

  var questions: [[UInt8]] { heard.withLock { $0 } }

  /// For two seconds without a question, then it is gone.
  private func serve() {
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    while true {
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&wanted, 1, 2_000) == 1 else { return }
      var asker = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &asker) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(descriptor, &bytes, bytes.count, 0, $0, &size)
        }
      }
      guard count >= 0 else { return }
      let question = Array(bytes[..<count])
      heard.withLock { $0.append(question) }
      guard let reply = answer(question) else { continue }
      _ = withUnsafePointer(to: &asker) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, reply, reply.count, 0, $0, size)
        }
      }
    }
  }

  private static func bind(_ descriptor: Int32, to address: UInt32) -> Bool {
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = address.bigEndian
    // RFC 6886 §3.1.
    place.sin_port = UInt16(5_351).bigEndian
    return withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  // MARK: Answers

  /// RFC 6886 §3.2.
  static func address(_ address: [UInt8]) -> [UInt8] { [0, 128, 0, 0, 0, 0, 0, 1] + address }

  /// RFC 6886 §3.3.
  static func mapping(
    _ request: [UInt8], port: UInt16, seconds: UInt32 = 0, refusal: UInt8 = 0
  ) -> [UInt8] {
    guard request.count == 12 else { return [] }
    let inside = Array(request[4..<6])
    let lifetime = (0..<4).map { UInt8(truncatingIfNeeded: seconds >> (24 - 8 * $0)) }
    return [0, 129, 0, refusal, 0, 0, 0, 1] + inside
      + [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] + lifetime
  }
}
