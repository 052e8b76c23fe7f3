package import Wire

/// What a finished handshake leaves: a key for each direction, and the chain that the next keys
/// come from.
package struct LinkSecrets: ~Copyable, Sendable {
  package let role: NoiseRole
  package let send: DatagramCipher
  package let receive: DatagramCipher
  package let chain: Secret64

  /// `(initiator's key, responder's key, next chain) = HKDF(chain, material, 3)`; with no material
  /// the first two are Noise's `Split`.
  init(
    chain: borrowing Secret64, material: UnsafeBufferPointer<UInt8>, role: NoiseRole
  ) throws(KeysError) {
    let initiator = try Secret()
    let responder = try Secret()
    let next = try Secret64()
    withScratch(3 * HMACBlake2b.count) { out in
      HMACBlake2b.expand(chain: chain.pointer, material: material, outputs: 3, into: out)
      initiator.pointer.update(from: out, count: Secret.count)
      responder.pointer.update(from: out + HMACBlake2b.count, count: Secret.count)
      next.pointer.update(from: out + 2 * HMACBlake2b.count, count: Secret64.count)
    }
    self.role = role
    self.chain = next
    switch role {
    case .initiator:
      send = DatagramCipher(key: initiator)
      receive = DatagramCipher(key: responder)
    case .responder:
      send = DatagramCipher(key: responder)
      receive = DatagramCipher(key: initiator)
    }
  }

  /// Takes the three apart: other modules cannot move a single one out.
  package consuming func apart<Result: ~Copyable, Failure: Error>(
    _ body: (
      _ send: consuming DatagramCipher, _ receive: consuming DatagramCipher,
      _ chain: consuming Secret64
    ) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(send, receive, chain)
  }

  /// The next keys, from a secret both sides just agreed on and, where given, a hash of how they
  /// did (the ML-KEM exchange binds its public values this way).
  package borrowing func rekeyed(
    shared: borrowing Secret, binding: Bytes32? = nil
  ) throws(KeysError) -> LinkSecrets {
    let start = shared.pointer
    return try withScratch(Secret.count + Bytes32.count) { material throws(KeysError) in
      material.update(from: start, count: Secret.count)
      binding?.store(to: material + Secret.count)
      let count = Secret.count + (binding == nil ? 0 : Bytes32.count)
      return try LinkSecrets(
        chain: chain, material: UnsafeBufferPointer(start: material, count: count), role: role)
    }
  }
}
