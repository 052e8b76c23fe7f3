import Testing
import Wire

@testable import Keys

private struct WycheproofFile<Group: Decodable>: Decodable {
  let testGroups: [Group]
}

private struct AEADGroup: Decodable {
  struct Case: Decodable {
    let tcId: Int
    let key: Hex
    let iv: Hex
    let aad: Hex
    let msg: Hex
    let ct: Hex
    let tag: Hex
    let result: String
  }

  let ivSize: Int
  let tests: [Case]
}

private struct SignatureGroup: Decodable {
  struct PublicKey: Decodable {
    let pk: Hex
  }

  struct Case: Decodable {
    let tcId: Int
    let msg: Hex
    let sig: Hex
    let result: String
  }

  let publicKey: PublicKey
  let tests: [Case]
}

private struct AgreementGroup: Decodable {
  struct Case: Decodable {
    let tcId: Int
    let `public`: Hex
    let `private`: Hex
    let shared: Hex
  }

  let tests: [Case]
}

private struct HKDFGroup: Decodable {
  struct Case: Decodable {
    let tcId: Int
    let ikm: Hex
    let salt: Hex
    let info: Hex
    let size: Int
    let okm: Hex
    let result: String
  }

  let tests: [Case]
}

private struct MacGroup: Decodable {
  struct Case: Decodable {
    let tcId: Int
    let key: Hex
    let msg: Hex
    let tag: Hex
    let result: String
  }

  let tagSize: Int
  let tests: [Case]
}

@Suite(.needsVectors) struct WycheproofTests {
  @Test func chacha20Poly1305() throws {
    let file: WycheproofFile<AEADGroup> = try Vectors.load(
      "wycheproof/chacha20_poly1305_test.json")
    var count = 0
    for group in file.testGroups where group.ivSize == 96 {
      for test in group.tests {
        count += 1
        let sealed = test.ct.bytes + test.tag.bytes
        if test.result == "valid" {
          #expect(chachaSeal(test) == sealed, "case \(test.tcId)")
          #expect(chachaOpen(test, sealed) == test.msg.bytes, "case \(test.tcId)")
        } else {
          #expect(chachaOpen(test, sealed) == nil, "case \(test.tcId)")
        }
      }
    }
    #expect(count == 316)
  }

  @Test func xchacha20Poly1305() throws {
    let file: WycheproofFile<AEADGroup> = try Vectors.load(
      "wycheproof/xchacha20_poly1305_test.json")
    var count = 0
    for group in file.testGroups where group.ivSize == 192 {
      for test in group.tests {
        count += 1
        let key = try Secret(bytes: test.key.bytes)
        let nonce = try #require(Nonce24(test.iv.bytes))
        let sealed = test.ct.bytes + test.tag.bytes
        let opened = Box.open(key: key, nonce: nonce, associated: test.aad.bytes, sealed)
        if test.result == "valid" {
          let made = Box.seal(key: key, nonce: nonce, associated: test.aad.bytes, test.msg.bytes)
          #expect(made == sealed, "case \(test.tcId)")
          #expect(opened == test.msg.bytes, "case \(test.tcId)")
        } else {
          #expect(opened == nil, "case \(test.tcId)")
        }
      }
    }
    #expect(count == 306)
  }

  @Test func ed25519() throws {
    let file: WycheproofFile<SignatureGroup> = try Vectors.load("wycheproof/ed25519_test.json")
    var count = 0
    for group in file.testGroups {
      let key = SigningKey(try #require(Bytes32(group.publicKey.pk.bytes)))
      for test in group.tests {
        count += 1
        // A signature of another length cannot even be expressed.
        let isValid =
          Bytes64(test.sig.bytes).map {
            Signatures.verifyRaw(Signature($0), by: key, test.msg.bytes)
          } ?? false
        #expect(isValid == (test.result == "valid"), "case \(test.tcId)")
      }
    }
    #expect(count == 151)
  }

  @Test func x25519WithZeroResultsThrowing() throws {
    let file: WycheproofFile<AgreementGroup> = try Vectors.load("wycheproof/x25519_test.json")
    let zero = [UInt8](repeating: 0, count: 32)
    var (exact, refused) = (0, 0)
    for test in file.testGroups.flatMap(\.tests) {
      let pair = AgreementPair(secret: try Secret(bytes: test.private.bytes))
      let peer = try #require(Bytes32(test.public.bytes))
      do throws(KeysError) {
        let shared = try pair.agree(with: peer)
        #expect(revealed(shared) == test.shared.bytes, "case \(test.tcId)")
        exact += 1
      } catch {
        #expect(error == .weakPoint && test.shared.bytes == zero, "case \(test.tcId)")
        refused += 1
      }
    }
    #expect(exact == 487)
    #expect(refused == 31)
  }

  @Test func hkdfSHA256() throws {
    let file: WycheproofFile<HKDFGroup> = try Vectors.load("wycheproof/hkdf_sha256_test.json")
    var count = 0
    for test in file.testGroups.flatMap(\.tests) {
      count += 1
      guard test.result == "valid" else {
        // The only way to be wrong is to ask for more than 255 blocks.
        #expect(test.size > 255 * 32, "case \(test.tcId)")
        continue
      }
      let key = try HKDF256.extract(salt: test.salt.bytes, test.ikm.bytes)
      #expect(expanded(key, test.info.bytes, test.size) == test.okm.bytes, "case \(test.tcId)")
    }
    #expect(count == 86)
  }

  @Test func hmacSHA256() throws {
    let file: WycheproofFile<MacGroup> = try Vectors.load("wycheproof/hmac_sha256_test.json")
    var count = 0
    for group in file.testGroups {
      for test in group.tests {
        count += 1
        let tag = HKDF256.authenticate(key: test.key.bytes, test.msg.bytes)
        let isValid = Array(tag.prefix(group.tagSize / 8)) == test.tag.bytes
        #expect(isValid == (test.result == "valid"), "case \(test.tcId)")
      }
    }
    #expect(count == 174)
  }

  private func chachaSeal(_ test: AEADGroup.Case) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: test.msg.bytes.count + ChaChaPoly.tagCount)
    test.aad.bytes.withUnsafeBufferPointer { associated in
      test.msg.bytes.withUnsafeBufferPointer { plain in
        ChaChaPoly.seal(
          key: test.key.bytes, nonce: test.iv.bytes, associated: associated, plain: plain,
          into: &out)
      }
    }
    return out
  }

  private func chachaOpen(_ test: AEADGroup.Case, _ sealed: [UInt8]) -> [UInt8]? {
    var out = [UInt8](repeating: 0, count: max(sealed.count - ChaChaPoly.tagCount, 0))
    let isGenuine = test.aad.bytes.withUnsafeBufferPointer { associated in
      sealed.withUnsafeBufferPointer { sealed in
        ChaChaPoly.open(
          key: test.key.bytes, nonce: test.iv.bytes, associated: associated, sealed: sealed,
          into: &out)
      }
    }
    return isGenuine ? out : nil
  }
}

/// HKDF-Expand to any length.
func expanded(_ key: borrowing Secret, _ info: [UInt8], _ count: Int) -> [UInt8] {
  var out = [UInt8](repeating: 0, count: count)
  HKDF256.expand(key.pointer, info, into: &out, count)
  return out
}
