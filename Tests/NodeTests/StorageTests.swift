import Glibc
import Keys
import Node
import Testing
import Wire

struct StorageTests {
  private func identity(
    in storage: borrowing Storage, passphrase: Passphrase = .none, unprotected: Bool = true
  ) throws -> NodeID {
    try Sodium.start()
    var entropy = Entropy.seeded(1)
    let identity = try storage.identity(
      passphrase: passphrase, unprotected: unprotected, cost: .minimal, entropy: &entropy)
    return identity.node.publicKey
  }

  @Test func theIdentityIsKeptPrivatelyAndFoundAgain() throws {
    let folder = try Folder()
    let path = folder.file("deep/data")
    let first: NodeID
    do {
      let storage = try Storage(folder: path)
      first = try identity(in: storage)
    }
    let storage = try Storage(folder: path)
    #expect(try identity(in: storage) == first)
    #expect(StoredFile.mode(path) == 0o700)
    #expect(StoredFile.mode(storage.identityPath) == 0o600)
    #expect(!StoredFile.exists(storage.identityPath + ".new"))
  }

  @Test func aSecondNodeOnTheSameFolderIsRefused() throws {
    let folder = try Folder()
    let first = try Storage(folder: folder.file("data"))
    let path = first.folder
    let failure = #expect(throws: Failure.self) { _ = try Storage(folder: path) }
    #expect(failure?.sentence.contains("Another node") == true)
    _ = first
  }

  @Test func modesThatOthersCanReadAreRefused() throws {
    let folder = try Folder()
    let path = folder.file("data")
    do {
      let storage = try Storage(folder: path)
      _ = try identity(in: storage)
      chmod(storage.identityPath, 0o644)
      let failure = #expect(throws: Failure.self) { try identity(in: storage) }
      #expect(failure?.sentence.contains("chmod 600") == true)
    }
    chmod(path, 0o755)
    let failure = #expect(throws: Failure.self) { _ = try Storage(folder: path) }
    #expect(failure?.sentence.contains("chmod 700") == true)
  }

  @Test func everyFlippedByteOfTheIdentityIsNoticed() throws {
    let folder = try Folder()
    let storage = try Storage(folder: folder.file("data"))
    _ = try identity(in: storage)
    let path = storage.identityPath
    let good = try StoredFile.read(path, limit: 1_000)
    for index in good.indices {
      var bad = good
      bad[index] ^= 1
      try StoredFile.write(bad, to: path)
      let failure = #expect(throws: Failure.self) { try identity(in: storage) }
      #expect(failure?.kind == .setup)
    }
    try StoredFile.write(good.dropLast(), to: path)
    #expect(throws: Failure.self) { try identity(in: storage) }
  }

  @Test func thePassphraseOpensAndNothingElseDoes() throws {
    let folder = try Folder()
    let right = Passphrase.file(try folder.write("correct horse\n", to: "right"))
    let wrong = Passphrase.file(try folder.write("battery staple\n", to: "wrong"))
    let storage = try Storage(folder: folder.file("data"))
    let first = try identity(in: storage, passphrase: right, unprotected: false)
    #expect(try identity(in: storage, passphrase: right, unprotected: false) == first)
    let failure = #expect(throws: Failure.self) {
      try identity(in: storage, passphrase: wrong, unprotected: false)
    }
    #expect(failure?.sentence.contains("wrong passphrase") == true)
    #expect(throws: Failure.self) { try identity(in: storage) }
  }

  @Test func withoutATerminalAPassphraseIsNotGuessed() throws {
    let folder = try Folder()
    let storage = try Storage(folder: folder.file("data"))
    let failure = #expect(throws: Failure.self) {
      try identity(in: storage, passphrase: .none, unprotected: false)
    }
    #expect(failure?.sentence.contains("--unprotected") == true)
    #expect(!StoredFile.exists(storage.identityPath))
  }

  @Test func aPassphraseFileThatOthersReadIsRefused() throws {
    let folder = try Folder()
    let path = try folder.write("secret\n", to: "pass")
    chmod(path, 0o640)
    let storage = try Storage(folder: folder.file("data"))
    let failure = #expect(throws: Failure.self) {
      try identity(in: storage, passphrase: .file(path), unprotected: false)
    }
    #expect(failure?.sentence.contains("chmod 600") == true)
  }

  @Test func theTokenStaysWithTheIdentity() throws {
    try Sodium.start()
    var entropy = Entropy.seeded(3)
    let one = try Identity.make(&entropy)
    let other = try Identity.make(&entropy)
    #expect(one.addressToken() == (try one.copy()).addressToken())
    #expect(one.addressToken() != other.addressToken())
  }

  private func contact(_ number: UInt64) -> Contact {
    Contact(
      node: NodeID(Bytes32(high: Bytes16(high: number, low: 0), low: .zero)),
      endpoints: [Endpoint(ipv4: 0xC000_0201, port: 4000)])
  }

  @Test func peersAreRememberedLatestFirstAndForgottenBeyondSixtyFour() {
    var peers = RememberedPeers()
    for number in 0..<70 as Range<UInt64> { peers.remember(contact(number)) }
    peers.remember(contact(30))
    #expect(peers.contacts.count == 64)
    #expect(peers.contacts.first == contact(30))
    #expect(peers.contacts.count { $0 == contact(30) } == 1)
    #expect(!peers.contacts.contains(contact(0)))
    #expect(peers.isDirty)
  }

  @Test func whoComesLaterDisplacesNoCompanion() {
    var peers = RememberedPeers()
    peers.remember(contact(1))
    peers.keepCompany([contact(1), contact(2), contact(3)])
    #expect(peers.companions == [contact(2), contact(3)], "whom it called is remembered already")
    peers.keepCompany((4...90).map(contact) + [contact(3), contact(2)])
    #expect(peers.companions == [2, 3, 4, 5].map(contact))
    peers.settle()
    peers.keepCompany([Contact(node: contact(6).node, endpoints: [])])
    #expect(peers.companions.count == 4, "nobody is here who could be called")
    #expect(!peers.isDirty)
    peers.keepCompany([contact(6)])
    #expect(peers.companions == [contact(6)])
  }

  @Test func aFileOfBeforeCompanionsWereKeptIsRead() throws {
    var plain = Writer(capacity: 512)
    plain.u8(1)
    plain.u8(1)
    contact(7).encode(into: &plain)
    #expect(RememberedPeers.read(plain.bytes)?.contacts == [contact(7)])
    plain.u8(5)
    #expect(RememberedPeers.read(plain.bytes) == nil, "more than are kept")
  }

  @Test func rememberedPeersAreReadableByTheirIdentityOnly() throws {
    try Sodium.start()
    let folder = try Folder()
    var entropy = Entropy.seeded(4)
    let mine = try Identity.make(&entropy).storageKey()
    let other = try Identity.make(&entropy).storageKey()
    var peers = RememberedPeers()
    peers.remember(contact(1))
    peers.remember(contact(2))
    peers.keepCompany([contact(3)])
    let path = folder.file("peers")
    try peers.save(to: path, key: mine, entropy: &entropy)
    #expect(RememberedPeers(path: path, key: mine).contacts == peers.contacts)
    #expect(RememberedPeers(path: path, key: mine).companions == [contact(3)])
    #expect(RememberedPeers(path: path, key: other).contacts.isEmpty)
    #expect(StoredFile.mode(path) == 0o600)
    var bytes = try StoredFile.read(path, limit: 20_000)
    bytes[bytes.count / 2] ^= 1
    try StoredFile.write(bytes, to: path)
    #expect(RememberedPeers(path: path, key: mine).contacts.isEmpty)
  }

  @Test func aFileThatCannotBeWrittenLeavesTheOldOne() throws {
    let folder = try Folder()
    let path = try folder.write("old", to: "file")
    mkdir(path + ".new", 0o700)
    #expect(throws: SystemError.self) { try StoredFile.write(Array("new".utf8), to: path) }
    #expect(try StoredFile.read(path, limit: 10) == Array("old".utf8))
  }
}
