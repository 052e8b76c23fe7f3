package import Wire

/// The three messages by which two ends of a link come to a ``PairCode``, seen from one of them.
package struct PairCheck: Sendable {
  private enum State {
    case idle
    /// We committed. → compared, when the other's nonce comes.
    case asked(nonce: Bytes32)
    /// They committed and have our nonce. → compared, when theirs fits.
    case answered(commitment: Bytes32, nonce: Bytes32)
    case compared
  }

  /// What follows from a message.
  package enum Step: Hashable, Sendable {
    case send(PairCheckMessage)
    /// Send it, and show the code.
    case sendAndShow(PairCheckMessage, PairCode)
    case show(PairCode)
    /// They are not who they were: the nonce does not fit the commitment.
    case fraud
    case ended
    case ignore
  }

  /// One try a minute: the code is short because tries are rare (specification 2.7).
  package static let pause: Duration = .seconds(60)
  /// An exchange takes as long as three messages do. A guess.
  package static let patience: Duration = .seconds(30)

  private let transcript: Bytes64
  private let me: PersonaID
  private let other: PersonaID
  private var state = State.idle
  private var began: Instant?

  package init(transcript: Bytes64, me: PersonaID, other: PersonaID) {
    self.transcript = transcript
    self.me = me
    self.other = other
  }

  /// Nil when the last try is less than a minute ago.
  ///
  /// - Parameter nonce: fresh randomness.
  package mutating func ask(nonce: Bytes32, at now: Instant) -> PairCheckMessage? {
    guard begin(at: now) else { return nil }
    state = .asked(nonce: nonce)
    return .commitment(PairCode.commitment(to: nonce))
  }

  /// - Parameter nonce: fresh randomness, in case an answer needs it.
  package mutating func receive(
    _ message: PairCheckMessage, nonce: Bytes32, at now: Instant
  ) -> Step {
    if let began, now >= began + PairCheck.patience { state = .idle }
    switch (message, state) {
    case (.commitment(let commitment), .idle), (.commitment(let commitment), .compared):
      guard begin(at: now) else { return .send(.end) }
      state = .answered(commitment: commitment, nonce: nonce)
      return .send(.nonce(nonce))
    case (.commitment(let commitment), .asked) where other < me:
      // Both asked at once: the smaller key stays the asker.
      state = .answered(commitment: commitment, nonce: nonce)
      return .send(.nonce(nonce))
    case (.nonce(let theirs), .asked(let ours)):
      state = .compared
      let code = PairCode(transcript: transcript, asker: (me, ours), other: (other, theirs))
      return .sendAndShow(.reveal(ours), code)
    case (.reveal(let theirs), .answered(let commitment, let ours)):
      guard PairCode.commitment(to: theirs) == commitment else {
        state = .idle
        return .fraud
      }
      state = .compared
      return .show(
        PairCode(transcript: transcript, asker: (other, theirs), other: (me, ours)))
    case (.end, .asked), (.end, .answered):
      state = .idle
      return .ended
    default: return .ignore
    }
  }

  private mutating func begin(at now: Instant) -> Bool {
    if let began, now < began + PairCheck.pause { return false }
    began = now
    return true
  }
}
