import CSodium
package import Wire

/// What a ``Stamp`` has to solve: an Argon2id hash that begins with zeros. Whoever pays tries some
/// sixty times; whoever checks does it once.
///
/// Memory and not only time, so that a machine with a graphics card is not a thousand visitors.
package struct StampPuzzle: Hashable, Sendable {
  /// The work of one trial, and how many it takes. The same on every node.
  package struct Price: Hashable, Sendable {
    package let passes: UInt32
    package let kibibytes: UInt32
    /// Leading zeros, and so 2 to this many trials on average.
    package let bits: Int

    /// Sixty trials of 16 MiB take about a second. A guess: a person does not mind that once, and
    /// an attacker with a thousand keys does.
    package static let standard = Price(passes: 1, kibibytes: 16 * 1_024, bits: 6)
    /// The least that Argon2id accepts: for tests.
    package static let minimal = Price(passes: 1, kibibytes: 8, bits: 2)

    package init(passes: UInt32, kibibytes: UInt32, bits: Int) {
      self.passes = passes
      self.kibibytes = kibibytes
      self.bits = min(max(bits, 0), 32)
    }
  }

  package let price: Price
  package let hour: UInt32
  private let salt: Bytes16

  /// A puzzle of nobody else, nowhere else and at no other time.
  package init(room: RoomID, persona: PersonaID, hour: UInt32, price: Price) {
    var writer = Writer(capacity: 52)
    writer.bytes16(room.raw)
    writer.bytes32(persona.raw)
    writer.u32(hour)
    salt = Digest.hash16("VR1-stamp", writer.bytes)
    self.hour = hour
    self.price = price
  }

  /// False too when memory is short.
  package func isSolved(by nonce: UInt64) -> Bool {
    withScratch(Self.hashCount + Self.saltCount + Self.nonceCount) { out in
      let salt = out + Self.hashCount
      let guess = UnsafeMutableRawPointer(salt + Self.saltCount)
      self.salt.store(to: salt)
      guess.storeBytes(of: nonce.bigEndian, as: UInt64.self)
      let outcome = crypto_pwhash(
        out, UInt64(Self.hashCount), guess.assumingMemoryBound(to: CChar.self),
        UInt64(Self.nonceCount), salt, UInt64(price.passes), Int(price.kibibytes) * 1_024,
        crypto_pwhash_alg_argon2id13())
      guard outcome == 0 else { return false }
      return Bytes16(reading: out).high.leadingZeroBitCount >= price.bits
    }
  }

  private static let hashCount = 16
  private static let saltCount = 16
  private static let nonceCount = 8
}
