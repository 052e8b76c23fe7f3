import Mesh
import Wire

/// One line of `events`: what happened, in the order in which this node learnt it.
package struct EventReport: Codable, Hashable, Sendable {
  /// Counts events of this node from 1; a gap cannot be.
  package var n: UInt64 = 0
  /// Nanoseconds since 1970.
  package var t: Int64 = 0
  package var event: String
  package var room: String?
  package var person: String?
  package var session: UInt32?
  package var role: String?
  package var on: Bool?
  /// Milliseconds since 1970.
  package var until: UInt64?
  package var policy: [String]?
  package var sign: String?
  package var invite: String?
  package var link: String?
  package var reason: String?
  /// Seven pictures and their names, and three numbers for who cannot see them.
  package var pictures: [String]?
  package var words: [String]?
  package var numbers: [Int]?

  private init(_ event: String, _ room: RoomID? = nil) {
    self.event = event
    self.room = room?.text
  }

  /// Somebody is heard no more at this node, or again.
  static func blocked(_ person: PersonaID, _ isOn: Bool) -> EventReport {
    var report = EventReport("blocked")
    (report.person, report.on) = (person.text, isOn)
    return report
  }

  /// Nil for sound, and for what is the node's own matter.
  init?(_ event: Event) {
    switch event {
    case .joined(let room): self.init("joined", room)
    case .left(let room): self.init("left", room)
    case .waiting(let room): self.init("waiting", room)
    case .silenced(let room): self.init("silenced", room)
    case .roster(let room): self.init("roster", room)
    case .listings: self.init("listings")
    case .refused(let refusal, let room):
      self.init("refused", room)
      reason = refusal.rawValue
    case .speaking(let room, let session, let isOn):
      self.init("speaking", room)
      self.session = session.raw
      on = isOn
    case .entered(let room, let session, let person):
      self.init("entered", room)
      (self.session, self.person) = (session.raw, person.text)
    case .departed(let room, let session, let person):
      self.init("departed", room)
      (self.session, self.person) = (session.raw, person.text)
    case .hand(let room, let person, let isUp):
      self.init("hand", room)
      (self.person, on) = (person.text, isUp)
    case .reacted(let room, let person, let sign):
      self.init("reacted", room)
      (self.person, self.sign) = (person.text, sign.text)
    case .actingHost(let room, let person):
      self.init("actingHost", room)
      self.person = person?.text
    case .contradicted(let room, let person):
      self.init("twoTongues", room)
      self.person = person.text
    case .invited(let room, let key, let invite):
      self.init("invited", room)
      (self.invite, link) = (key.raw.text, invite.text)
    case .compared(let room, let person, let outcome):
      self.init("compared", room)
      self.person = person.text
      describe(outcome)
    case .changed(let room, let change): self.init(change, room)
    case .linkUp, .linkDown, .reached, .unanswered, .reflected, .heard, .repeated: return nil
    }
  }

  private mutating func describe(_ outcome: PairOutcome) {
    switch outcome {
    case .code(let code):
      pictures = code.pictures.map(\.emoji)
      words = code.pictures.map(\.name)
      numbers = code.numbers
    case .fraud: reason = "fraud"
    case .ended: reason = "ended"
    }
  }

  private init(_ change: Change, _ room: RoomID) {
    switch change {
    case .host(let person):
      self.init("host", room)
      self.person = person?.text
    case .role(let person, let role):
      self.init("role", room)
      (self.person, self.role) = (person.text, role?.text)
    case .removed(let person, let isOn):
      self.init("removed", room)
      (self.person, on) = (person.text, isOn)
    case .muted(let person, let isOn):
      self.init("muted", room)
      (self.person, on) = (person.text, isOn)
    case .relay(let person, let isOn):
      self.init("relay", room)
      (self.person, on) = (person.text, isOn)
    case .seat(let person, let until):
      self.init("seat", room)
      (self.person, self.until) = (person.text, until)
    case .forked(let person):
      self.init("contradiction", room)
      self.person = person.text
    case .invite(let key, let isOn):
      self.init("invite", room)
      (invite, on) = (key.raw.text, isOn)
    case .policy(let policy):
      self.init("policy", room)
      self.policy = policy.names
    case .closed: self.init("closed", room)
    }
  }
}

/// Reply to `verify`: groups of five digits.
package struct CodesReport: Codable, Hashable, Sendable {
  package var room: [String]
  package var safety: [String]?
}
