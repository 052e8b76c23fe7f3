import CLinux
import Glibc
import Synchronization

/// SIGTERM and SIGINT as something to be read from a descriptor instead of something that ends the
/// program.
///
/// Not a signalfd: that wants the signals held back on every thread, and Swift's threads exist
/// before any code of ours runs. One value at a time; the signals end the program again when it
/// dies.
package struct StopSignals: ~Copyable {
  private let descriptor: Descriptor

  package init() throws(SystemError) {
    descriptor = Descriptor(eventfd(0, O_CLOEXEC | O_NONBLOCK))
    guard descriptor.raw >= 0 else { throw .last }
    Self.bell.store(descriptor.raw, ordering: .sequentiallyConsistent)
    for number in Self.numbers { signal(number, Self.ring) }
  }

  package var raw: Int32 { descriptor.raw }

  deinit {
    for number in Self.numbers { signal(number, SIG_DFL) }
    Self.bell.store(-1, ordering: .sequentiallyConsistent)
  }

  /// Runs between any two instructions: it may load, write and nothing else.
  private static let ring: @convention(c) (Int32) -> Void = { _ in
    var one: UInt64 = 1
    let number = errno
    write(bell.load(ordering: .sequentiallyConsistent), &one, MemoryLayout<UInt64>.size)
    errno = number
  }

  private static let numbers = [SIGTERM, SIGINT]
  private static let bell = Atomic<Int32>(-1)
}
