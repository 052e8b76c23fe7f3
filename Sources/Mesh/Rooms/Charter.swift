import Keys
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

  static func id(of unsignedGenesis: [UInt8]) -> RoomID {
    RoomID(Digest.hash16("VR1-room", unsignedGenesis))
  }

  /// The key of the invite that admits; nil in an open room.
  var invite: SigningKey? { operation.map { SigningKey($0.subject) } }

  var access: Access { genesis.mode == 0 ? .open : .social }

  /// Why the holder of `certificate` does not belong here, or nil when it does.
  func objection(
    to certificate: SessionCertificate, _ admission: Admission?, at now: Instant, skew: Duration
  ) -> Drop? {
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
    guard let invite, certificate.persona != genesis.creator else { return nil }
    guard let admission, admission.room == room, admission.invite == invite,
      admission.persona == certificate.persona,
      Signatures.verify(admission.signature, by: invite, "VR1-adm", admission.unsigned)
    else { return .badAdmission }
    return nil
  }

  /// 24 bits that name one session of this room in frames.
  static func session(_ key: SigningKey, in room: RoomID) -> SessionID {
    let hash = Digest.hash16("VR1-sid", room.raw.array + key.raw.array)
    return SessionID(UInt32(truncatingIfNeeded: hash.high >> 40))
  }
}
