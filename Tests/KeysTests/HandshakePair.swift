import Keys
import Wire

/// Both ends of one handshake, for tests that play them against each other.
struct HandshakePair: ~Copyable {
  static let prologue = Array("test link".utf8)

  var initiator: NoiseHandshake
  var responder: NoiseHandshake

  init(initiator: consuming NoiseHandshake, responder: consuming NoiseHandshake) {
    self.initiator = initiator
    self.responder = responder
  }

  /// Two fresh ends of a link.
  init(
    _ entropy: inout Entropy, initiatorToken: Bytes32 = .zero, responderToken: Bytes32 = .zero
  ) throws(KeysError) {
    let node = try AgreementPair(random: &entropy)
    let id = node.publicKey
    let initiator = try NoiseHandshake(
      pattern: .xkpsk3, role: .initiator, prologue: HandshakePair.prologue,
      psks: [initiatorToken], staticPair: try AgreementPair(random: &entropy),
      remoteStatic: id, ephemeral: try AgreementPair(random: &entropy))
    let responder = try NoiseHandshake(
      pattern: .xkpsk3, role: .responder, prologue: HandshakePair.prologue,
      psks: [responderToken], staticPair: node, ephemeral: try AgreementPair(random: &entropy))
    self.init(initiator: initiator, responder: responder)
  }

  mutating func write(
    _ payload: [UInt8], byInitiator: Bool
  ) throws(KeysError) -> [UInt8] {
    byInitiator
      ? try initiator.writeMessage(payload: payload) : try responder.writeMessage(payload: payload)
  }

  mutating func read(
    _ message: [UInt8], byInitiator: Bool
  ) throws(KeysError) -> [UInt8] {
    byInitiator ? try initiator.readMessage(message) : try responder.readMessage(message)
  }

  /// Plays the messages that are left.
  mutating func finish() throws(KeysError) {
    while !initiator.isFinished {
      let byInitiator = initiator.isOurTurn
      let message = try write([], byInitiator: byInitiator)
      _ = try read(message, byInitiator: !byInitiator)
    }
  }

  consuming func split() throws(KeysError) -> SecretsPair {
    let first = try initiator.split()
    let second = try responder.split()
    return SecretsPair(initiator: first, responder: second)
  }
}

/// What both ends of a handshake are left with.
struct SecretsPair: ~Copyable {
  let initiator: LinkSecrets
  let responder: LinkSecrets
}
