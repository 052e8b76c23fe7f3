import Keys
import Wire

/// Proof that a dialler can be reached at the address it seems to dial from, kept by the dialler:
/// the node itself stores nothing but two secrets (WireGuard §5.4.7).
struct Cookies: ~Copyable {
  private let life: Duration
  private var secret: Bytes32 = .zero
  private var previous: Bytes32 = .zero
  private var madeAt: Instant?

  init(life: Duration) {
    self.life = life
  }

  mutating func make(for source: Endpoint, at now: Instant, _ entropy: inout Entropy) -> Bytes16 {
    rotate(at: now, &entropy)
    return Cookies.cookie(secret, source)
  }

  /// Whether `hello` proves a cookie made for `source` lately.
  mutating func isProven(
    _ hello: [UInt8], mac2: Bytes16, by source: Endpoint, at now: Instant,
    _ entropy: inout Entropy
  ) -> Bool {
    rotate(at: now, &entropy)
    return [secret, previous].contains { secret in
      let cookie = Cookies.cookie(secret, source)
      return Digest.equal(mac2, HandshakeDatagram.proof(hello, cookie: cookie))
    }
  }

  private mutating func rotate(at now: Instant, _ entropy: inout Entropy) {
    if let madeAt {
      let age = now - madeAt
      guard age >= life else { return }
      previous = age >= life * 2 ? entropy.bytes32() : secret
    } else {
      previous = entropy.bytes32()
    }
    secret = entropy.bytes32()
    madeAt = now
  }

  private static func cookie(_ secret: Bytes32, _ source: Endpoint) -> Bytes16 {
    var writer = Writer(capacity: Endpoint.wireCount)
    writer.endpoint(source)
    return Digest.mac16(key: secret, writer.bytes)
  }
}
