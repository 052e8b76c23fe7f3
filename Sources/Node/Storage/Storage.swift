import CLinux
import Glibc
package import Keys

/// The node's own folder: identity, remembered peers, and the lock that keeps a second node out.
package struct Storage: ~Copyable {
  package let folder: String
  /// Held as long as the node lives; the kernel lets go of it however the process ends.
  private let lock: Descriptor

  /// Makes the folder if need be.
  ///
  /// Refuses one that others can enter, and one in use.
  package init(folder: String) throws(Failure) {
    do throws(SystemError) {
      try StoredFile.makeFolder(folder)
    } catch {
      throw Failure(.setup, "The data directory \(folder) cannot be made: \(error.sentence).")
    }
    if let mode = StoredFile.mode(folder), mode & 0o077 != 0 {
      throw Failure(
        .setup, "Others can enter the data directory. Run: chmod 700 \(folder)")
    }
    let lock = Descriptor(open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
    guard lock.raw >= 0 else {
      throw Failure(
        .setup, "The data directory \(folder) cannot be written to: \(SystemError.last.sentence).")
    }
    guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else {
      throw Failure(.setup, "Another node is using the data directory \(folder).")
    }
    self.folder = folder
    self.lock = lock
  }

  package var identityPath: String { folder + "/identity" }
  package var peersPath: String { folder + "/peers" }
  package var operationsPath: String { folder + "/operations" }
  package var blockedPath: String { folder + "/blocked" }
  package var hellosPath: String { folder + "/hellos" }

  /// The identity of this folder; a new one is made where there is none.
  package borrowing func identity(
    passphrase: Passphrase, unprotected: Bool, cost: PassphraseCost = .moderate,
    entropy: inout Entropy
  ) throws(Failure) -> Identity {
    guard StoredFile.exists(identityPath) else {
      return try makeIdentity(
        passphrase: passphrase, unprotected: unprotected, cost: cost, entropy: &entropy)
    }
    if let mode = StoredFile.mode(identityPath), mode & 0o077 != 0 {
      throw Failure(
        .setup, "Others can read the identity file. Run: chmod 600 \(identityPath)")
    }
    let path = identityPath
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try StoredFile.read(path, limit: Self.largestIdentity)
    } catch {
      throw Failure(.setup, "The identity \(path) cannot be read: \(error.sentence).")
    }
    switch IdentityFile.protection(of: bytes) {
    case .passphrase:
      return try passphrase.use(new: false) { (words) throws(Failure) in
        do throws(KeysError) {
          return try IdentityFile.open(bytes, passphrase: words)
        } catch {
          throw Self.failure(error, path)
        }
      }
    case .some(.none):
      do throws(KeysError) {
        return try IdentityFile.openUnprotected(bytes)
      } catch {
        throw Self.failure(error, path)
      }
    case .credential:
      throw Failure(
        .setup, "The identity \(path) is sealed with a credential, which this version cannot use.")
    case nil:
      throw Self.failure(.identityUnreadable, path)
    }
  }

  private borrowing func makeIdentity(
    passphrase: Passphrase, unprotected: Bool, cost: PassphraseCost, entropy: inout Entropy
  ) throws(Failure) -> Identity {
    let path = identityPath
    do {
      let identity = try Identity.make(&entropy)
      let file =
        if unprotected {
          try IdentityFile.sealUnprotected(identity, entropy: &entropy)
        } else {
          try passphrase.use(new: true) { (words) throws(Failure) in
            do throws(KeysError) {
              return try IdentityFile.seal(
                identity, passphrase: words, cost: cost, entropy: &entropy)
            } catch {
              throw Self.failure(error, path)
            }
          }
        }
      try StoredFile.write(file, to: path)
      return identity
    } catch let error as SystemError {
      throw Failure(.setup, "The identity \(path) cannot be written: \(error.sentence).")
    } catch let error as KeysError {
      throw Self.failure(error, path)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.setup, "The identity \(path) cannot be made.")
    }
  }

  private static func failure(_ error: KeysError, _ path: String) -> Failure {
    switch error {
    case .identityUnreadable:
      Failure(.setup, "The identity \(path) cannot be opened: wrong passphrase, or damaged.")
    case .outOfMemory:
      Failure(.setup, "There is not enough memory to derive a key from the passphrase.")
    case .arenaFull, .memoryNotLocked, .unavailable:
      Failure(.setup, "The memory for keys cannot be had. See ulimit -l.")
    default:
      Failure(.setup, "The identity \(path) cannot be used.")
    }
  }

  /// The largest file `Keys` writes, and some room.
  private static let largestIdentity = IdentityFile.settingsLimit + 1_024
}
