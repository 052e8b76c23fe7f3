/// What an operation does (Spec 9 §2).
///
/// Numbers from 128 on may be invented later: a node that does not know one keeps and passes the
/// operation on, and it has no effect. An unknown number below is refused.
package enum OperationKind: Hashable, Sendable, RawRepresentable {
  case grantModerator, grantSpeaker, revoke, mute, unmute, remove, unban
  case inviteAdd, inviteRevoke, grantRelay, policy, close, grantListener, admit
  case handOver, stageInvite, stageAccept, stepDown, cut
  /// 128 to 255.
  case later(UInt8)

  /// In the order of their numbers, from 1.
  package static let known: [OperationKind] = [
    .grantModerator, .grantSpeaker, .revoke, .mute, .unmute, .remove, .unban, .inviteAdd,
    .inviteRevoke, .grantRelay, .policy, .close, .grantListener, .admit, .handOver, .stageInvite,
    .stageAccept, .stepDown, .cut,
  ]

  private static let firstLater: UInt8 = 128

  package init?(rawValue: UInt8) {
    if rawValue >= Self.firstLater {
      self = .later(rawValue)
    } else {
      guard rawValue >= 1, rawValue <= Self.known.count else { return nil }
      self = Self.known[Int(rawValue) - 1]
    }
  }

  package var rawValue: UInt8 {
    switch self {
    case .grantModerator: 1
    case .grantSpeaker: 2
    case .revoke: 3
    case .mute: 4
    case .unmute: 5
    case .remove: 6
    case .unban: 7
    case .inviteAdd: 8
    case .inviteRevoke: 9
    case .grantRelay: 10
    case .policy: 11
    case .close: 12
    case .grantListener: 13
    case .admit: 14
    case .handOver: 15
    case .stageInvite: 16
    case .stageAccept: 17
    case .stepDown: 18
    case .cut: 19
    case .later(let number): max(number, Self.firstLater)
    }
  }

  /// It says up to where the subject's own log counts.
  package var hasCut: Bool {
    switch self {
    case .revoke, .remove, .cut: true
    default: false
    }
  }

  /// Takes something away from a person or an invite, so that keys may have to change.
  package var restricts: Bool {
    switch self {
    case .revoke, .remove, .mute, .inviteRevoke, .close, .stepDown, .cut: true
    default: false
    }
  }

  /// Somebody may hear no longer because of it, or may turn out never to have been let in.
  package var limitsHearing: Bool {
    switch self {
    case .remove, .inviteRevoke, .revoke, .cut: true
    default: false
    }
  }

  /// Whoever is its subject may write operations of its own afterwards.
  package var namesAuthor: Bool {
    switch self {
    case .grantModerator, .grantSpeaker, .admit, .handOver, .stageInvite: true
    default: false
    }
  }

  /// Written by people about themselves; all others need a moderator.
  package var isPersonal: Bool { self == .stageAccept || self == .stepDown }
}
