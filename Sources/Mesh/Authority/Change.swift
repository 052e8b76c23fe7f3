import OrderedCollections
package import Wire

/// What became different between two standings, for a person to read and for keys to follow.
package enum Change: Hashable, Sendable {
  case host(PersonaID?)
  case role(PersonaID, Role?)
  case removed(PersonaID, Bool)
  case muted(PersonaID, Bool)
  case relay(PersonaID, Bool)
  /// A seat is offered until then; nil when the offer is gone.
  case seat(PersonaID, until: UInt64?)
  case forked(PersonaID)
  /// Made or revoked.
  case invite(SigningKey, Bool)
  case policy(RoomPolicy)
  case closed

  /// Somebody may hear no longer: speakers need new keys.
  package var limitsHearing: Bool {
    switch self {
    case .removed(_, let isRemoved): isRemoved
    case .invite(_, let isMade): !isMade
    case .role(_, let role): role == nil
    default: false
    }
  }

  /// Somebody may do less than before.
  package var restricts: Bool {
    switch self {
    case .removed(_, let isRemoved): isRemoved
    case .muted(_, let isMuted): isMuted
    case .invite(_, let isMade): !isMade
    case .role, .forked, .closed: true
    case .host, .relay, .seat, .policy: false
    }
  }
}

extension Standing {
  /// In the order of people's keys, then of invites', then of the room.
  package func changes(since old: Standing) -> [Change] {
    var changes: [Change] = []
    for (person, new) in people { changes += Self.changes(of: person, from: old[person], to: new) }
    // Operations can be voided: people nobody names any more.
    for (person, before) in old.people where people[person] == nil {
      changes += Self.changes(of: person, from: before, to: Person())
    }
    for key in old.invites.keys where invites[key] == nil { changes.append(.invite(key, false)) }
    for key in invites.keys where old.invites[key] == nil { changes.append(.invite(key, true)) }
    if host != old.host { changes.append(.host(host)) }
    if policy != old.policy { changes.append(.policy(policy)) }
    if isClosed && !old.isClosed { changes.append(.closed) }
    return changes
  }

  private static func changes(
    of person: PersonaID, from before: Person, to new: Person
  ) -> [Change] {
    guard new != before else { return [] }
    var changes: [Change] = []
    if new.role != before.role { changes.append(.role(person, new.role)) }
    if new.isRemoved != before.isRemoved { changes.append(.removed(person, new.isRemoved)) }
    if new.isMuted != before.isMuted { changes.append(.muted(person, new.isMuted)) }
    if new.isRelay != before.isRelay { changes.append(.relay(person, new.isRelay)) }
    if new.seatOfferedUntil != before.seatOfferedUntil {
      changes.append(.seat(person, until: new.seatOfferedUntil))
    }
    if new.isForked && !before.isForked { changes.append(.forked(person)) }
    return changes
  }
}
