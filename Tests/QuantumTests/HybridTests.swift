import Keys
import Mesh
import Quantum
import Testing
import Wire

/// The second secret of a link as a node makes it.
struct HybridTests {
  private static let link = LinkID(serial: 7, slot: 0)
  private static let transcript = Bytes64([UInt8](repeating: 3, count: 64))

  init() throws { try Sodium.start() }

  /// Both ends after the exchange; `altering` is done to each message on its way.
  private func exchange(
    otherTranscript: Bytes64? = nil,
    altering: (HybridPart) throws -> HybridPart = { $0 }
  ) throws -> (HybridLinks, HybridLinks) {
    let transcript = try #require(Self.transcript)
    var entropy = Entropy.system
    var dialler = HybridLinks(scheme: MLKEM())
    var listener = HybridLinks(scheme: MLKEM())
    for part in dialler.begin(Self.link, &entropy) {
      let answers = try listener.received(
        key: part, on: Self.link, transcript: transcript, &entropy)
      for answer in answers {
        _ = try dialler.received(
          answer: try altering(answer), on: Self.link, transcript: otherTranscript ?? transcript)
      }
    }
    return (dialler, listener)
  }

  /// Whether what one end seals, the other opens.
  private func agree(_ one: HybridLinks, _ other: HybridLinks) throws -> Bool {
    var entropy = Entropy.system
    let key = try Secret(random: &entropy)
    let nonce = Nonce24(random: &entropy)
    guard let sealed = one.seal(key, nonce: nonce, on: Self.link) else { return false }
    do {
      let opened = try other.open(sealed, nonce: nonce, on: Self.link)
      return opened.equals(key)
    } catch {
      return false
    }
  }

  @Test func whatOneEndSealsTheOtherOpens() throws {
    let (dialler, listener) = try exchange()
    #expect(dialler.isReady(Self.link) && listener.isReady(Self.link))
    #expect(try agree(dialler, listener))
    #expect(try agree(listener, dialler))
    #expect(!dialler.isReady(LinkID(serial: 8, slot: 0)))
  }

  /// ML-KEM itself answers with another secret: what shows it is that nothing opens.
  @Test func anAlteredAnswerOpensNothing() throws {
    let (dialler, listener) = try exchange { part in
      guard part.index == 0 else { return part }
      var bytes = part.encoded
      bytes[100] ^= 1
      var reader = Reader(bytes.span)
      return try HybridPart(from: &reader, of: HybridPart.answerBytes)
    }
    #expect(dialler.isReady(Self.link))
    #expect(try !agree(dialler, listener))
    #expect(try !agree(listener, dialler))
  }

  /// The same exchange carried over to another link is worth nothing.
  @Test func theSecretBelongsToItsLink() throws {
    let elsewhere = Bytes64([UInt8](repeating: 4, count: 64))
    let (dialler, listener) = try exchange(otherTranscript: elsewhere)
    #expect(try !agree(dialler, listener))
  }

  @Test func nothingIsSealedBeforeTheExchange() throws {
    var entropy = Entropy.system
    var links = HybridLinks(scheme: MLKEM())
    let key = try Secret(random: &entropy)
    let before = links.seal(key, nonce: Nonce24(random: &entropy), on: Self.link)
    #expect(before == nil)
    #expect(links.begin(Self.link, &entropy).count == HybridPart.parts)
    let meanwhile = links.seal(key, nonce: Nonce24(random: &entropy), on: Self.link)
    #expect(meanwhile == nil)
  }
}
