import CSodium

/// The library underneath: started once, before anything else here is used.
package enum Sodium {
  /// Starts libsodium and reserves the memory for secrets.
  ///
  /// Calling it again costs nothing.
  ///
  /// Unlocked memory is refused only on request; otherwise ask ``memoryIsLocked`` and decide.
  package static func start(requiringLockedMemory: Bool = false) throws(KeysError) {
    guard sodium_init() >= 0, Arena.shared.capacity > 0 else { throw .unavailable }
    guard Arena.shared.isLocked || !requiringLockedMemory else { throw .memoryNotLocked }
  }

  /// Whether secrets are kept out of swap.
  ///
  /// False under a small RLIMIT_MEMLOCK.
  package static var memoryIsLocked: Bool { Arena.shared.isLocked }

  /// How many 32-byte secrets could still be made.
  package static var freeSlots: Int { Arena.shared.freeCount }

  /// Lets secrets take up to `slots` times 32 bytes.
  ///
  /// For a process that holds many nodes; one node keeps to what it has from the start. What goes
  /// beyond RLIMIT_MEMLOCK is not locked, and ``memoryIsLocked`` says so.
  package static func allow(slots: Int) { Arena.shared.allow(slots: slots) }

  package static var libraryVersion: String { String(cString: sodium_version_string()) }

  /// Overwrites bytes that held something secret (a typed passphrase) and empties the array.
  package static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { sodium_memzero($0.baseAddress, $0.count) }
    bytes.removeAll(keepingCapacity: false)
  }
}
