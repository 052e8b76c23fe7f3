import CSodium

/// A running BLAKE2b.
///
/// Its state asks for more alignment than Swift imports, so it lives in borrowed memory for the
/// length of a closure.
struct Blake2b {
  private static let alignment = 64

  private let state: OpaquePointer

  /// Hashes what `body` feeds in; writes `count` (16...64) bytes to `out`.
  static func run(
    count: Int, key: UnsafePointer<UInt8>? = nil, keyCount: Int = 0,
    into out: UnsafeMutablePointer<UInt8>, _ body: (Blake2b) -> Void
  ) {
    // Asked for 64, the temporary allocation would come from the heap: align by hand.
    withScratch(crypto_generichash_blake2b_statebytes() + alignment) { scratch in
      let address = UInt(bitPattern: scratch)
      let skipped = (UInt(alignment) &- address % UInt(alignment)) % UInt(alignment)
      let hash = Blake2b(state: OpaquePointer(scratch + Int(skipped)))
      _ = crypto_generichash_blake2b_init(hash.state, key, keyCount, count)
      body(hash)
      _ = crypto_generichash_blake2b_final(hash.state, out, count)
    }
  }

  func update(_ start: UnsafePointer<UInt8>?, _ count: Int) {
    guard let start, count > 0 else { return }
    _ = crypto_generichash_blake2b_update(state, start, UInt64(count))
  }

  func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { update($0.baseAddress, $0.count) }
  }

  func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { update($0.baseAddress, $0.count) }
  }

  /// The label behind its length, as every labelled hash begins (Spec 4 §1).
  func update(label: StaticString) {
    withUnsafeBytes(of: UInt8(truncatingIfNeeded: label.utf8CodeUnitCount)) { length in
      update(length.baseAddress?.assumingMemoryBound(to: UInt8.self), 1)
    }
    update(label.pointer, label.utf8CodeUnitCount)
  }
}
