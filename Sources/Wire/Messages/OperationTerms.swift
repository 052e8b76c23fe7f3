/// What an invite grants, as the argument of its operation says it: `role 1 | uses 3`.
package struct InviteTerms: Hashable, Sendable {
  /// Listener or speaker: moderators are named, not invited by link.
  package var role: Role
  /// How many the inviter may admit; 0 is whoever holds the link, without asking.
  package var uses: UInt32

  package static let reusable: UInt32 = 0
  private static let usesMaximum: UInt32 = 0xFF_FFFF

  package init(role: Role, uses: UInt32) {
    self.role = min(role, .speaker)
    self.uses = min(uses, Self.usesMaximum)
  }

  /// Nil for roles that no invite gives.
  package init?(argument: UInt32) {
    guard let role = Role(rawValue: UInt8(argument >> 24)), role <= .speaker else { return nil }
    self.init(role: role, uses: argument & Self.usesMaximum)
  }

  package var argument: UInt32 { UInt32(role.rawValue) << 24 | uses }
}

/// Rules of a room that its host may set, a bit each.
package struct RoomPolicy: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Nobody may raise a hand.
  package static let handsDown = RoomPolicy(rawValue: 1)
  /// Listeners are shown to each other.
  package static let listenersShown = RoomPolicy(rawValue: 2)
  /// Nobody new comes in.
  package static let doorShut = RoomPolicy(rawValue: 4)

  package static let all: RoomPolicy = [.handsDown, .listenersShown, .doorShut]
}
