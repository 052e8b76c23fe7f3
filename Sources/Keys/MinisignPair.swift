import CSodium
package import Wire

/// A key pair that signs in the format of the `minisign` tool.
package struct MinisignPair: ~Copyable, Sendable {
  /// "Ed", no key derivation, "B2", then salt and limits of that derivation, all zero.
  private static let header: [UInt8] =
    Array("Ed".utf8) + [0, 0] + Array("B2".utf8) + [UInt8](repeating: 0, count: 48)
  private static let checksumCount = 32
  private static let wireCount = header.count + 8 + Secret64.count + checksumCount

  package let publicKey: MinisignKey
  private let pair: SigningPair

  package init(random entropy: inout Entropy) throws(KeysError) {
    let keyID = entropy.next()
    let pair = try SigningPair(random: &entropy)
    publicKey = MinisignKey(keyID: keyID, key: pair.publicKey)
    self.pair = pair
  }

  /// From a secret key file without password (`minisign -G -W`).
  ///
  /// The caller wipes its copy.
  package init(secretKeyFile file: [UInt8]) throws(KeysError) {
    let lines = file.split(separator: UInt8(ascii: "\n"))
    guard lines.count == 2, var bytes = try? Base64.standard.decode(letters: lines[1]) else {
      throw .malformed
    }
    defer { Sodium.wipe(&bytes) }
    guard bytes.count == MinisignPair.wireCount,
      Array(bytes[..<MinisignPair.header.count]) == MinisignPair.header
    else { throw .malformed }
    let keyID = MinisignText.number(bytes[MinisignPair.header.count...].prefix(8))
    let seedStart = MinisignPair.header.count + 8
    let seedEnd = seedStart + Secret.count
    let pair = try SigningPair(
      seed: try Secret(copying: bytes.span.extracting(seedStart..<seedEnd)))
    // Signing with a public half that is not the seed's would give the seed away.
    guard pair.publicKey.raw.array == Array(bytes[seedEnd..<seedEnd + Bytes32.count]) else {
      throw .malformed
    }
    // The tool leaves the checksum of an unencrypted key zero; a true one is as good.
    let checksum = Array(bytes.suffix(MinisignPair.checksumCount))
    let expected = pair.withExpanded { MinisignPair.checksum(keyID: keyID, $0) }
    guard checksum.allSatisfy({ $0 == 0 }) || checksum == expected.array else {
      throw .malformed
    }
    publicKey = MinisignKey(keyID: keyID, key: pair.publicKey)
    self.pair = pair
  }

  /// The file the tool reads with `-W`.
  ///
  /// Whoever writes it out wipes it afterwards.
  package borrowing func secretKeyFile() -> [UInt8] {
    let keyID = publicKey.keyID
    var bytes = MinisignPair.header + MinisignText.bytes(keyID)
    bytes.reserveCapacity(MinisignPair.wireCount)
    pair.withExpanded { expanded in
      bytes.append(contentsOf: UnsafeBufferPointer(start: expanded, count: Secret64.count))
      bytes.append(contentsOf: MinisignPair.checksum(keyID: keyID, expanded).array)
    }
    defer { Sodium.wipe(&bytes) }
    var letters = Base64.standard.letters(of: bytes)
    defer { Sodium.wipe(&letters) }
    var file = Array("\(MinisignText.untrusted)minisign encrypted secret key\n".utf8)
    file.reserveCapacity(file.count + letters.count + 1)
    file += letters
    file.append(UInt8(ascii: "\n"))
    return file
  }

  package borrowing func sign(
    _ content: [UInt8], trustedComment: String,
    untrustedComment: String = "signature from minisign secret key"
  ) -> MinisignSignature {
    let hash = Bytes64(Digest.blake2b(content, count: Bytes64.count)) ?? .zero
    return sign(hash: hash, trustedComment: trustedComment, untrustedComment: untrustedComment)
  }

  /// For content too large to hold, by its BLAKE2b-512.
  package borrowing func sign(
    hash: Bytes64, trustedComment: String,
    untrustedComment: String = "signature from minisign secret key"
  ) -> MinisignSignature {
    let trusted = MinisignText.comment(trustedComment)
    let signature = pair.signRaw(hash.array)
    return MinisignSignature(
      form: .hashed, keyID: publicKey.keyID, signature: signature,
      globalSignature: pair.signRaw(MinisignSignature.globalMessage(signature, trusted)),
      untrustedComment: MinisignText.comment(untrustedComment), trustedComment: trusted)
  }

  private static func checksum(keyID: UInt64, _ expanded: UnsafePointer<UInt8>) -> Bytes32 {
    Bytes32 { out in
      Blake2b.run(count: checksumCount, into: out) { hash in
        hash.update(Array("Ed".utf8))
        hash.update(MinisignText.bytes(keyID))
        hash.update(expanded, Secret64.count)
      }
    }
  }
}
