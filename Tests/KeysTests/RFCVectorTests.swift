import Testing
import Wire

@testable import Keys

/// The examples that the RFCs themselves print.
@Suite struct RFCVectorTests {
  @Test func x25519OnceAndAThousandTimes() throws {
    // RFC 7748 §5.2: k becomes X25519(k, u), u the old k.
    let start = [9] + [UInt8](repeating: 0, count: 31)
    var (scalar, point) = (start, start)
    for round in 1...1000 {
      let pair = AgreementPair(secret: try Secret(bytes: scalar))
      let shared = try pair.agree(with: try #require(Bytes32(point)))
      (scalar, point) = (revealed(shared), scalar)
      if round == 1 {
        #expect(
          scalar
            == [UInt8](hex: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"))
      }
    }
    #expect(
      scalar == [UInt8](hex: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"))
  }

  @Test func ed25519() throws {
    // RFC 8032 §7.1, tests 1 to 3: seed, public key, message, signature.
    let vectors = [
      (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
          + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
      ),
      (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
      ),
      (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
          + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
      ),
    ]
    for (seed, key, message, signature) in vectors {
      let message = try #require([UInt8](hex: message))
      let pair = try SigningPair(
        seed: try Secret(bytes: try #require([UInt8](hex: seed))))
      #expect(pair.publicKey.raw.array == [UInt8](hex: key))
      let made = pair.signRaw(message)
      #expect(made.raw.array == [UInt8](hex: signature))
      #expect(Signatures.verifyRaw(made, by: pair.publicKey, message))
      #expect(!Signatures.verifyRaw(made, by: pair.publicKey, message + [0]))
    }
  }

  @Test func chacha20Poly1305() throws {
    // RFC 8439 §2.8.2.
    let plain = Array(
      ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
        + "the future, sunscreen would be it.").utf8)
    let associated = try #require([UInt8](hex: "50515253c0c1c2c3c4c5c6c7"))
    let nonce = try #require([UInt8](hex: "070000004041424344454647"))
    var sealed = [UInt8](repeating: 0, count: plain.count + ChaChaPoly.tagCount)
    associated.withUnsafeBufferPointer { associated in
      plain.withUnsafeBufferPointer { plain in
        ChaChaPoly.seal(
          key: [UInt8](0x80...0x9F), nonce: nonce, associated: associated, plain: plain,
          into: &sealed)
      }
    }
    #expect(Array(sealed.prefix(4)) == [0xD3, 0x1A, 0x8D, 0x34])
    #expect(Array(sealed.suffix(16)) == [UInt8](hex: "1ae10b594f09e26a7e902ecbd0600691"))
  }

  @Test func blake2b() {
    // RFC 7693 appendix A.
    let expected = [UInt8](
      hex: "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
        + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")
    #expect(Digest.blake2b(Array("abc".utf8), count: 64) == expected)
  }

  @Test func hashesInPiecesAreHashes() {
    let bytes = [UInt8](repeating: 5, count: 1000)
    var running = RunningHash()
    for start in stride(from: 0, to: 1000, by: 130) {
      running.update(bytes.span.extracting(start..<min(start + 130, 1000)))
    }
    let hash = running.finish()
    #expect(hash.array == Digest.blake2b(bytes, count: 64))
  }

  @Test func labelsKeepPurposesApart() throws {
    #expect(Digest.hash16("VR1-a", [1]) != Digest.hash16("VR1-b", [1]))
    // The length before the label: "a" + "bc" is not "ab" + "c".
    #expect(Digest.hash32("a", Array("bc".utf8)) != Digest.hash32("ab", Array("c".utf8)))
    #expect(Digest.hash64("x", []).high != Digest.hash32("x", []))
    let key = Digest.hash32("k", [])
    let secret = try Secret(key)
    #expect(Digest.mac16(key: key, [1, 2]) == Digest.mac16(key: secret, [1, 2]))
    #expect(Digest.mac16(key: key, [1, 2]) != Digest.mac16(key: .zero, [1, 2]))
    #expect(KDF.derive(key, "l", [1]) == KDF.public32(secret, "l", [1]))
    #expect(try revealed(KDF.derive(secret, "l", [1])) == KDF.derive(key, "l", [1]).array)
    #expect(KDF.derive16(key, "l", [1]) != KDF.derive(key, "l", [1]).high)
  }

  @Test func comparingInConstantTimeIsComparing() {
    let (left, right) = (Digest.hash32("l", []), Digest.hash32("r", []))
    #expect(Digest.equal(left, left) && !Digest.equal(left, right))
    #expect(Digest.equal(left.low, left.low) && !Digest.equal(left.low, right.low))
  }
}
