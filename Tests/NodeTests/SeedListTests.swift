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
