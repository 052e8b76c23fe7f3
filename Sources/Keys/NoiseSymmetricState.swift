import CSodium
import Wire

/// The chaining key, transcript hash and cipher key of a handshake (Noise §5.1 and §5.2).
struct NoiseSymmetricState: ~Copyable, Sendable {
  private(set) var hash: Bytes64
  private let chain: Secret64
  private let key: Secret
  private var hasKey = false
  private var nonce: UInt64 = 0

  init(protocolName: String) throws(KeysError) {
    let chain = try Secret64()
    let key = try Secret()
    var name = [UInt8](protocolName.utf8)
    name =
      name.count <= Bytes64.count
      ? name + [UInt8](repeating: 0, count: Bytes64.count - name.count)
      : Digest.blake2b(name, count: Bytes64.count)
    hash = Bytes64(name) ?? .zero
    hash.store(to: chain.pointer)
    self.chain = chain
    self.key = key
  }

  private init(copying other: borrowing NoiseSymmetricState) throws(KeysError) {
    let chain = try other.chain.copy()
    let key = try other.key.copy()
    self.chain = chain
    self.key = key
    hash = other.hash
    hasKey = other.hasKey
    nonce = other.nonce
  }

  borrowing func copy() throws(KeysError) -> NoiseSymmetricState {
    try NoiseSymmetricState(copying: self)
  }

  mutating func mixHash(_ bytes: Span<UInt8>) {
    hash = withScratch(Bytes64.count) { scratch in
      hash.store(to: scratch)
      Blake2b.run(count: Bytes64.count, into: scratch) { running in
        running.update(scratch, Bytes64.count)
        running.update(bytes)
      }
      return Bytes64(reading: scratch)
    }
  }

  mutating func mixHash(_ bytes: [UInt8]) { mixHash(bytes.span) }

  mutating func mixKey(_ material: borrowing Secret) {
    mixKey(UnsafeBufferPointer(start: material.pointer, count: Secret.count))
  }

  /// Ephemeral public keys are mixed in too when the pattern has a pre-shared key.
  mutating func mixKey(_ material: Bytes32) {
    let (chain, key) = (chain.pointer, key.pointer)
    material.withPointer { start in
      NoiseSymmetricState.mix(
        UnsafeBufferPointer(start: start, count: Bytes32.count), chain: chain, key: key)
    }
    keyChanged()
  }

  mutating func mixKeyAndHash(_ material: Bytes32) {
    let (chain, key) = (chain.pointer, key.pointer)
    let toHash = withScratch(3 * HMACBlake2b.count) { out in
      material.withPointer { start in
        HMACBlake2b.expand(
          chain: chain, material: UnsafeBufferPointer(start: start, count: Bytes32.count),
          outputs: 3, into: out)
      }
      chain.update(from: out, count: Secret64.count)
      key.update(from: out + 2 * HMACBlake2b.count, count: Secret.count)
      return [UInt8](
        UnsafeBufferPointer(start: out + HMACBlake2b.count, count: HMACBlake2b.count))
    }
    mixHash(toHash)
    keyChanged()
  }

  mutating func encryptAndHash(_ plain: [UInt8]) -> [UInt8] {
    guard hasKey else {
      mixHash(plain)
      return plain
    }
    var sealed = [UInt8](repeating: 0, count: plain.count + ChaChaPoly.tagCount)
    let (key, nonce) = (key.pointer, nonce)
    hash.withPointer { hash in
      plain.withUnsafeBufferPointer { plain in
        sealed.withUnsafeMutableBufferPointer { out in
          guard let start = out.baseAddress else { return }
          ChaChaPoly.withNonce(nonce) {
            ChaChaPoly.seal(
              key: key, nonce: $0,
              associated: UnsafeBufferPointer(start: hash, count: Bytes64.count),
              plain: plain, into: start)
          }
        }
      }
    }
    self.nonce += 1
    mixHash(sealed)
    return sealed
  }

  mutating func decryptAndHash(_ sealed: Span<UInt8>) throws(KeysError) -> [UInt8] {
    guard hasKey else {
      mixHash(sealed)
      var copy = Writer(capacity: sealed.count)
      copy.raw(sealed)
      return copy.bytes
    }
    guard sealed.count >= ChaChaPoly.tagCount else { throw .forged }
    var plain = [UInt8](repeating: 0, count: sealed.count - ChaChaPoly.tagCount)
    let (key, nonce) = (key.pointer, nonce)
    let isGenuine = hash.withPointer { hash in
      sealed.withUnsafeBufferPointer { sealed in
        plain.withUnsafeMutableBufferPointer { out in
          ChaChaPoly.withNonce(nonce) {
            ChaChaPoly.open(
              key: key, nonce: $0,
              associated: UnsafeBufferPointer(start: hash, count: Bytes64.count),
              sealed: sealed, into: out.baseAddress)
          }
        }
      }
    }
    guard isGenuine else { throw .forged }
    self.nonce += 1
    mixHash(sealed)
    return plain
  }

  /// Whether `encryptAndHash` adds a tag by now.
  var isKeyed: Bool { hasKey }

  borrowing func split(role: NoiseRole) throws(KeysError) -> LinkSecrets {
    try LinkSecrets(chain: chain, material: UnsafeBufferPointer(start: nil, count: 0), role: role)
  }

  private mutating func mixKey(_ material: UnsafeBufferPointer<UInt8>) {
    NoiseSymmetricState.mix(material, chain: chain.pointer, key: key.pointer)
    keyChanged()
  }

  private mutating func keyChanged() {
    hasKey = true
    nonce = 0
  }

  private static func mix(
    _ material: UnsafeBufferPointer<UInt8>, chain: UnsafeMutablePointer<UInt8>,
    key: UnsafeMutablePointer<UInt8>
  ) {
    withScratch(2 * HMACBlake2b.count) { out in
      HMACBlake2b.expand(chain: chain, material: material, outputs: 2, into: out)
      chain.update(from: out, count: Secret64.count)
      key.update(from: out + HMACBlake2b.count, count: Secret.count)
    }
  }
}
