package import Keys
import OrderedCollections
package import Wire

/// The second secret of each link over which keys go: what is sealed with it stays sealed if either
/// the link's own X25519 or ML-KEM holds. There is no way to do without it, so nothing to talk an
/// honest node down to.
package struct HybridLinks {
  private final class Exchange {
    var key: (any DecapsulationKey)?
    var parts: [[UInt8]?] = Array(repeating: nil, count: HybridPart.parts)
    private(set) var isReady = false
    private var secret: Secret?

    func settle(_ secret: consuming Secret) {
      self.secret = .some(secret)
      isReady = true
      key = nil
    }

    func seal(_ plain: borrowing Secret, nonce: Nonce24) -> [UInt8]? {
      switch secret {
      case .some(let key): Box.seal(plain, key: key, nonce: nonce)
      case .none: nil
      }
    }

    func open(_ sealed: [UInt8], nonce: Nonce24) throws(KeysError) -> Secret {
      switch secret {
      case .some(let key): try Box.openSecret(sealed, key: key, nonce: nonce)
      case .none: throw .outOfTurn
      }
    }

    func lend(_ body: (borrowing Secret) -> Void) {
      switch secret {
      case .some(let key): body(key)
      case .none: break
      }
    }

    /// All bytes, once every part is here.
    func take(_ part: HybridPart) -> [UInt8]? {
      parts[part.index] = part.bytes
      let whole = parts.compactMap(\.self)
      return whole.count == parts.count ? whole.flatMap(\.self) : nil
    }
  }

  private let scheme: any KeyEncapsulation
  /// Links whose exchange is about to begin.
  private var planned: OrderedDictionary<LinkID, Instant> = [:]
  private var exchanges: OrderedDictionary<LinkID, Exchange> = [:]

  package init(scheme: any KeyEncapsulation) { self.scheme = scheme }

  package func isReady(_ link: LinkID) -> Bool { exchanges[link]?.isReady ?? false }

  var nextDeadline: Deadline? { planned.values.min().map { Deadline($0, .handshake) } }

  mutating func plan(_ link: LinkID, at due: Instant) {
    if exchanges[link] == nil, planned[link] == nil { planned[link] = due }
  }

  mutating func takeDue(at now: Instant) -> [LinkID] {
    let due = planned.filter { $0.value <= now }.map(\.key)
    for link in due { planned.removeValue(forKey: link) }
    return due
  }

  mutating func forget(_ link: LinkID) {
    exchanges.removeValue(forKey: link)
    planned.removeValue(forKey: link)
  }

  /// What the end that opened the link sends; nothing the second time.
  package mutating func begin(_ link: LinkID, _ entropy: inout Entropy) -> [HybridPart] {
    guard exchanges[link] == nil, let key = try? scheme.makeKey(&entropy) else { return [] }
    let exchange = Exchange()
    exchange.key = key
    exchanges[link] = exchange
    return HybridPart.halves(of: key.publicKey)
  }

  /// Part of the other end's key came: the answer, once it is whole.
  package mutating func received(
    key part: HybridPart, on link: LinkID, transcript: Bytes64, _ entropy: inout Entropy
  ) throws(KeysError) -> [HybridPart] {
    let exchange = exchanges[link] ?? Exchange()
    exchanges[link] = exchange
    guard exchange.key == nil, !isReady(link), let publicKey = exchange.take(part) else {
      return []
    }
    let encapsulation = try scheme.encapsulate(to: publicKey, &entropy)
    exchange.settle(
      try HybridLinks.derive(
        encapsulation.secret, publicKey, encapsulation.ciphertext, transcript))
    return HybridPart.halves(of: encapsulation.ciphertext)
  }

  /// Part of the answer came. True when that made the link ready.
  package mutating func received(
    answer part: HybridPart, on link: LinkID, transcript: Bytes64
  ) throws(KeysError) -> Bool {
    guard let exchange = exchanges[link], let key = exchange.key, !isReady(link),
      let ciphertext = exchange.take(part)
    else { return false }
    exchange.settle(
      try HybridLinks.derive(
        try key.open(ciphertext), key.publicKey, ciphertext, transcript))
    return true
  }

  package func seal(_ secret: borrowing Secret, nonce: Nonce24, on link: LinkID) -> [UInt8]? {
    exchanges[link]?.seal(secret, nonce: nonce)
  }

  package func open(
    _ sealed: [UInt8], nonce: Nonce24, on link: LinkID
  ) throws(KeysError) -> Secret {
    guard let exchange = exchanges[link] else { throw .outOfTurn }
    return try exchange.open(sealed, nonce: nonce)
  }

  /// Lends the secrets of all links.
  func lend(_ body: (borrowing Secret) -> Void) {
    for exchange in exchanges.values { exchange.lend(body) }
  }

  private static func derive(
    _ shared: borrowing Secret, _ publicKey: [UInt8], _ ciphertext: [UInt8], _ transcript: Bytes64
  ) throws(KeysError) -> Secret {
    let binding = Digest.hash32("VR1-pq", publicKey + ciphertext)
    return try KDF.derive(shared, "VR1-pq-grant", transcript.array + binding.array)
  }
}

extension Context {
  /// Whoever opened the link begins, right behind the first JOIN: not with it, for what overtakes
  /// the end of the handshake is lost, and would be repeated a quarter of a second later.
  mutating func planHybrid(_ link: LinkID) {
    guard links.isInitiator(of: link) == true else { return }
    hybrid.plan(link, at: now + settings.keys.hybridDelay)
  }

  mutating func tickHybrid() {
    for link in hybrid.takeDue(at: now) {
      for part in hybrid.begin(link, &entropy) { send(.hybridKey, part.encoded, on: link) }
    }
  }

  /// True when keys can go over the link from now on.
  mutating func receivedHybrid(
    _ type: MessageType, _ reader: inout Reader, from link: LinkID
  ) throws(WireError) -> Bool {
    guard let transcript = links.transcript(of: link), let isOurs = links.isInitiator(of: link)
    else { return false }
    do {
      if type == .hybridKey {
        let part = try HybridPart(from: &reader, of: HybridPart.keyBytes)
        guard !isOurs else { throw WireError.unknown }
        let answer = try hybrid.received(key: part, on: link, transcript: transcript, &entropy)
        for part in answer { send(.hybridAnswer, part.encoded, on: link) }
        return !answer.isEmpty
      }
      let part = try HybridPart(from: &reader, of: HybridPart.answerBytes)
      guard isOurs else { throw WireError.unknown }
      return try hybrid.received(answer: part, on: link, transcript: transcript)
    } catch {
      throw .unknown
    }
  }
}
