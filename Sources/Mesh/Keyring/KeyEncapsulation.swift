package import Keys
import Wire

/// A way to agree on a secret that stays one when X25519 is broken: ML-KEM-768 in a node.
///
/// Given by the shell, so that this target builds without it.
package protocol KeyEncapsulation: Sendable {
  func makeKey(_ entropy: inout Entropy) throws(KeysError) -> any DecapsulationKey
  /// For whoever holds the key that `publicKey` belongs to.
  func encapsulate(
    to publicKey: [UInt8], _ entropy: inout Entropy
  ) throws(KeysError) -> Encapsulation
}

/// The secret half of one exchange.
package protocol DecapsulationKey: Sendable {
  /// ``HybridPart/keyBytes`` of them.
  var publicKey: [UInt8] { get }
  func open(_ ciphertext: [UInt8]) throws(KeysError) -> Secret
}

/// What the answering side has: a secret, and what tells the other side of it.
package struct Encapsulation: ~Copyable {
  /// ``HybridPart/answerBytes`` of them.
  package let ciphertext: [UInt8]
  package let secret: Secret

  package init(ciphertext: [UInt8], secret: consuming Secret) {
    self.ciphertext = ciphertext
    self.secret = secret
  }
}

/// X25519 in messages of ML-KEM's size, for simulations and tests: repeatable from a seed, and no
/// protection against anything new. A node is never given it.
package struct AgreementStandIn: KeyEncapsulation {
  package init() {}

  package func makeKey(_ entropy: inout Entropy) throws(KeysError) -> any DecapsulationKey {
    Held(try AgreementPair(random: &entropy))
  }

  package func encapsulate(
    to publicKey: [UInt8], _ entropy: inout Entropy
  ) throws(KeysError) -> Encapsulation {
    let pair = try AgreementPair(random: &entropy)
    return Encapsulation(
      ciphertext: Self.padded(pair.publicKey, HybridPart.answerBytes),
      secret: try pair.agree(with: try Self.point(publicKey)))
  }

  private static func padded(_ key: NodeID, _ count: Int) -> [UInt8] {
    key.raw.array + [UInt8](repeating: 0, count: count - Secret.count)
  }

  private static func point(_ bytes: [UInt8]) throws(KeysError) -> Bytes32 {
    var reader = Reader(bytes.span)
    guard let point = try? reader.bytes32() else { throw .malformed }
    return point
  }

  private final class Held: DecapsulationKey {
    private let pair: AgreementPair
    init(_ pair: consuming AgreementPair) { self.pair = pair }

    var publicKey: [UInt8] { AgreementStandIn.padded(pair.publicKey, HybridPart.keyBytes) }

    func open(_ ciphertext: [UInt8]) throws(KeysError) -> Secret {
      try pair.agree(with: try AgreementStandIn.point(ciphertext))
    }
  }
}
