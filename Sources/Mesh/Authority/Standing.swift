import Keys
package import OrderedCollections
package import Wire

/// Who may do what in a room at one moment: what all operations together come to.
package struct Standing: Sendable {
  /// What operations say of one person.
  package struct Person: Hashable, Sendable {
    /// The role given by name; nil when there is none.
    package var role: Role?
    package var isRemoved = false
    package var isMuted = false
    /// May pass frames on without being able to hear.
    package var isRelay = false
    /// Its log contradicts itself: it holds no role any more.
    package var isForked = false
    /// Lost or gave back a role: an invite alone gives it no more than listening.
    package var isLowered = false
    /// A seat is offered until then, in milliseconds since 1970.
    package var seatOfferedUntil: UInt64?
    /// Of the grant that gives the role.
    package var seniority: Rank?

    package init() {}
  }

  /// An invite that is not revoked.
  package struct Invitation: Hashable, Sendable {
    package var inviter: PersonaID
    /// Number of the inviter's operation that made it.
    package var sequence: UInt32
    package var terms: InviteTerms
    /// How many the inviter has admitted by it.
    package var used: UInt32
    /// Milliseconds since 1970; nobody new is admitted from then on.
    package var expiry: UInt64?

    package func isOpen(at moment: UInt64) -> Bool {
      expiry.map { moment < $0 } ?? true
    }

    /// It admits a number of people, and they are in.
    package var isUsedUp: Bool { terms.uses != InviteTerms.reusable && used >= terms.uses }
  }

  package let room: RoomID
  /// Whoever knows the room may listen.
  package let isOpen: Bool
  /// Everybody named by an operation, in the order of their keys.
  package internal(set) var people: OrderedDictionary<PersonaID, Person> = [:]
  package internal(set) var invites: OrderedDictionary<SigningKey, Invitation> = [:]
  /// Nil when the host's log contradicts itself.
  package internal(set) var host: PersonaID?
  /// The most senior first, the host not among them.
  package internal(set) var moderators: [PersonaID] = []
  /// Those who may speak by name, the longest entitled first.
  package internal(set) var speakers: [PersonaID] = []
  package internal(set) var policy: RoomPolicy = []
  package internal(set) var isClosed = false
  /// When something runs out, in milliseconds since 1970.
  package internal(set) var nextChange: UInt64?

  init(room: RoomID, isOpen: Bool) {
    self.room = room
    self.isOpen = isOpen
  }

  package subscript(person: PersonaID) -> Person { people[person] ?? Person() }

  /// The role somebody has, who may have come by an invite; nil when it may not be here.
  package func role(of person: PersonaID, via invite: SigningKey?) -> Role? {
    let known = self[person]
    guard !known.isRemoved else { return nil }
    var role = known.role
    if isOpen { role = max(role ?? .listener, .listener) }
    if let invite, let terms = invites[invite]?.terms, terms.uses == InviteTerms.reusable {
      let given = known.isLowered || known.isForked ? Role.listener : terms.role
      role = max(role ?? given, given)
    }
    return role
  }

  /// Keys go to whom this holds for.
  package func mayListen(_ person: PersonaID, via invite: SigningKey?) -> Bool {
    role(of: person, via: invite) != nil
  }

  /// Forwarders pass on frames of whom this holds for, and of nobody else.
  package func maySpeak(_ person: PersonaID, via invite: SigningKey?) -> Bool {
    guard let role = role(of: person, via: invite), !isClosed else { return false }
    return role >= .speaker && !self[person].isMuted
  }

  package func mayModerate(_ person: PersonaID) -> Bool {
    self[person].role.map { $0 >= .moderator } ?? false
  }

  /// Host first, then moderators, then speakers by name, each in order of seniority.
  package var stage: [PersonaID] { (host.map { [$0] } ?? []) + moderators + speakers }

  /// Alike on two nodes exactly when they agree about everything above.
  package var hash: Bytes16 {
    var writer = Writer(capacity: 64 + 64 * people.count)
    writer.bytes16(room.raw)
    writer.u8(isClosed ? 1 : 0)
    writer.u32(policy.rawValue)
    writer.bytes32(host?.raw ?? .zero)
    writer.u32(UInt32(people.count))
    for (person, facts) in people {
      writer.bytes32(person.raw)
      writer.u8(facts.role.map { $0.rawValue + 1 } ?? 0)
      let flags = [
        facts.isRemoved, facts.isMuted, facts.isRelay, facts.isForked, facts.isLowered,
        facts.seatOfferedUntil != nil,
      ]
      for flag in flags { writer.u8(flag ? 1 : 0) }
      writer.u64(facts.seatOfferedUntil ?? 0)
      let path = facts.seniority?.path ?? []
      writer.u8(UInt8(clamping: path.count))
      for step in path { writer.u32(step) }
    }
    for (key, invitation) in invites {
      writer.bytes32(key.raw)
      writer.bytes32(invitation.inviter.raw)
      writer.u32(invitation.sequence)
      writer.u32(invitation.terms.argument)
      writer.u32(invitation.used)
      writer.u64(invitation.expiry ?? 0)
    }
    return Digest.hash16("VR1-standing", writer.bytes)
  }
}
