import Keys
import OrderedCollections
import Wire

/// What a room is: its genesis and, for a social room, the creator's invite. Everything about who
/// belongs here is decided from these two signed documents and nobody's word.
struct Charter {
  let genesis: Genesis
  /// The creator's first operation, present in social rooms.
  let operation: RoomOperation?
  let room: RoomID

  /// Nil unless every signature holds and the parts belong together.
  init?(genesis: Genesis, operation: RoomOperation?) {
    let unsigned = genesis.unsigned
    let creator = SigningKey(genesis.creator.raw)
    guard
      Signatures.verify(genesis.signature, by: creator, "VR1-genesis", unsigned)
    else { return nil }
    let room = Charter.id(of: unsigned)
    if genesis.mode == 1 {
      guard let operation, operation.kind == .inviteAdd, operation.room == room,
        operation.author == genesis.creator, operation.sequence == 1,
        operation.previous == .zero, operation.seen.isEmpty,
        Signatures.verify(operation.signature, by: creator, "VR1-op", operation.unsigned)
      else { return nil }
    }
    self.genesis = genesis
    self.operation = genesis.mode == 1 ? operation : nil
    self.room = room
  }

  /// The creator's first operation, unsigned. In a closed room its secret is thrown away.
  static func firstInvite(
    _ key: SigningKey, of genesis: Genesis, room: RoomID, isReusable: Bool
  ) -> RoomOperation {
    let terms =
      isReusable
      ? InviteTerms(role: .speaker, uses: InviteTerms.reusable)
      : InviteTerms(role: .listener, uses: 1)
    return RoomOperation(
      kind: .inviteAdd, room: room, author: genesis.creator, sequence: 1, previous: .zero,
      time: genesis.created, subject: key.raw, argument: terms.argument,
      lifetimeSeconds: genesis.lifetimeSeconds)
  }

  static func id(of unsignedGenesis: [UInt8]) -> RoomID {
    RoomID(Digest.hash16("VR1-room", unsignedGenesis))
  }

  /// The key of the invite that admits; nil in an open room.
  var invite: SigningKey? { operation.map { SigningKey($0.subject) } }

  var access: Access {
    guard let operation else { return .open }
    // Nobody holds the first invite of a closed room.
    let terms = InviteTerms(argument: operation.argument)
    return terms?.uses == InviteTerms.reusable ? .social : .closed
  }

  /// What is wrong with a certificate, or nil.
  func objection(to certificate: SessionCertificate, at now: Instant, skew: Duration) -> Drop? {
    let moment = now.milliseconds
    let slack = UInt64(skew.milliseconds)
    guard certificate.room == room, certificate.issued <= moment + slack,
      certificate.expiry + slack >= moment
    else { return .badCertificate }
    let body = certificate.unsigned
    guard
      Signatures.verify(
        certificate.personaSignature, by: SigningKey(certificate.persona.raw), "VR1-cert", body),
      Signatures.verify(
        certificate.sessionSignature, by: certificate.session, "VR1-cert-pop", body)
    else { return .badCertificate }
    return nil
  }

  /// Why the holder of a good certificate may not be here, or nil when it may.
  ///
  /// - Parameter isEntering: it comes in now, and is not only spoken of as a member.
  func objection(
    to person: PersonaID, _ admission: Admission?, standing: Standing, isEntering: Bool,
    at now: Instant
  ) -> Drop? {
    let known = standing[person]
    guard !standing.isClosed else { return .roomClosed }
    guard !known.isRemoved else { return .removedPerson }
    if let objection = objection(to: admission, of: person, standing) { return objection }
    guard known.role == nil, !known.isRelay else { return nil }
    if isEntering, standing.policy.contains(.doorShut) { return .doorShut }
    guard !standing.isOpen else { return nil }
    guard let admission, let invite = standing.invites[admission.invite] else {
      return .badAdmission
    }
    let moment = isEntering ? now.milliseconds : admission.time
    guard invite.isOpen(at: max(moment, admission.time)) else { return .expiredInvite }
    guard invite.terms.uses != InviteTerms.reusable else { return nil }
    // Nobody will say yes any more.
    return invite.isUsedUp ? .badAdmission : .notAdmitted
  }

  /// An admission must be what it says, if anything can depend on it.
  private func objection(
    to admission: Admission?, of person: PersonaID, _ standing: Standing
  ) -> Drop? {
    guard let admission, standing.invites[admission.invite] != nil else { return nil }
    guard admission.room == room, admission.persona == person,
      Signatures.verify(
        admission.signature, by: admission.invite, "VR1-adm", admission.unsigned)
    else { return .badAdmission }
    return nil
  }

  /// 24 bits that name one session of this room in frames.
  static func session(_ key: SigningKey, in room: RoomID) -> SessionID {
    let hash = Digest.hash16("VR1-sid", room.raw.array + key.raw.array)
    return SessionID(UInt32(truncatingIfNeeded: hash.high >> 40))
  }
}
