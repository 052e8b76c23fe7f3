/// When the participant wants to be called again, and why: the reason travels with the instant so
/// that a node that wakes too often can be understood from its trace.
package struct Deadline: Hashable, Sendable {
  package let instant: Instant
  package let reason: Reason

  /// Which part of the participant asked for it, for traces.
  package enum Reason: String, Sendable {
    case handshake, retransmit, keepAlive, rekey, linkTimeout
    case shuffle, presence, antiEntropy, expiry
    case optimise, repair, standby
    case frames, dialling, listing, flush, authority, cover
  }

  package init(_ instant: Instant, _ reason: Reason) {
    self.instant = instant
    self.reason = reason
  }

  /// The earlier of two deadlines, where none is later than any.
  package static func earlier(_ left: Deadline?, _ right: Deadline?) -> Deadline? {
    guard let left else { return right }
    guard let right else { return left }
    return right.instant < left.instant ? right : left
  }
}
