import Keys
import Wire

/// This node's own person in one room: the persona's and the session's keys, and the records they
/// sign. Dies with the room.
final class Persona {
  let certificate: SessionCertificate
  let admission: Admission?
  let session: SessionID
  let name: String
  private(set) var introduction: Introduction
  private(set) var presence: Presence
  private let key: SigningPair
  /// Signs what outlives the session: operations.
  private let personKey: SigningPair

  /// - Parameter invite: seed of the invite key, for a room that admits by invite.
  init(
    room: RoomID, persona: borrowing SigningPair, invite: borrowing SigningPair?, name: String,
    contact: Contact, flags: Presence.Flags, uplink: UInt8, presenceLifetime: Duration,
    at now: Instant, entropy: inout Entropy
  ) throws(KeysError) {
    let key = try Persona.sessionKey(room: room, &entropy)
    personKey = try persona.copy()
    let identity = PersonaID(persona.publicKey.raw)
    var certificate = SessionCertificate(
      room: room, persona: identity, session: key.publicKey, issued: now.milliseconds,
      lifetimeSeconds: Limits.sessionLifetimeSeconds)
    let body = certificate.unsigned
    certificate.personaSignature = persona.sign("VR1-cert", body)
    certificate.sessionSignature = key.sign("VR1-cert-pop", body)

    var admission: Admission?
    switch invite {
    case .some(let invite):
      var signed = Admission(
        room: room, invite: invite.publicKey, persona: identity, time: now.milliseconds)
      signed.signature = invite.sign("VR1-adm", signed.unsigned)
      admission = signed
    case .none:
      break
    }
    self.certificate = certificate
    self.admission = admission
    self.name = name
    session = Charter.session(key.publicKey, in: room)
    introduction = Introduction(
      version: 1, certificate: certificate, admission: admission, name: name, contact: contact)
    presence = Presence(
      session: session, version: 1, beat: 0, flags: flags, uplink: uplink,
      expiry: (now + presenceLifetime).milliseconds)
    self.key = key
    signIntroduction()
    signPresence()
  }

  /// A key whose session id needs all three bytes: RFC 9605 writes key ids without leading zeros,
  /// and the size of a frame must not depend on who speaks.
  private static func sessionKey(
    room: RoomID, _ entropy: inout Entropy
  ) throws(KeysError) -> SigningPair {
    while true {
      let key = try SigningPair(random: &entropy)
      if Charter.session(key.publicKey, in: room).raw > 0xFFFF { return key }
    }
  }

  var record: MemberRecord { MemberRecord(introduction: introduction, presence: presence) }

  var signingKey: SigningKey { certificate.session }

  var person: PersonaID { certificate.persona }

  func sign(_ label: StaticString, _ message: [UInt8]) -> Signature { key.sign(label, message) }

  /// Lends the session key's seed.
  func withSeed(_ body: (borrowing Secret) -> Void) {
    if let seed = try? key.seed() { body(seed) }
  }

  /// Operations count for as long as the room lasts, whatever the session.
  func sign(_ operation: inout RoomOperation) {
    operation.signature = personKey.sign("VR1-op", operation.unsigned)
  }

  /// Listeners need not say what they are called. False when nothing changed.
  func show(_ isShown: Bool) -> Bool {
    let shown = isShown ? name.cut(toBytes: Limits.nameBytes) : ""
    guard introduction.name != shown else { return false }
    introduction.name = shown
    introduction.version += 1
    signIntroduction()
    return true
  }

  /// A change that everybody should hear of.
  func change(
    at now: Instant, _ body: (inout Presence) -> Void,
    lifetime: (Presence.Flags) -> Duration
  ) {
    body(&presence)
    presence.version += 1
    presence.expiry = (now + lifetime(presence.flags)).milliseconds
    signPresence()
  }

  /// Only pushes the expiry out.
  func beat(expiry: UInt64) {
    presence.beat += 1
    presence.expiry = expiry
    signPresence()
  }

  func move(to contact: Contact) {
    introduction.contact = contact
    introduction.version += 1
    signIntroduction()
  }

  private func signIntroduction() {
    introduction.signature = sign("VR1-intro", introduction.unsigned)
  }

  private func signPresence() {
    presence.signature = sign("VR1-presence", presence.unsigned)
  }
}
