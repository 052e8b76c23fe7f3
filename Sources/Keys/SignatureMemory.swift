import Synchronization
import Wire

/// Verdicts on signatures, remembered.
///
/// Only for a process that runs many participants, which all check the same records: a verdict
/// depends on nothing but key, label, message and signature, so the result is the same as without.
package final class SignatureMemory: Sendable {
  package static let shared = SignatureMemory()

  private struct State {
    var limit = 0
    var verdicts: [Bytes16: Bool] = [:]
  }

  private let state = Mutex(State())
  private let isOn = Atomic(false)

  /// Remembers up to `limit` verdicts from now on; when full it starts afresh.
  package func begin(limit: Int) {
    state.withLock { $0.limit = limit }
    isOn.store(limit > 0, ordering: .relaxed)
  }

  func verdict(
    _ signature: Signature, _ key: SigningKey, _ labelled: [UInt8], judge: () -> Bool
  ) -> Bool {
    guard isOn.load(ordering: .relaxed) else { return judge() }
    let name = Digest.hash16("VR1-memo", signature.raw.array + key.raw.array + labelled)
    if let known = state.withLock({ $0.verdicts[name] }) { return known }
    let verdict = judge()
    state.withLock { state in
      if state.verdicts.count >= state.limit { state.verdicts.removeAll(keepingCapacity: true) }
      state.verdicts[name] = verdict
    }
    return verdict
  }
}
