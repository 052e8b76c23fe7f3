import CSodium

/// 64 secret bytes in locked memory: chaining keys and expanded signing keys.
package struct Secret64: ~Copyable, Sendable {
  package static let count = 64

  let slot: Arena.Slot

  /// Zeros, to be filled by the caller.
  init(arena: Arena = .shared) throws(KeysError) {
    slot = try arena.take(pair: true)
  }

  /// Valid while this value lives; never leaves the target.
  var pointer: UnsafeMutablePointer<UInt8> { slot.pointer }

  package borrowing func copy() throws(KeysError) -> Secret64 {
    let twin = try Secret64(arena: slot.arena)
    twin.pointer.update(from: pointer, count: Secret64.count)
    return twin
  }

  /// The first 32 bytes as a key of their own.
  package borrowing func firstHalf() throws(KeysError) -> Secret {
    let half = try Secret(arena: slot.arena)
    half.pointer.update(from: pointer, count: Secret.count)
    return half
  }

  /// In constant time.
  package borrowing func equals(_ other: borrowing Secret64) -> Bool {
    sodium_memcmp(pointer, other.pointer, Secret64.count) == 0
  }
}
