import Keys
import Wire

/// The four handshake datagrams without their mask (Spec 2 §3).
///
/// Decoding is strict: a size, a reserved byte or a padding byte that is not as it must be makes
/// the whole nothing.
///
/// ```
/// hello   1 | idx_i 4 | noise (e 32, payload n, tag 16) | mac1 16 | mac2 16
/// answer  2 | idx_r 4 | idx_i 4 | noise (e 32, payload n, tag 16)
/// confirm 3 | idx_r 4 | noise (s 32, tag 16, payload n, tag 16)
/// cookie  4 | idx_i 4 | nonce 24 | sealed cookie 32
/// ```
enum HandshakeDatagram {
  enum Kind {
    static let hello: UInt8 = 1
    static let answer: UInt8 = 2
    static let confirm: UInt8 = 3
    static let cookie: UInt8 = 4
  }

  /// Message 1 as it arrived: what can be said of it before any curve is multiplied.
  struct Hello {
    let index: UInt32
    let noise: [UInt8]
    let mac1: Bytes16
    let mac2: Bytes16

    var ephemeral: Bytes32 { Bytes32(noise.prefix(LinkSpec.key)) ?? .zero }

    /// Nil unless it is well-formed and made for the owner of `macKey`.
    init?(_ body: [UInt8], macKey: Bytes32) {
      guard LinkSpec.helloSizes.contains(body.count), body[0] == Kind.hello else { return nil }
      let end = body.count - 2 * LinkSpec.mac
      guard
        let mac1 = Bytes16(body[end..<end + LinkSpec.mac]),
        let mac2 = Bytes16(body[(end + LinkSpec.mac)...]),
        Digest.equal(mac1, Digest.mac16(key: macKey, body.span.extracting(0..<end)))
      else { return nil }
      index = UInt32(truncatingIfNeeded: body.integer(at: 1, bytes: 4))
      noise = Array(body[5..<end])
      self.mac1 = mac1
      self.mac2 = mac2
    }
  }

  static func hello(index: UInt32, noise: [UInt8], macKey: Bytes32) -> [UInt8] {
    var body = start(Kind.hello, index, capacity: 5 + noise.count + 2 * LinkSpec.mac)
    body.append(contentsOf: noise)
    body.append(contentsOf: Digest.mac16(key: macKey, body).array)
    body.append(contentsOf: Bytes16.zero.array)
    return body
  }

  /// The cookie's place in `hello` filled in.
  static func proven(_ hello: [UInt8], cookie: Bytes16) -> [UInt8] {
    let end = hello.count - LinkSpec.mac
    return Array(hello[..<end]) + proof(hello, cookie: cookie).array
  }

  /// mac2: over everything before mac1, under the cookie.
  static func proof(_ hello: [UInt8], cookie: Bytes16) -> Bytes16 {
    let end = hello.count - 2 * LinkSpec.mac
    return Digest.mac16(
      key: Bytes32(high: cookie, low: .zero), hello.span.extracting(0..<end))
  }

  static func answer(index: UInt32, to theirs: UInt32, noise: [UInt8]) -> [UInt8] {
    var body = start(Kind.answer, index, capacity: 9 + noise.count)
    body.appendInteger(UInt64(theirs), bytes: 4)
    body.append(contentsOf: noise)
    return body
  }

  static func confirm(to theirs: UInt32, noise: [UInt8]) -> [UInt8] {
    var body = start(Kind.confirm, theirs, capacity: 5 + noise.count)
    body.append(contentsOf: noise)
    return body
  }

  static func cookie(
    to theirs: UInt32, _ cookie: Bytes16, key: Bytes32, mac1: Bytes16, nonce: Nonce24
  ) -> [UInt8] {
    var body = start(Kind.cookie, theirs, capacity: LinkSpec.cookie)
    body.append(contentsOf: nonce.array)
    body.append(
      contentsOf: Box.seal(key: key, nonce: nonce, associated: mac1.array, cookie.array))
    return body
  }

  static func openCookie(_ body: [UInt8], key: Bytes32, mac1: Bytes16) -> Bytes16? {
    guard
      body.count == LinkSpec.cookie - LinkSpec.maskNonce,
      let nonce = Nonce24(Array(body[5..<29])),
      let cookie = Box.open(
        key: key, nonce: nonce, associated: mac1.array, Array(body[29...]))
    else { return nil }
    return Bytes16(cookie)
  }

  private static func start(_ kind: UInt8, _ index: UInt32, capacity: Int) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(capacity)
    body.append(kind)
    body.appendInteger(UInt64(index), bytes: 4)
    return body
  }
}

/// What everybody who knows a node's address can derive from it.
struct AddressKeys {
  let mask: Bytes32
  let mac: Bytes32
  let cookie: Bytes32
  let presharedKey: Bytes32

  init(node: NodeID, token: Bytes16?) {
    let name = node.raw.array
    mask = Digest.hash32("VR1-mask", name + (token?.array ?? []))
    mac = Digest.hash32("VR1-mac1", name)
    cookie = Digest.hash32("VR1-cookie", name)
    presharedKey = token.map { Digest.hash32("VR1-psk", $0.array) } ?? .zero
  }
}
