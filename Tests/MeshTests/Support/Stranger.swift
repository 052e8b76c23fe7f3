import Keys
import Mesh
import Wire

/// A dialler written from the specification a second time, for what an honest one never sends.
struct Stranger: ~Copyable {
  var entropy: Entropy
  var version: UInt8 = 1
  var flags: UInt8 = 0
  var padding = 100
  var reserved: UInt8 = 0
  /// Where the flip goes in the first message's key; nil leaves it whole.
  var ephemeral: Bytes32?

  /// The handshake of the last message 1.
  private var noise: NoiseHandshake?
  private let pair: AgreementPair

  init(seed: UInt64) throws {
    entropy = .seeded(seed)
    pair = try AgreementPair(random: &entropy)
  }

  var id: NodeID { pair.publicKey }

  /// Message 1 for `contact`, masked.
  mutating func hello(to contact: Contact, time: UInt64) throws -> [UInt8] {
    let name = contact.node.raw.array
    var noise = try NoiseHandshake(
      pattern: .xkpsk3, role: .initiator, prologue: Array("VR1-link".utf8) + [0],
      psks: [contact.token.map { Digest.hash32("VR1-psk", $0.array) } ?? .zero],
      staticPair: try pair.copy(), remoteStatic: contact.node,
      ephemeral: try AgreementPair(random: &entropy))
    var payload = Writer()
    payload.u64(time)
    payload.u8(version)
    payload.u8(flags)
    payload.u16(1_200)
    payload.u24(0)
    payload.u8(reserved)
    payload.zeros(padding)
    var message = try noise.writeMessage(payload: payload.bytes)
    if let ephemeral { message.replaceSubrange(..<32, with: ephemeral.array) }
    self.noise = consume noise
    var body = Writer()
    body.u8(1)
    body.u32(0xAABB_CCDD)
    body.raw(message)
    body.bytes16(Digest.mac16(key: Digest.hash32("VR1-mac1", name), body.bytes))
    body.bytes16(.zero)
    return mask(body.bytes, for: contact)
  }

  /// Message 3, masked, in answer to a message 2.
  mutating func confirm(_ answer: [UInt8], to contact: Contact) throws -> [UInt8]? {
    guard
      var noise = noise.take(),
      let body = HandshakeMask.unmask(answer.span, key: Self.maskKey(contact)), body.count > 9
    else { return nil }
    _ = try noise.readMessage(Array(body[9...]))
    let message = try noise.writeMessage(payload: entropy.fill(32) + [0, 0, 0])
    return mask([3] + body[1..<5] + message, for: contact)
  }

  mutating func mask(_ body: [UInt8], for contact: Contact) -> [UInt8] {
    HandshakeMask.mask(body, key: Self.maskKey(contact), entropy: &entropy)
  }

  static func maskKey(_ contact: Contact) -> Bytes32 {
    Digest.hash32("VR1-mask", contact.node.raw.array + (contact.token?.array ?? []))
  }
}
