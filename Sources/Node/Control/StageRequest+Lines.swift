import Mesh
import Wire

/// The names of stage requests and of what is in them, as JSON carries them.
extension StageRequest {
  /// The fields of a line that these requests use.
  struct Fields: Codable {
    var up: Bool?
    var action: String?
    var person: String?
    var seconds: Int?
    var immediate: Bool?
    var policy: [String]?
    var invite: String?
    var role: String?
    var uses: Int?
    var lifetime: Int?
    var sign: String?
  }

  var name: String {
    switch self {
    case .hand: "hand"
    case .react: "react"
    case .takeSeat: "stage.accept"
    case .stepDown: "stage.leave"
    case .moderate: "mod"
    case .close: "mod.close"
    case .policy: "mod.policy"
    case .revoke: "invite.revoke"
    case .makeInvite: "invite.make"
    case .verify: "verify"
    case .compare: "compare"
    }
  }

  var fields: Fields {
    switch self {
    case .hand(let isUp): Fields(up: isUp)
    case .react(let sign): Fields(sign: sign.text)
    case .takeSeat, .stepDown, .close: Fields()
    case .moderate(let action, let person, let seconds, let isImmediate):
      Fields(
        action: action.rawValue, person: person, seconds: seconds == 0 ? nil : Int(seconds),
        immediate: isImmediate ? true : nil)
    case .policy(let policy): Fields(policy: policy.names)
    case .revoke(let key): Fields(invite: key)
    case .makeInvite(let terms, let lifetime):
      Fields(role: terms.role.text, uses: Int(terms.uses), lifetime: lifetime)
    case .verify(let person): Fields(person: person)
    case .compare(let person): Fields(person: person)
    }
  }

  /// Nil when `name` is no request about the stage.
  init?(_ name: String, _ fields: Fields) throws(ControlError) {
    switch name {
    case "hand": self = .hand(isUp: fields.up ?? true)
    case "react":
      guard let sign = Reaction.Sign(name: fields.sign ?? "") else {
        let names = Reaction.Sign.allCases.map(\.text).joined(separator: ", ")
        throw ControlError(.malformed, "A sign is one of \(names).")
      }
      self = .react(sign)
    case "stage.accept": self = .takeSeat
    case "stage.leave": self = .stepDown
    case "mod": self = try Self.moderate(fields)
    case "mod.close": self = .close
    case "mod.policy":
      guard let policy = RoomPolicy(names: fields.policy ?? []) else {
        throw ControlError(
          .malformed, "A policy is of \"handsDown\", \"listenersShown\", \"doorShut\".")
      }
      self = .policy(policy)
    case "invite.revoke": self = .revoke(try Self.need(fields.invite, "the invite's key"))
    case "invite.make": self = try Self.makeInvite(fields)
    case "verify": self = .verify(person: fields.person)
    case "compare": self = .compare(person: try Self.need(fields.person, "a person"))
    default: return nil
    }
  }

  private static func moderate(_ fields: Fields) throws(ControlError) -> StageRequest {
    guard let action = fields.action.flatMap(Action.init) else {
      let names = Action.allCases.map(\.rawValue).joined(separator: ", ")
      throw ControlError(.malformed, "An action is one of \(names).")
    }
    let seconds = fields.seconds ?? 0
    guard (0...Int(Limits.roomLifetimeSeconds)).contains(seconds) else {
      throw ControlError(.malformed, "Seconds are 0 to \(Limits.roomLifetimeSeconds).")
    }
    return .moderate(
      action, person: try need(fields.person, "a person"), seconds: UInt32(seconds),
      isImmediate: fields.immediate ?? false)
  }

  private static func makeInvite(_ fields: Fields) throws(ControlError) -> StageRequest {
    let uses = fields.uses ?? 0
    let lifetime = fields.lifetime ?? standardLifetime
    guard let role = Role(name: fields.role ?? "listener"), role <= .speaker,
      (0...mostUses).contains(uses), (60...Int(Limits.roomLifetimeSeconds)).contains(lifetime)
    else {
      throw ControlError(
        .malformed,
        "An invite is for a listener or speaker, with 0 to \(mostUses) uses, for 60 to "
          + "\(Limits.roomLifetimeSeconds) seconds.")
    }
    return .makeInvite(InviteTerms(role: role, uses: UInt32(uses)), lifetime: lifetime)
  }

  private static func need(_ value: String?, _ what: String) throws(ControlError) -> String {
    guard let value, !value.isEmpty else { throw ControlError(.missing, "This needs \(what).") }
    return value
  }

  /// A day.
  private static let standardLifetime = 86_400
  /// What 24 bits count.
  private static let mostUses = 0xFF_FFFF
}
