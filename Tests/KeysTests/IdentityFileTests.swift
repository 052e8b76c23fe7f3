import Testing
import Wire

@testable import Keys

@Suite struct IdentityFileTests {
  private static let passphrase = Array("correct horse".utf8)

  @Test func everyProtectionComesBack() throws {
    var entropy = Entropy.seeded(1)
    var identity = try Identity.make(&entropy)
    identity.epoch = 3
    identity.settings = [1, 2, 3]
    let credential = try Secret(random: &entropy)

    let typed = try IdentityFile.seal(
      identity, passphrase: IdentityFileTests.passphrase.span, cost: .minimal, entropy: &entropy)
    let handed = try IdentityFile.seal(identity, credential: credential, entropy: &entropy)
    let bare = try IdentityFile.sealUnprotected(identity, entropy: &entropy)
    #expect(IdentityFile.protection(of: typed) == .passphrase)
    #expect(IdentityFile.protection(of: handed) == .credential)
    #expect(IdentityFile.protection(of: bare) == IdentityFile.Protection.none)
    #expect(IdentityFile.protection(of: [1, 2, 3]) == nil)

    try expectSame(
      identity, try IdentityFile.open(typed, passphrase: IdentityFileTests.passphrase.span))
    try expectSame(identity, try IdentityFile.open(handed, credential: credential))
    try expectSame(identity, try IdentityFile.openUnprotected(bare))
  }

  @Test func theDefaultCostIsReal() throws {
    var entropy = Entropy.seeded(2)
    let identity = try Identity.make(&entropy)
    let file = try IdentityFile.seal(
      identity, passphrase: IdentityFileTests.passphrase.span, entropy: &entropy)
    #expect(Array(file[6..<14]) == [0, 0, 0, 3, 0, 4, 0, 0])
    try expectSame(
      identity, try IdentityFile.open(file, passphrase: IdentityFileTests.passphrase.span))
  }

  @Test func anEmptyPassphraseIsAPassphrase() throws {
    var entropy = Entropy.seeded(3)
    let nothing: [UInt8] = []
    let file = try IdentityFile.seal(
      try Identity.make(&entropy), passphrase: nothing.span, cost: .minimal, entropy: &entropy)
    #expect(refusal { _ = try IdentityFile.open(file, passphrase: nothing.span) } == nil)
    #expect(refused(file))
  }

  @Test func wrongKeysAreRefusedAlike() throws {
    var entropy = Entropy.seeded(4)
    let identity = try Identity.make(&entropy)
    let file = try protected(&entropy)
    for wrong in ["", "correct horsf", "Correct horse", "correct horse "] {
      let bytes = Array(wrong.utf8)
      #expect(
        refusal { _ = try IdentityFile.open(file, passphrase: bytes.span) } == .identityUnreadable)
    }
    // Another protection than the file's.
    #expect(refusal { _ = try IdentityFile.openUnprotected(file) } == .identityUnreadable)
    let credential = try Secret(random: &entropy)
    let handed = try IdentityFile.seal(identity, credential: credential, entropy: &entropy)
    let other = try Secret(random: &entropy)
    let answer = refusal { _ = try IdentityFile.open(handed, credential: other) }
    #expect(answer == .identityUnreadable)
  }

  @Test func everyFlippedByteIsRefusedAlike() throws {
    var entropy = Entropy.seeded(5)
    let bare = try IdentityFile.sealUnprotected(try Identity.make(&entropy), entropy: &entropy)
    #expect(!refusedUnprotected(bare))
    for index in bare.indices {
      for flip in [0x01, 0x02, 0x80] as [UInt8] {
        var forged = bare
        forged[index] ^= flip
        #expect(refusedUnprotected(forged), "byte \(index)")
      }
    }
    let file = try protected(&entropy)
    #expect(!refused(file))
    for index in file.indices {
      var forged = file
      forged[index] ^= 0x01
      #expect(refused(forged), "byte \(index)")
    }
  }

  @Test func everyTruncationAndExtensionIsRefusedAlike() throws {
    var entropy = Entropy.seeded(6)
    let bare = try IdentityFile.sealUnprotected(try Identity.make(&entropy), entropy: &entropy)
    let file = try protected(&entropy)
    for count in 0..<bare.count { #expect(refusedUnprotected(Array(bare[..<count]))) }
    for count in 0..<file.count { #expect(refused(Array(file[..<count]))) }
    #expect(refusedUnprotected(bare + [0]))
    #expect(refused(file + [0]))
  }

  @Test func costsBeyondTheBoundAreRefusedBeforeAnythingIsAllocated() throws {
    var entropy = Entropy.seeded(7)
    let file = try protected(&entropy)
    let costs = [
      PassphraseCost(passes: 11, kibibytes: 8), PassphraseCost(passes: 0, kibibytes: 8),
      PassphraseCost(passes: 1, kibibytes: 1024 * 1024 + 1),
      PassphraseCost(passes: 1, kibibytes: 7), PassphraseCost(passes: .max, kibibytes: .max),
    ]
    for cost in costs {
      var header = Writer()
      header.u32(cost.passes)
      header.u32(cost.kibibytes)
      let greedy = file[..<6] + header.bytes + file[14...]
      #expect(IdentityFile.protection(of: Array(greedy)) == nil)
      #expect(refused(Array(greedy)))
      let identity = try Identity.make(&entropy)
      let answer = refusal {
        _ = try IdentityFile.seal(
          identity, passphrase: IdentityFileTests.passphrase.span, cost: cost, entropy: &entropy)
      }
      #expect(answer == .malformed)
    }
  }

  @Test func sealingTwiceLooksDifferent() throws {
    var entropy = Entropy.seeded(8)
    let identity = try Identity.make(&entropy)
    let first = try IdentityFile.sealUnprotected(identity, entropy: &entropy)
    let second = try IdentityFile.sealUnprotected(identity, entropy: &entropy)
    #expect(first != second)
  }

  @Test func settingsBeyondTheLimitAreRefused() throws {
    var entropy = Entropy.seeded(9)
    var identity = try Identity.make(&entropy)
    identity.settings = [UInt8](repeating: 0, count: IdentityFile.settingsLimit + 1)
    let answer = refusal {
      _ = try IdentityFile.sealUnprotected(identity, entropy: &entropy)
    }
    #expect(answer == .malformed)
  }

  private func protected(_ entropy: inout Entropy) throws -> [UInt8] {
    try IdentityFile.seal(
      try Identity.make(&entropy), passphrase: IdentityFileTests.passphrase.span, cost: .minimal,
      entropy: &entropy)
  }

  private func refused(_ file: [UInt8]) -> Bool {
    let passphrase = IdentityFileTests.passphrase
    return refusal { _ = try IdentityFile.open(file, passphrase: passphrase.span) }
      == .identityUnreadable
  }

  private func refusedUnprotected(_ file: [UInt8]) -> Bool {
    refusal { _ = try IdentityFile.openUnprotected(file) } == .identityUnreadable
  }

  private func expectSame(_ left: borrowing Identity, _ right: borrowing Identity) throws {
    #expect(revealed(left.root) == revealed(right.root))
    #expect(revealed(left.node.secret) == revealed(right.node.secret))
    let keys = (left.node.publicKey, right.node.publicKey)
    #expect(keys.0 == keys.1)
    let epochs = (left.epoch, right.epoch)
    #expect(epochs.0 == epochs.1)
    let settings = (left.settings, right.settings)
    #expect(settings.0 == settings.1)
  }
}
