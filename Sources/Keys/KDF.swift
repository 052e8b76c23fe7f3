package import Wire

/// Keys from keys: keyed BLAKE2b over a label and a context (Spec 4 §1).
package enum KDF {
  package static func derive(
    _ key: borrowing Secret, _ label: StaticString, _ context: [UInt8]
  ) throws(KeysError) -> Secret {
    let derived = try Secret()
    derive(key.pointer, label, context, into: derived.pointer, 32)
    return derived
  }

  /// From a key that is public, to a value that is public.
  package static func derive(
    _ key: Bytes32, _ label: StaticString, _ context: [UInt8]
  ) -> Bytes32 {
    key.withPointer { key in
      Bytes32 { derive(key, label, context, into: $0, 32) }
    }
  }

  /// A public value from a secret: key commitments.
  package static func public32(
    _ key: borrowing Secret, _ label: StaticString, _ context: [UInt8]
  ) -> Bytes32 {
    let key = key.pointer
    return Bytes32 { derive(key, label, context, into: $0, 32) }
  }

  /// 16 bytes: tags and codes that people compare.
  package static func derive16(
    _ key: Bytes32, _ label: StaticString, _ context: [UInt8]
  ) -> Bytes16 {
    key.withPointer { key in
      withScratch(16) { out in
        derive(key, label, context, into: out, 16)
        return Bytes16(reading: out)
      }
    }
  }

  static func derive(
    _ key: UnsafePointer<UInt8>, _ label: StaticString, _ context: [UInt8],
    into out: UnsafeMutablePointer<UInt8>, _ count: Int
  ) {
    Blake2b.run(count: count, key: key, keyCount: 32, into: out) { hash in
      hash.update(label: label)
      hash.update(context)
    }
  }
}
