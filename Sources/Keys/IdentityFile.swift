import CSodium
import Wire

/// The bytes an identity is kept in: a header that says how to get the key, then everything secret
/// under XChaCha20-Poly1305.
///
/// Whatever is wrong with a file, the answer is ``KeysError/identityUnreadable``.
package enum IdentityFile {
  /// How a file is protected.
  package enum Protection: UInt8, Sendable {
    case passphrase = 1
    /// A 32-byte key that the service manager hands over.
    case credential = 2
    /// Readable by whoever reads the file; only damage is noticed.
    case none = 3
  }

  private static let magic: [UInt8] = Array("VRID1".utf8)
  private static let saltCount = 16
  private static let headerCount = magic.count + 1 + 4 + 4 + saltCount + Nonce24.count
  private static let keysCount = Secret.count + Secret.count + 4
  /// Settings are a handful of pinned rooms; a guess.
  package static let settingsLimit = 65_536

  /// What a file says about itself; nil when it is no identity file.
  package static func protection(of bytes: [UInt8]) -> Protection? {
    (try? Header(reading: bytes))?.protection
  }

  package static func seal(
    _ identity: borrowing Identity, passphrase: Span<UInt8>, cost: PassphraseCost = .moderate,
    entropy: inout Entropy
  ) throws(KeysError) -> [UInt8] {
    guard cost.isAcceptable else { throw .malformed }
    let header = Header(protection: .passphrase, cost: cost, entropy: &entropy)
    guard let key = try stretch(passphrase, header) else { throw .outOfMemory }
    return try seal(identity, header, key)
  }

  package static func seal(
    _ identity: borrowing Identity, credential: borrowing Secret, entropy: inout Entropy
  ) throws(KeysError) -> [UInt8] {
    try seal(
      identity, Header(protection: .credential, cost: nil, entropy: &entropy), credential)
  }

  package static func sealUnprotected(
    _ identity: borrowing Identity, entropy: inout Entropy
  ) throws(KeysError) -> [UInt8] {
    let header = Header(protection: .none, cost: nil, entropy: &entropy)
    return try seal(identity, header, try unprotectedKey(header))
  }

  package static func open(
    _ bytes: [UInt8], passphrase: Span<UInt8>
  ) throws(KeysError) -> Identity {
    let header = try Header(reading: bytes, expecting: .passphrase)
    guard let key = try stretch(passphrase, header) else { throw .identityUnreadable }
    return try open(bytes, header, key)
  }

  package static func open(
    _ bytes: [UInt8], credential: borrowing Secret
  ) throws(KeysError) -> Identity {
    try open(bytes, try Header(reading: bytes, expecting: .credential), credential)
  }

  package static func openUnprotected(_ bytes: [UInt8]) throws(KeysError) -> Identity {
    let header = try Header(reading: bytes, expecting: .none)
    return try open(bytes, header, try unprotectedKey(header))
  }

  private static func seal(
    _ identity: borrowing Identity, _ header: Header, _ key: borrowing Secret
  ) throws(KeysError) -> [UInt8] {
    guard identity.settings.count <= settingsLimit else { throw .malformed }
    let keyStart = key.pointer
    let (root, node) = (identity.root.pointer, identity.node.secret.pointer)
    let (epoch, settings, associated) = (identity.epoch, identity.settings, header.bytes)
    let sealed = withLocked(keysCount + settings.count) { plain in
      plain.update(from: root, count: Secret.count)
      (plain + Secret.count).update(from: node, count: Secret.count)
      UnsafeMutableRawPointer(plain + 2 * Secret.count)
        .storeBytes(of: epoch.bigEndian, as: UInt32.self)
      settings.withUnsafeBufferPointer {
        if let start = $0.baseAddress { (plain + keysCount).update(from: start, count: $0.count) }
      }
      return Box.seal(
        key: keyStart, nonce: header.nonce, associated: associated,
        plain: UnsafeBufferPointer(start: plain, count: keysCount + settings.count))
    }
    guard let sealed else { throw .outOfMemory }
    return associated + sealed
  }

  private static func open(
    _ bytes: [UInt8], _ header: Header, _ key: borrowing Secret
  ) throws(KeysError) -> Identity {
    let plainCount = bytes.count - headerCount - Box.tagCount
    guard plainCount >= keysCount, plainCount <= keysCount + settingsLimit else {
      throw .identityUnreadable
    }
    let root = try Secret()
    let node = try Secret()
    let (keyStart, rootStart, nodeStart) = (key.pointer, root.pointer, node.pointer)
    // Outside the closure: computed inside, it crashes the optimiser of Swift 6.3.1.
    let associated = header.bytes
    let rest: (epoch: UInt32, settings: [UInt8])?? = withLocked(plainCount) { plain in
      let isGenuine = bytes.withUnsafeBufferPointer {
        Box.open(
          key: keyStart, nonce: header.nonce, associated: associated,
          sealed: UnsafeBufferPointer(rebasing: $0[headerCount...]), into: plain)
      }
      guard isGenuine else { return nil }
      rootStart.update(from: plain, count: Secret.count)
      nodeStart.update(from: plain + Secret.count, count: Secret.count)
      let epoch = UnsafeRawPointer(plain + 2 * Secret.count).loadUnaligned(as: UInt32.self)
      let settings = UnsafeBufferPointer(
        start: plain + keysCount, count: plainCount - keysCount)
      return (UInt32(bigEndian: epoch), [UInt8](settings))
    }
    guard let rest, let rest else { throw .identityUnreadable }
    return Identity(
      root: root, node: AgreementPair(secret: node), epoch: rest.epoch,
      settings: rest.settings)
  }

  /// Argon2id; nil when there is not enough memory for it.
  private static func stretch(
    _ passphrase: Span<UInt8>, _ header: Header
  ) throws(KeysError) -> Secret? {
    let key = try Secret()
    let done = passphrase.withUnsafeBytes { passphrase in
      // The address of an empty passphrase may be missing; any will do for no bytes.
      let start = passphrase.baseAddress ?? UnsafeRawPointer(key.pointer)
      return crypto_pwhash(
        key.pointer, UInt64(Secret.count), start.assumingMemoryBound(to: CChar.self),
        UInt64(passphrase.count), header.salt, UInt64(header.cost.passes),
        Int(header.cost.kibibytes) * 1024, crypto_pwhash_alg_argon2id13()) == 0
    }
    guard done else { return nil }
    return key
  }

  private static func unprotectedKey(_ header: Header) throws(KeysError) -> Secret {
    try Secret(Digest.hash32("VR1-unprotected", header.salt))
  }

  /// Memory that is locked and guarded, zeroed before and after.
  ///
  /// Nil when there is none.
  private static func withLocked<Result>(
    _ count: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Result
  ) -> Result? {
    guard let block = sodium_malloc(count) else { return nil }
    defer { sodium_free(block) }
    return body(block.assumingMemoryBound(to: UInt8.self))
  }
}

extension IdentityFile {
  /// Everything before the ciphertext.
  private struct Header {
    let protection: Protection
    let cost: PassphraseCost
    let salt: [UInt8]
    let nonce: Nonce24

    init(protection: Protection, cost: PassphraseCost?, entropy: inout Entropy) {
      self.protection = protection
      self.cost = cost ?? PassphraseCost(passes: 0, kibibytes: 0)
      salt = entropy.fill(IdentityFile.saltCount)
      nonce = Nonce24(random: &entropy)
    }

    init(reading bytes: [UInt8]) throws(KeysError) {
      guard bytes.count >= IdentityFile.headerCount else { throw .identityUnreadable }
      do {
        var reader = Reader(bytes.span)
        let magic = try reader.bytes(IdentityFile.magic.count)
        let protection = Protection(rawValue: try reader.u8())
        cost = PassphraseCost(passes: try reader.u32(), kibibytes: try reader.u32())
        salt = try reader.bytes(IdentityFile.saltCount)
        nonce = Nonce24(high: try reader.bytes16(), low: try reader.u64())
        guard magic == IdentityFile.magic, let protection else { throw WireError.unknown }
        self.protection = protection
      } catch {
        throw .identityUnreadable
      }
      // Judged here, before anything is allocated for it.
      let isMeant =
        protection == .passphrase
        ? cost.isAcceptable : cost == PassphraseCost(passes: 0, kibibytes: 0)
      guard isMeant else { throw .identityUnreadable }
    }

    init(reading bytes: [UInt8], expecting expected: Protection) throws(KeysError) {
      try self.init(reading: bytes)
      guard protection == expected else { throw .identityUnreadable }
    }

    var bytes: [UInt8] {
      var writer = Writer(capacity: IdentityFile.headerCount)
      writer.raw(IdentityFile.magic)
      writer.u8(protection.rawValue)
      writer.u32(cost.passes)
      writer.u32(cost.kibibytes)
      writer.raw(salt)
      writer.bytes16(nonce.high)
      writer.u64(nonce.low)
      return writer.bytes
    }
  }
}
