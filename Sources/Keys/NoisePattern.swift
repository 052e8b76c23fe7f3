/// A handshake pattern of the Noise Protocol Framework (revision 34, §7): who sends what, in order.
package struct NoisePattern: Sendable {
  /// What one message does, in the letters of the Noise specification.
  package enum Token: Sendable {
    case e, s, ee, es, se, ss, psk
  }

  /// As it stands in the protocol's name, such as `XKpsk3`.
  package let name: String
  /// Whose static keys the other side knows beforehand.
  package let initiatorIsKnown: Bool
  package let responderIsKnown: Bool
  /// First message by the initiator, then in turns.
  package let messages: [[Token]]

  package init(
    name: String, initiatorIsKnown: Bool = false, responderIsKnown: Bool = false,
    messages: [[Token]]
  ) {
    self.name = name
    self.initiatorIsKnown = initiatorIsKnown
    self.responderIsKnown = responderIsKnown
    self.messages = messages
  }

  /// Links: the dialler knows whom it calls and shows its own key last, forward-secretly.
  package static let xkpsk3 = NoisePattern(
    name: "XKpsk3", responderIsKnown: true,
    messages: [[.e, .es], [.e, .ee], [.s, .se, .psk]])

  /// Pairing of two devices that know nothing of each other; confirmed by people.
  package static let xx = NoisePattern(
    name: "XX", messages: [[.e], [.e, .ee, .s, .es], [.s, .se]])

  var protocolName: String { "Noise_\(name)_25519_ChaChaPoly_BLAKE2b" }
  var pskCount: Int { messages.joined().count { $0 == .psk } }
}
