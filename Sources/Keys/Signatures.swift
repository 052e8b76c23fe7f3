import CSodium
package import Wire

/// Checking of Ed25519 signatures.
///
/// Libraries differ in edge cases; every signature of a room is judged by this one function, or two
/// nodes might disagree about who is in it.
package enum Signatures {
  package static func verify(
    _ signature: Signature, by key: SigningKey, _ label: StaticString, _ message: [UInt8]
  ) -> Bool {
    let labelled = labelled(label, message)
    return SignatureMemory.shared.verdict(signature, key, labelled) {
      verifyRaw(signature, by: key, labelled)
    }
  }

  static func verifyRaw(_ signature: Signature, by key: SigningKey, _ message: [UInt8]) -> Bool {
    signature.raw.withPointer { signature in
      key.raw.withPointer { key in
        crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
      }
    }
  }

  static func labelled(_ label: StaticString, _ message: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1 + label.utf8CodeUnitCount + message.count)
    bytes.append(UInt8(truncatingIfNeeded: label.utf8CodeUnitCount))
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: label.pointer, count: label.utf8CodeUnitCount))
    bytes.append(contentsOf: message)
    return bytes
  }
}
