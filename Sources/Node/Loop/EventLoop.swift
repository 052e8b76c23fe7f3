import CLinux
import Glibc
import Synchronization

/// The node's one thread: waits for sockets, the timer and work from other threads, and runs what
/// they ask for, one thing at a time.
///
/// It is the executor of ``Host``: a readiness callback runs on this thread, so it may enter the
/// actor with `assumeIsolated` and no datagram pays for a hop. Work from elsewhere is put on a list
/// under a lock and announced through an eventfd.
package final class EventLoop: SerialExecutor {
  /// What a descriptor is ready for.
  ///
  /// An error or a hang-up counts as everything.
  package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let reading = Readiness(rawValue: starling_epollin)
    package static let writing = Readiness(rawValue: starling_epollout)
    /// Told whether asked for or not: an error, or the other side is gone.
    package static let broken = Readiness(rawValue: starling_epollerr)
  }

  /// Runs on the loop's thread.
  /// What the loop calls when a descriptor is ready.
  package typealias Callback = (Readiness) -> Void

  private struct Mailbox: Sendable {
    var jobs: [UnownedJob] = []
    var announced = false
    var stopping = false
  }

  private let poll: Int32
  private let bell: Int32
  private let timer: Int32
  private let mailbox = Mutex(Mailbox())
  private let thread = Atomic<UInt>(0)
  /// Only the loop's thread looks inside.
  private nonisolated(unsafe) var watched: [Int32: Callback] = [:]
  private nonisolated(unsafe) var alarm: (() -> Void)?
  private nonisolated(unsafe) var armed: Int64 = .max

  package init() throws(SystemError) {
    let flags = Int32(O_CLOEXEC | O_NONBLOCK)
    let poll = Descriptor(epoll_create1(Int32(O_CLOEXEC)))
    let bell = Descriptor(eventfd(0, flags))
    let timer = Descriptor(timerfd_create(CLOCK_BOOTTIME, flags))
    guard poll.raw >= 0, bell.raw >= 0, timer.raw >= 0 else { throw .last }
    for raw in [bell.raw, timer.raw] { try Self.control(poll.raw, EPOLL_CTL_ADD, raw, .reading) }
    self.poll = poll.release()
    self.bell = bell.release()
    self.timer = timer.release()
  }

  deinit {
    for raw in [poll, bell, timer] { _ = close(raw) }
  }

  /// Starts the thread.
  package func start() throws(SystemError) {
    var handle = pthread_t()
    let body = Unmanaged.passRetained(self)
    let result = pthread_create(
      &handle, nil,
      { pointer in
        guard let pointer else { return nil }
        Unmanaged<EventLoop>.fromOpaque(pointer).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard result == 0 else {
      body.release()
      throw SystemError(number: result)
    }
    pthread_detach(handle)
  }

  /// Asks the thread to end after the work already handed to it.
  ///
  /// May be called from anywhere.
  package func stop() {
    ring { $0.stopping = true }
  }

  /// Calls `callback` on the loop's thread whenever `descriptor` is ready.
  ///
  /// Only on that thread.
  package func watch(
    _ descriptor: Int32, for readiness: Readiness, _ callback: @escaping Callback
  ) throws(SystemError) {
    try Self.control(poll, EPOLL_CTL_ADD, descriptor, readiness)
    watched[descriptor] = callback
  }

  /// Changes what a watched descriptor is watched for.
  ///
  /// Only on the loop's thread.
  package func change(_ descriptor: Int32, to readiness: Readiness) {
    try? Self.control(poll, EPOLL_CTL_MOD, descriptor, readiness)
  }

  /// Before the descriptor is closed.
  ///
  /// Only on the loop's thread.
  package func unwatch(_ descriptor: Int32) {
    try? Self.control(poll, EPOLL_CTL_DEL, descriptor, [])
    watched[descriptor] = nil
  }

  /// What runs when the alarm goes off.
  ///
  /// Only on the loop's thread.
  package func onAlarm(_ callback: @escaping () -> Void) { alarm = callback }

  /// Sets the one alarm, in boot-time nanoseconds.
  ///
  /// An alarm already set for earlier stays: it rings, finds nothing due, and is set anew, which is
  /// cheaper than a system call per packet.
  package func arm(_ nanoseconds: Int64) {
    guard nanoseconds < armed else { return }
    armed = nanoseconds
    // All zeros would disarm the timer.
    let moment = max(nanoseconds, 1)
    var setting = itimerspec()
    setting.it_value.tv_sec = Int(moment / 1_000_000_000)
    setting.it_value.tv_nsec = Int(moment % 1_000_000_000)
    timerfd_settime(timer, starling_timer_absolute, &setting, nil)
  }

  // MARK: Executor

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    ring { $0.jobs.append(job) }
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }

  package func isIsolatingCurrentContext() -> Bool? { isCurrent }

  package func checkIsolated() {
    precondition(isCurrent, "The event loop was entered from another thread.")
  }

  private var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  private func ring(_ change: (inout sending Mailbox) -> Void) {
    let mustRing = mailbox.withLock { mailbox in
      change(&mailbox)
      defer { mailbox.announced = true }
      return !mailbox.announced
    }
    guard mustRing, !isCurrent else { return }
    var one: UInt64 = 1
    write(bell, &one, MemoryLayout<UInt64>.size)
  }

  // MARK: The thread

  /// Serves as the loop's thread until ``stop()``.
  ///
  /// A loop runs once.
  package func run() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    var events = [epoll_event](repeating: epoll_event(), count: Self.batch)
    while runJobs() {
      let count = epoll_wait(poll, &events, Int32(Self.batch), -1)
      guard count > 0 else { continue }
      for index in 0..<Int(count) { dispatch(events[index]) }
    }
    watched.removeAll()
    alarm = nil
    thread.store(0, ordering: .relaxed)
  }

  /// False when the thread shall end.
  private func runJobs() -> Bool {
    while true {
      let (jobs, stopping) = mailbox.withLock { mailbox in
        defer { mailbox.jobs = [] }
        mailbox.announced = !mailbox.jobs.isEmpty
        return (mailbox.jobs, mailbox.stopping)
      }
      if jobs.isEmpty { return !stopping }
      for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
  }

  private func dispatch(_ event: epoll_event) {
    let descriptor = event.data.fd
    if descriptor == bell || descriptor == timer {
      var count: UInt64 = 0
      read(descriptor, &count, MemoryLayout<UInt64>.size)
      guard descriptor == timer else { return }
      armed = .max
      alarm?()
      return
    }
    // A callback earlier in this batch may have closed it.
    guard let callback = watched[descriptor] else { return }
    let readiness = Readiness(rawValue: event.events)
    callback(
      readiness.isDisjoint(with: .broken)
        ? readiness : readiness.union([.reading, .writing, .broken]))
  }

  private static func control(
    _ poll: Int32, _ operation: Int32, _ descriptor: Int32, _ readiness: Readiness
  ) throws(SystemError) {
    var event = epoll_event()
    event.events = readiness.rawValue
    event.data.fd = descriptor
    guard epoll_ctl(poll, operation, descriptor, &event) == 0 else { throw .last }
  }

  /// Events taken from the kernel at once: more than descriptors that matter.
  private static let batch = 64
}
