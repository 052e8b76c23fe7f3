import Crypto
package import Keys
package import Mesh
import Wire

/// ML-KEM-768 (FIPS 203) by BoringSSL, as swift-crypto brings it.
///
/// A target of its own, because it takes longer to build than everything else together. Its own
/// secrets lie in ordinary memory for as long as one exchange takes; what comes out of it does not.
package struct MLKEM: KeyEncapsulation {
  package init() {}

  package func makeKey(_ entropy: inout Entropy) throws(KeysError) -> any DecapsulationKey {
    do { return Held(key: try MLKEM768.PrivateKey()) } catch { throw .unavailable }
  }

  package func encapsulate(
    to publicKey: [UInt8], _ entropy: inout Entropy
  ) throws(KeysError) -> Encapsulation {
    do {
      let result = try MLKEM768.PublicKey(rawRepresentation: publicKey).encapsulate()
      return Encapsulation(
        ciphertext: Array(result.encapsulated), secret: try Self.secret(result.sharedSecret))
    } catch { throw .malformed }
  }

  private static func secret(_ key: SymmetricKey) throws -> Secret {
    var secret = try Secret(Bytes32.zero)
    try key.withUnsafeBytes { bytes in
      secret = try Secret(copying: bytes.bindMemory(to: UInt8.self).span)
    }
    return secret
  }

  private struct Held: DecapsulationKey {
    let key: MLKEM768.PrivateKey

    var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    func open(_ ciphertext: [UInt8]) throws(KeysError) -> Secret {
      do {
        return try MLKEM.secret(try key.decapsulate(ciphertext))
      } catch { throw .malformed }
    }
  }
}
