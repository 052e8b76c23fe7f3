import Crypto
import Foundation
import Keys
import Mesh
import Quantum
import Testing
import Wire

/// The exchange a node makes on every link over which keys go.
struct MLKEMTests {
  init() throws { try Sodium.start() }

  @Test func bothEndsHaveOneSecret() throws {
    var entropy = Entropy.system
    let key = try MLKEM().makeKey(&entropy)
    #expect(key.publicKey.count == HybridPart.keyBytes)
    let encapsulation = try MLKEM().encapsulate(to: key.publicKey, &entropy)
    #expect(encapsulation.ciphertext.count == HybridPart.answerBytes)
    let opened = try key.open(encapsulation.ciphertext)
    let isSame = opened.equals(encapsulation.secret)
    #expect(isSame)
    let other = try MLKEM().encapsulate(to: key.publicKey, &entropy)
    let isOther = opened.equals(other.secret)
    #expect(!isOther)
  }

  /// ML-KEM answers a wrong ciphertext with a wrong secret, not with an error.
  @Test func aFlippedBitMakesAnotherSecret() throws {
    var entropy = Entropy.system
    let key = try MLKEM().makeKey(&entropy)
    let encapsulation = try MLKEM().encapsulate(to: key.publicKey, &entropy)
    var forged = encapsulation.ciphertext
    forged[500] ^= 1
    let isSame = try key.open(forged).equals(encapsulation.secret)
    #expect(!isSame)
  }

  @Test func whatIsNoKeyOrCiphertextIsRefused() throws {
    var entropy = Entropy.system
    let key = try MLKEM().makeKey(&entropy)
    #expect(refuses([1, 2, 3], by: key))
    let unreduced = [UInt8](repeating: 0xFF, count: HybridPart.keyBytes)
    #expect(refuses(unreduced))
    #expect(refuses([]))
  }

  /// Keys whose numbers are too large, and what has another length, are refused before any use.
  @Test(.enabled(if: Wycheproof.isPresent, "the vectors' folder is missing"))
  func whatWycheproofCallsInvalidIsRefused() throws {
    var (keys, ciphertexts) = (0, 0)
    for test in try Wycheproof.tests("mlkem_768_encaps_test.json") {
      guard let key = test.bytes("ek") else { continue }
      #expect(refuses(key) == !test.isValid, "\(test.fields["tcId"] ?? "")")
      keys += 1
    }
    for test in try Wycheproof.tests("mlkem_768_test.json") where !test.isValid {
      guard let seed = test.bytes("seed"), let ciphertext = test.bytes("c") else { continue }
      let key = try? MLKEM768.PrivateKey(seedRepresentation: seed, publicKey: nil)
      #expect((try? key?.decapsulate(ciphertext)) == nil, "\(test.fields["tcId"] ?? "")")
      ciphertexts += 1
    }
    print("ML-KEM-768: \(keys) keys to seal to, \(ciphertexts) bad ciphertexts of Wycheproof")
    #expect(keys == 265 && ciphertexts == 40)
  }

  private func refuses(_ ciphertext: [UInt8], by key: any DecapsulationKey) -> Bool {
    do { _ = try key.open(ciphertext) } catch { return true }
    return false
  }

  private func refuses(_ key: [UInt8]) -> Bool {
    var entropy = Entropy.system
    do { _ = try MLKEM().encapsulate(to: key, &entropy) } catch { return true }
    return false
  }

  /// Wycheproof's vectors for keys made from seeds, and for opening what others sealed.
  @Test(.enabled(if: Wycheproof.isPresent, "the vectors' folder is missing"))
  func publishedVectorsHold() throws {
    var (made, opened) = (0, 0)
    for test in try Wycheproof.tests("mlkem_768_keygen_seed_test.json") {
      guard let seed = test.bytes("seed"), let expected = test.bytes("ek") else { continue }
      let key = try MLKEM768.PrivateKey(seedRepresentation: seed, publicKey: nil)
      #expect(Array(key.publicKey.rawRepresentation) == expected)
      made += 1
    }
    for test in try Wycheproof.tests("mlkem_768_test.json") {
      guard test.isValid, let seed = test.bytes("seed"), let ciphertext = test.bytes("c"),
        let expected = test.bytes("K")
      else { continue }
      let key = try MLKEM768.PrivateKey(seedRepresentation: seed, publicKey: nil)
      let shared = try key.decapsulate(ciphertext).withUnsafeBytes { Array($0) }
      #expect(shared == expected)
      opened += 1
    }
    print("ML-KEM-768: \(made) keys, \(opened) ciphertexts of Wycheproof")
    #expect(made == 100 && opened == 153)
  }
}
