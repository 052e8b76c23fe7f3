import Keys
import Node
import Testing
import Wire

struct SeedListTests {
  static let address = "starling://AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8@example.org:4000"
  static let text = """
    # starling seeds 1
    expires: 2026-12-31T00:00:00Z

    # friends
    \(address)
    """
  static let before: UInt64 = 1_798_675_199_999
  static let expiry: UInt64 = 1_798_675_200_000

  private func pair(_ seed: UInt64 = 1) throws -> MinisignPair {
    try Sodium.start()
    var entropy = Entropy.seeded(seed)
    return try MinisignPair(random: &entropy)
  }

  private func open(
    _ text: String, signature: String, keys: [MinisignKey], now: UInt64 = before
  ) throws(SeedListError) -> SeedList {
    try SeedList.open(text: Array(text.utf8), signature: signature, keys: keys, now: now)
  }

  @Test func aSignedListIsRead() throws {
    let pair = try pair()
    let signature = pair.sign(Array(Self.text.utf8), trustedComment: "seeds")
    let list = try open(
      Self.text, signature: signature.text, keys: [try self.pair(2).publicKey, pair.publicKey])
    #expect(list.expires == Self.expiry)
    #expect(list.addresses.map(\.text) == [Self.address])
  }

  @Test func whatIsWrittenIsReadTheSame() throws {
    let list = try SeedList(text: Self.text)
    #expect(try SeedList(text: list.text) == list)
  }

  @Test func anExpiredListIsRefused() throws {
    let pair = try pair()
    let signature = pair.sign(Array(Self.text.utf8), trustedComment: "seeds")
    #expect(throws: SeedListError.expired("2026-12-31T00:00:00Z")) {
      try open(Self.text, signature: signature.text, keys: [pair.publicKey], now: Self.expiry)
    }
  }

  @Test func aListChangedAfterwardsIsRefused() throws {
    let pair = try pair()
    let signature = pair.sign(Array(Self.text.utf8), trustedComment: "seeds")
    #expect(throws: SeedListError.badSignature) {
      try open(Self.text + "\n", signature: signature.text, keys: [pair.publicKey])
    }
  }

  @Test func aListOfAStrangerIsRefused() throws {
    let signature = try pair(2).sign(Array(Self.text.utf8), trustedComment: "seeds")
    let mine = try pair().publicKey
    #expect(throws: SeedListError.wrongKey) {
      try open(Self.text, signature: signature.text, keys: [mine])
    }
    #expect(throws: SeedListError.wrongKey) {
      try open(Self.text, signature: signature.text, keys: [])
    }
  }

  @Test func aListWithoutSignatureIsRefused() throws {
    let folder = try Folder()
    let path = try folder.write(Self.text, to: "seeds.txt")
    #expect(throws: SeedListError.unsigned) {
      try SeedList.open(path: path, keys: [], now: Self.before)
    }
    try folder.write("not a signature", to: "seeds.txt.minisig")
    #expect(throws: SeedListError.malformedSignature) {
      try SeedList.open(path: path, keys: [], now: Self.before)
    }
    #expect(throws: SeedListError.unreadable) {
      try SeedList.open(path: folder.file("none"), keys: [], now: Self.before)
    }
  }

  @Test func ofThreeKeysTwoMustHaveSigned() throws {
    let text = Array(Self.text.utf8)
    var (keys, signatures): ([MinisignKey], [String]) = ([], [])
    for seed in 1...3 {
      let pair = try pair(UInt64(seed))
      keys.append(pair.publicKey)
      signatures.append(pair.sign(text, trustedComment: "seeds").text)
    }
    for first in 0..<3 {
      #expect(throws: SeedListError.tooFewSignatures(2)) {
        try open(Self.text, signature: signatures[first], keys: keys)
      }
      // The same twice is one.
      #expect(throws: SeedListError.tooFewSignatures(2)) {
        try open(Self.text, signature: signatures[first] + signatures[first], keys: keys)
      }
      for second in 0..<3 where second != first {
        let both = signatures[first] + signatures[second]
        #expect(try open(Self.text, signature: both, keys: keys).addresses.count == 1)
      }
    }
    // One key given three times is one key.
    let thrice = [keys[0], keys[0], keys[0]]
    #expect(try open(Self.text, signature: signatures[0], keys: thrice).addresses.count == 1)
    let strangers = try pair(9).sign(text, trustedComment: "seeds").text
    #expect(throws: SeedListError.tooFewSignatures(2)) {
      try open(Self.text, signature: signatures[0] + strangers, keys: keys)
    }
  }

  /// S1 of the reach criteria.
  @Test func everyFlippedBitOfAListIsRefused() throws {
    let pair = try pair()
    let text = Array(Self.text.utf8)
    let signature = pair.sign(text, trustedComment: "seeds").text
    for index in text.indices {
      for bit in 0..<8 {
        var changed = text
        changed[index] ^= 1 << bit
        #expect(throws: SeedListError.badSignature) {
          try SeedList.open(
            text: changed, signature: signature, keys: [pair.publicKey], now: Self.before)
        }
      }
    }
  }

  private func numbered(_ version: Int, _ folder: Folder, _ name: String) throws -> String {
    let text =
      "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\nversion: \(version)\n"
      + Self.address.replacing("4000", with: "\(version)") + "\n"
    let path = try folder.write(text, to: name)
    let signature = try pair().sign(Array(text.utf8), trustedComment: "seeds").text
    try folder.write(signature, to: name + ".minisig")
    return path
  }

  @Test func theLatestListCountsAndNoneBeforeItAgain() throws {
    let folder = try Folder()
    let paths = [try numbered(3, folder, "a"), try numbered(5, folder, "b")]
    let keys = [try pair().publicKey]
    let both = SeedShelf(folder: folder.path, paths: paths, keys: keys)
    let opened = both.open(now: Self.before)
    #expect(opened.addresses.map(\.port) == [5])
    #expect(opened.complaints.map(\.error) == [.older(5)])
    // Also when only the old one is left, in the next life.
    let old = SeedShelf(folder: folder.path, paths: [paths[0]], keys: keys)
    #expect(old.open(now: Self.before).addresses.isEmpty)
    // Others' numbers are others'.
    let others = SeedShelf(
      folder: folder.path, paths: [paths[0]], keys: keys + [try pair(2).publicKey])
    #expect(others.open(now: Self.before).addresses.map(\.port) == [3])
  }

  @Test func aListFromAStickIsKept() throws {
    let folder = try Folder()
    let stick = try numbered(4, folder, "stick")
    let keys = [try pair().publicKey]
    let shelf = SeedShelf(folder: folder.path, paths: [], keys: keys)
    #expect(shelf.isEmpty)
    let files = (
      text: try StoredFile.read(stick, limit: 4_096),
      signature: try StoredFile.read(stick + ".minisig", limit: 4_096)
    )
    _ = try shelf.keep(text: files.text, signature: files.signature, now: Self.before)
    #expect(!shelf.isEmpty)
    #expect(shelf.open(now: Self.before).addresses.map(\.port) == [4])
    let older = try numbered(2, folder, "older")
    let before = (
      text: try StoredFile.read(older, limit: 4_096),
      signature: try StoredFile.read(older + ".minisig", limit: 4_096)
    )
    #expect(throws: SeedListError.older(4)) {
      try shelf.keep(text: before.text, signature: before.signature, now: Self.before)
    }
    #expect(throws: SeedListError.badSignature) {
      try shelf.keep(text: before.text, signature: files.signature, now: Self.before)
    }
  }

  @Test func neighboursOfOneAnotherComeLast() {
    let hosts = ["192.0.2.1", "192.0.99.9", "198.51.100.1", "2001:db8::1", "2001:db8:9::1", "a.b"]
    let spread = Diversity.spread(hosts) { Endpoint(host: $0, port: 1).map { [$0] } ?? [] }
    #expect(
      spread
        == ["192.0.2.1", "198.51.100.1", "2001:db8::1", "a.b", "192.0.99.9", "2001:db8:9::1"])
  }

  struct Malformed: Sendable, CustomTestStringConvertible {
    let text: String
    let error: SeedListError
    var testDescription: String { "\(error)" }
  }

  static let malformed: [Malformed] = [
    Malformed(text: "", error: .notASeedList),
    Malformed(text: "# starling seeds 2\n", error: .notASeedList),
    Malformed(text: "# starling seeds 1\n\(address)\n", error: .noExpiry),
    Malformed(text: "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\n", error: .empty),
    Malformed(text: "# starling seeds 1\nexpires: tomorrow\n", error: .badLine(2)),
    Malformed(
      text: "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\nexpires: 2026-12-31T00:00:00Z\n",
      error: .badLine(3)),
    Malformed(
      text: "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\nexample.org\n", error: .badLine(3)),
    Malformed(
      text: "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\nversion: 0\n", error: .badLine(3)),
    Malformed(
      text: "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\nversion: 01\n", error: .badLine(3)),
    Malformed(
      text: "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\nversion: 1\nversion: 1\n",
      error: .badLine(4)),
    Malformed(
      text: "# starling seeds 1\nexpires: 2026-12-31T00:00:00Z\n"
        + String(repeating: address + "\n", count: 257), error: .tooLong),
  ]

  @Test(arguments: malformed)
  func malformedListsAreRefused(_ sample: Malformed) {
    #expect(throws: sample.error) { try SeedList(text: sample.text) }
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:34:56Z", 951_827_696_000),
      ("2026-12-31T00:00:00Z", 1_798_675_200_000), ("2100-03-01T00:00:00Z", 4_107_542_400_000),
      ("9999-12-31T23:59:59Z", 253_402_300_799_000),
    ] as [(String, UInt64)])
  func momentsAreReadAndWritten(text: String, milliseconds: UInt64) {
    #expect(UTC.milliseconds(text) == milliseconds)
    #expect(UTC.text(milliseconds) == text)
  }

  @Test(arguments: [
    "", "2026-12-31", "2026-12-31T00:00:00", "2026-12-31 00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-12-31T24:00:00Z", "1969-12-31T23:59:59Z",
    "2026-12-31T00:00:00+00:00", "２026-12-31T00:00:00Z",
  ])
  func momentsThatAreNoneAreRefused(text: String) {
    #expect(UTC.milliseconds(text) == nil)
  }
}
