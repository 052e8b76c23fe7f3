package import Wire

/// Which end of a handshake this is.
package enum NoiseRole: Sendable {
  case initiator, responder
}

/// One run of a Noise handshake over 25519, ChaChaPoly and BLAKE2b.
///
/// A message that cannot be read leaves the handshake as it was, so that a forgery thrown in from
/// the side does not end it.
package struct NoiseHandshake: ~Copyable, Sendable {
  private static let keyCount = 32
  /// Noise §3: no message is longer.
  private static let messageLimit = 65_535

  private let pattern: NoisePattern
  private let role: NoiseRole
  private let staticPair: AgreementPair?
  private let ownStatic: NodeID?
  private let ephemeral: AgreementPair
  private var symmetric: NoiseSymmetricState
  private var psks: [Bytes32]
  private var remoteEphemeral: Bytes32?
  private var step = 0

  /// The other side's static key, once known.
  package private(set) var remoteStatic: NodeID?

  /// `psks` in the order in which the pattern uses them; each pair is used by this handshake only.
  package init(
    pattern: NoisePattern, role: NoiseRole, prologue: [UInt8], psks: [Bytes32] = [],
    staticPair: consuming AgreementPair?, remoteStatic: NodeID? = nil,
    ephemeral: consuming AgreementPair
  ) throws(KeysError) {
    let ownKey: NodeID? =
      switch staticPair {
      case .some(let pair): pair.publicKey
      case .none: nil
      }
    let ownIsKnown = role == .initiator ? pattern.initiatorIsKnown : pattern.responderIsKnown
    let peerIsKnown = role == .initiator ? pattern.responderIsKnown : pattern.initiatorIsKnown
    guard psks.count == pattern.pskCount,
      !ownIsKnown || ownKey != nil, !peerIsKnown || remoteStatic != nil
    else { throw .outOfTurn }

    symmetric = try NoiseSymmetricState(protocolName: pattern.protocolName)
    symmetric.mixHash(prologue)
    let initiatorKey = role == .initiator ? ownKey : remoteStatic
    let responderKey = role == .initiator ? remoteStatic : ownKey
    if pattern.initiatorIsKnown, let initiatorKey { symmetric.mixHash(initiatorKey.raw.array) }
    if pattern.responderIsKnown, let responderKey { symmetric.mixHash(responderKey.raw.array) }

    self.pattern = pattern
    self.role = role
    self.psks = psks
    self.staticPair = staticPair
    ownStatic = ownKey
    self.ephemeral = ephemeral
    self.remoteStatic = peerIsKnown ? remoteStatic : nil
  }

  package var isFinished: Bool { step == pattern.messages.count }

  /// Whether the next message is this side's to write.
  package var isOurTurn: Bool {
    !isFinished && (step % 2 == 0) == (role == .initiator)
  }

  /// Names this very run of the protocol; the same on both sides once finished.
  package var handshakeHash: Bytes64 { symmetric.hash }

  package mutating func writeMessage(payload: [UInt8]) throws(KeysError) -> [UInt8] {
    guard isOurTurn else { throw .outOfTurn }
    var message: [UInt8] = []
    var psksUsed = 0
    for token in pattern.messages[step] {
      switch token {
      case .e:
        let key = ephemeral.publicKey.raw
        message += key.array
        symmetric.mixHash(key.array)
        if pattern.pskCount > 0 { symmetric.mixKey(key) }
      case .s:
        guard let key = ownStatic else { throw .outOfTurn }
        message += symmetric.encryptAndHash(key.raw.array)
      case .psk:
        symmetric.mixKeyAndHash(psks[psksUsed])
        psksUsed += 1
      case .ee, .es, .se, .ss:
        symmetric.mixKey(
          try agree(token, remoteEphemeral: remoteEphemeral, remoteStatic: remoteStatic?.raw))
      }
    }
    message += symmetric.encryptAndHash(payload)
    guard message.count <= NoiseHandshake.messageLimit else { throw .malformed }
    psks.removeFirst(psksUsed)
    step += 1
    return message
  }

  package mutating func readMessage(_ message: [UInt8]) throws(KeysError) -> [UInt8] {
    try readMessage(message.span)
  }

  package mutating func readMessage(_ message: Span<UInt8>) throws(KeysError) -> [UInt8] {
    guard !isFinished, !isOurTurn else { throw .outOfTurn }
    guard message.count <= NoiseHandshake.messageLimit else { throw .malformed }
    var trial = try symmetric.copy()
    var (newEphemeral, newStatic) = (remoteEphemeral, remoteStatic?.raw)
    var (offset, psksUsed) = (0, 0)
    for token in pattern.messages[step] {
      switch token {
      case .e:
        let range = try take(NoiseHandshake.keyCount, of: message.count, at: &offset)
        let key = message.extracting(range).withUnsafeBufferPointer { Bytes32($0) } ?? .zero
        newEphemeral = key
        trial.mixHash(message.extracting(range))
        if pattern.pskCount > 0 { trial.mixKey(key) }
      case .s:
        let count = NoiseHandshake.keyCount + (trial.isKeyed ? ChaChaPoly.tagCount : 0)
        let range = try take(count, of: message.count, at: &offset)
        newStatic = Bytes32(try trial.decryptAndHash(message.extracting(range)))
      case .psk:
        trial.mixKeyAndHash(psks[psksUsed])
        psksUsed += 1
      case .ee, .es, .se, .ss:
        trial.mixKey(try agree(token, remoteEphemeral: newEphemeral, remoteStatic: newStatic))
      }
    }
    let payload = try trial.decryptAndHash(message.extracting(offset..<message.count))
    symmetric = trial
    psks.removeFirst(psksUsed)
    remoteEphemeral = newEphemeral
    remoteStatic = newStatic.map { NodeID($0) }
    step += 1
    return payload
  }

  /// The link's keys.
  ///
  /// Throws ``KeysError/outOfTurn`` before the last message.
  package consuming func split() throws(KeysError) -> LinkSecrets {
    guard isFinished else { throw .outOfTurn }
    return try symmetric.split(role: role)
  }

  /// The first letter of the token is the initiator's key, the second the responder's.
  private borrowing func agree(
    _ token: NoisePattern.Token, remoteEphemeral: Bytes32?, remoteStatic: Bytes32?
  ) throws(KeysError) -> Secret {
    let (ownIsStatic, peerIsStatic) =
      switch token {
      case .es: role == .initiator ? (false, true) : (true, false)
      case .se: role == .initiator ? (true, false) : (false, true)
      case .ss: (true, true)
      default: (false, false)
      }
    guard let peer = peerIsStatic ? remoteStatic : remoteEphemeral else { throw .outOfTurn }
    guard ownIsStatic else { return try ephemeral.agree(with: peer) }
    switch staticPair {
    case .some(let pair): return try pair.agree(with: peer)
    case .none: throw .outOfTurn
    }
  }

  private func take(
    _ count: Int, of total: Int, at offset: inout Int
  ) throws(KeysError) -> Range<Int> {
    guard total - offset >= count else { throw .malformed }
    defer { offset += count }
    return offset..<offset + count
  }
}
