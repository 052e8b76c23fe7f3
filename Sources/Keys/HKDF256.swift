import CSodium

/// HKDF (RFC 5869) and HMAC (RFC 2104) with SHA-256, as SFrame asks for.
package enum HKDF256 {
  private static let hashCount = 32

  package static func extract(salt: [UInt8], _ material: borrowing Secret) throws(KeysError)
    -> Secret
  {
    try extract(salt: salt, UnsafeBufferPointer(start: material.pointer, count: Secret.count))
  }

  package static func extract(salt: [UInt8], _ material: [UInt8]) throws(KeysError) -> Secret {
    let out = try Secret()
    material.withUnsafeBufferPointer { HKDF256.extract(salt: salt, $0, into: out.pointer) }
    return out
  }

  /// A new secret of 32 bytes.
  package static func expand(
    _ key: borrowing Secret, info: [UInt8]
  ) throws(KeysError) -> Secret {
    let out = try Secret()
    expand(key.pointer, info, into: out.pointer, Secret.count)
    return out
  }

  /// HMAC-SHA-256.
  package static func authenticate(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: hashCount)
    key.withUnsafeBufferPointer { key in
      message.withUnsafeBufferPointer { message in
        tag.withUnsafeMutableBufferPointer { tag in
          guard let start = tag.baseAddress else { return }
          authenticate(key.baseAddress, key.count, [message], into: start)
        }
      }
    }
    return tag
  }

  /// At most 255 blocks may be asked for (RFC 5869 §2.3); the callers' counts are constants.
  static func expand(
    _ key: UnsafePointer<UInt8>, _ info: [UInt8], into out: UnsafeMutablePointer<UInt8>,
    _ count: Int
  ) {
    precondition(count <= 255 * hashCount)
    info.withUnsafeBufferPointer { info in
      withScratch(hashCount + 1) { block in
        let number = block + hashCount
        var done = 0
        while done < count {
          number.pointee += 1
          authenticate(
            key, hashCount,
            [
              UnsafeBufferPointer(start: block, count: done == 0 ? 0 : hashCount), info,
              UnsafeBufferPointer(start: number, count: 1),
            ], into: block)
          let part = min(hashCount, count - done)
          (out + done).update(from: block, count: part)
          done += part
        }
      }
    }
  }

  private static func extract(
    salt: [UInt8], _ material: UnsafeBufferPointer<UInt8>
  ) throws(KeysError) -> Secret {
    let out = try Secret()
    extract(salt: salt, material, into: out.pointer)
    return out
  }

  private static func extract(
    salt: [UInt8], _ material: UnsafeBufferPointer<UInt8>, into out: UnsafeMutablePointer<UInt8>
  ) {
    salt.withUnsafeBufferPointer { salt in
      authenticate(salt.baseAddress, salt.count, [material], into: out)
    }
  }

  private static func authenticate(
    _ key: UnsafePointer<UInt8>?, _ keyCount: Int, _ parts: [UnsafeBufferPointer<UInt8>],
    into out: UnsafeMutablePointer<UInt8>
  ) {
    var state = crypto_auth_hmacsha256_state()
    defer { sodium_memzero(&state, MemoryLayout<crypto_auth_hmacsha256_state>.size) }
    withUnsafeBytes(of: UInt8(0)) { nothing in
      // An empty key must still be an address.
      let start = key ?? nothing.baseAddress?.assumingMemoryBound(to: UInt8.self)
      guard let start else { return }
      _ = crypto_auth_hmacsha256_init(&state, start, keyCount)
    }
    for part in parts {
      guard let start = part.baseAddress, !part.isEmpty else { continue }
      _ = crypto_auth_hmacsha256_update(&state, start, UInt64(part.count))
    }
    _ = crypto_auth_hmacsha256_final(&state, out)
  }
}
