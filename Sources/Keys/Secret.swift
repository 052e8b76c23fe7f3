import CSodium
package import Wire

/// 32 secret bytes in locked memory, zeroed when the value dies.
///
/// Copies are made only by ``copy()``.
package struct Secret: ~Copyable, Sendable {
  package static let count = 32

  let slot: Arena.Slot

  /// Zeros, to be filled by the caller.
  init(arena: Arena = .shared) throws(KeysError) {
    slot = try arena.take(pair: false)
  }

  package init(random entropy: inout Entropy) throws(KeysError) {
    try self.init()
    entropy.fill(UnsafeMutableRawBufferPointer(start: pointer, count: Secret.count))
  }

  /// Throws ``KeysError/malformed`` unless there are exactly 32 bytes.
  package init(copying bytes: Span<UInt8>) throws(KeysError) {
    guard bytes.count == Secret.count else { throw .malformed }
    try self.init()
    bytes.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { pointer.update(from: start, count: Secret.count) }
    }
  }

  /// From bytes that were public, or travelled, anyway.
  package init(_ bytes: Bytes32) throws(KeysError) {
    try self.init()
    bytes.withPointer { pointer.update(from: $0, count: Secret.count) }
  }

  /// Valid while this value lives; never leaves the target.
  var pointer: UnsafeMutablePointer<UInt8> { slot.pointer }

  /// Lends the bytes, for a record that carries a key to a peer.
  package borrowing func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(start: pointer, count: Secret.count).span)
  }

  package borrowing func copy() throws(KeysError) -> Secret {
    let twin = try Secret(arena: slot.arena)
    twin.pointer.update(from: pointer, count: Secret.count)
    return twin
  }

  /// In constant time.
  package borrowing func equals(_ other: borrowing Secret) -> Bool {
    sodium_memcmp(pointer, other.pointer, Secret.count) == 0
  }
}
