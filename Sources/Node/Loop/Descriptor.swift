import CLinux
import Glibc

/// A file descriptor with one owner: closed when the value dies.
package struct Descriptor: ~Copyable, Sendable {
  package let raw: Int32

  package init(_ raw: Int32) { self.raw = raw }

  /// Gives the descriptor away unclosed.
  package consuming func release() -> Int32 {
    let raw = raw
    discard self
    return raw
  }

  deinit { _ = close(raw) }
}

/// What the system said when a call failed.
package struct SystemError: Error, Hashable, Sendable {
  package let number: Int32

  package init(number: Int32) { self.number = number }

  /// The error of the call that just failed on this thread.
  package static var last: SystemError { SystemError(number: errno) }

  package var sentence: String {
    var text = [CChar](repeating: 0, count: 128)
    guard strerror_r(number, &text, text.count) == 0 else { return "error \(number)" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
