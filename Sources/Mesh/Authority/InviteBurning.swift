import Keys
import OrderedCollections
package import Wire

/// What the inviter's node does with somebody who holds one of its invites with a number of uses.
///
/// The inviter alone writes ADMIT, into its one log, so two halves of a room cannot both admit: in
/// one of them it is not there, and the guest waits.
package enum InviteBurning {
  /// The answer to an admission that asks to be honoured.
  package enum Decision: Hashable, Sendable {
    /// Sign ADMIT for this operation number of the own log.
    case admit(sequence: UInt32)
    /// The person is in already.
    case isIn
    /// Whoever holds the link lets itself in.
    case notNeeded
    /// Somebody else's invite: pass it on.
    case notMine
    case refuse(Refusal)
  }

  /// Why a guest stays outside, for both sides to read.
  package enum Refusal: String, Hashable, Sendable {
    case unknownInvite, badProof, usedUp, expired, removed, doorShut
  }

  package static func decide(
    on admission: Admission, by me: PersonaID, standing: Standing, at now: Instant
  ) -> Decision {
    guard admission.room == standing.room, let invite = standing.invites[admission.invite] else {
      return .refuse(.unknownInvite)
    }
    guard invite.terms.uses != InviteTerms.reusable else { return .notNeeded }
    guard
      Signatures.verify(
        admission.signature, by: admission.invite, "VR1-adm", admission.unsigned)
    else { return .refuse(.badProof) }
    let guest = standing[admission.persona]
    guard !guest.isRemoved else { return .refuse(.removed) }
    guard guest.role == nil else { return .isIn }
    guard invite.inviter == me else { return .notMine }
    guard !standing.policy.contains(.doorShut), !standing.isClosed else {
      return .refuse(.doorShut)
    }
    guard invite.isOpen(at: now.milliseconds) else { return .refuse(.expired) }
    guard !invite.isUsedUp else { return .refuse(.usedUp) }
    return .admit(sequence: invite.sequence)
  }
}
