import CLinux
import Glibc

/// The program's end of the control socket: asks one thing at a time and waits for the answer.
package struct ControlConnection: ~Copyable {
  private let descriptor: Descriptor
  private var input: [UInt8] = []

  package init(path: String) throws(Failure) {
    descriptor = try UnixSocket.connect(to: path)
  }

  package var raw: Int32 { descriptor.raw }

  /// Sends a request and reads the reply.
  ///
  /// What the node refused is thrown with its sentence.
  package mutating func ask<Reply: Decodable>(
    _ request: ControlRequest, for reply: Reply.Type
  ) throws(Failure) -> Reply {
    try send(request.line)
    return try receive(reply)
  }

  /// The next line, as one thing or the node's refusal.
  package mutating func receive<Reply: Decodable>(
    _ reply: Reply.Type
  ) throws(Failure) -> Reply {
    guard let line = try readLine() else {
      throw Failure(.failed, "The node closed the connection.")
    }
    if let value = Line.decode(line, as: Reply.self) { return value }
    if let error = Line.decode(line, as: ControlError.self) {
      throw Failure(.refused, error.error)
    }
    throw Failure(.failed, "The node answered something this program does not understand.")
  }

  /// The next line without its line feed; nil at the end.
  package mutating func readLine() throws(Failure) -> [UInt8]? {
    while true {
      if let end = input.firstIndex(of: Line.lineFeed) {
        let line = Array(input[..<end])
        input.removeSubrange(...end)
        return line
      }
      let more = try readSome()
      guard !more.isEmpty else { return nil }
      input += more
    }
  }

  /// Bytes as they come, for sound; empty at the end.
  package mutating func read() throws(Failure) -> [UInt8] {
    guard input.isEmpty else {
      defer { input = [] }
      return input
    }
    return try readSome()
  }

  package func send(_ bytes: [UInt8]) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(
          descriptor.raw, buffer.baseAddress.map { $0 + done }, bytes.count - done,
          Int32(MSG_NOSIGNAL))
      }
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw Failure(.failed, "The node went away: \(SystemError.last.sentence).")
      }
      done += count
    }
  }

  /// Whether the node has said something that was not read yet.
  package var hasReply: Bool {
    var waiting = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    return !input.isEmpty || poll(&waiting, 1, 0) > 0
  }

  /// Nothing more will be sent; replies still come.
  package func finishSending() { shutdown(descriptor.raw, Int32(SHUT_WR)) }

  /// Keeps little sound on the way to the node, so that a live source is not heard late.
  package func keepLittleUnsent() {
    var size = Self.unsent
    setsockopt(
      descriptor.raw, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  }

  private func readSome() throws(Failure) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor.raw, &chunk, chunk.count)
      if count >= 0 { return Array(chunk[..<count]) }
      guard errno == EINTR else {
        throw Failure(.failed, "The node went away: \(SystemError.last.sentence).")
      }
    }
  }

  /// 80 ms; the kernel doubles it.
  private static let unsent: Int32 = 4 * 1_920
}
