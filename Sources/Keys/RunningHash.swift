import CSodium
package import Wire

/// BLAKE2b-512 of something that arrives in pieces, such as a file.
package struct RunningHash: ~Copyable {
  private static let alignment = 64

  private let memory: UnsafeMutableRawPointer
  private var state: OpaquePointer { OpaquePointer(memory) }

  package init() {
    memory = .allocate(
      byteCount: crypto_generichash_blake2b_statebytes(), alignment: RunningHash.alignment)
    _ = crypto_generichash_blake2b_init(state, nil, 0, Bytes64.count)
  }

  deinit {
    memory.deallocate()
  }

  package mutating func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
      _ = crypto_generichash_blake2b_update(state, start, UInt64(bytes.count))
    }
  }

  package consuming func finish() -> Bytes64 {
    withScratch(Bytes64.count) { out in
      _ = crypto_generichash_blake2b_final(state, out, Bytes64.count)
      return Bytes64(reading: out)
    }
  }
}
