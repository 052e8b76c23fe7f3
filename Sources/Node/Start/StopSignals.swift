import CLinux
import Glibc

/// SIGTERM and SIGINT as something a loop can wait for instead of something that interrupts.
package struct StopSignals: ~Copyable {
  private let descriptor: Descriptor

  /// Holds the signals back on this thread and those it makes later: call it before any other
  /// thread exists.
  package init() throws(SystemError) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    descriptor = Descriptor(signalfd(-1, &signals, O_CLOEXEC | O_NONBLOCK))
    guard descriptor.raw >= 0 else { throw .last }
  }

  package var raw: Int32 { descriptor.raw }
}
