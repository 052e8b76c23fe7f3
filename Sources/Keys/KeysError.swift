/// Why a cryptographic act was refused.
///
/// Closed and without payload: an error never carries a byte of what was being worked on.
package enum KeysError: Error, Hashable, Sendable {
  /// libsodium would not start.
  case unavailable
  /// The memory for secrets could not be locked, so it may reach swap.
  case memoryNotLocked
  /// Every slot for secrets is taken.
  case arenaFull
  /// A key, seed or nonce of the wrong length, or text that is not in the expected form.
  case malformed
  /// A public key of low order: the agreement would yield zeros.
  case weakPoint
  /// Bytes that do not authenticate.
  case forged
  /// A handshake message out of its turn, or a key the pattern needs and nobody gave.
  case outOfTurn
  /// The identity file cannot be read: wrong passphrase, damage or truncation look the same.
  case identityUnreadable
  /// Deriving a key from the passphrase needed more memory than there is.
  case outOfMemory
}
