import Glibc
import Synchronization

/// Asks again and again until it is so; the suite's time limit ends a wait in vain.
func until(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}

/// Runs what blocks on a thread of its own, so that it holds up nobody who must answer it.
func elsewhere<Result: Sendable>(
  _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { answer in
    Errand.run { answer.resume(with: Swift.Result { try body() }) }
  }
}

private final class Errand: Sendable {
  private let body: @Sendable () -> Void

  private init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  static func run(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        Unmanaged<Errand>.fromOpaque(pointer).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(Errand(body)).toOpaque())
    pthread_detach(thread)
  }
}
