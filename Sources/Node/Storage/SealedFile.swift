import Keys
import Wire

/// What a file holds that only the identity it belongs to may read: a nonce, then a box.
enum SealedFile {
  static func seal(
    _ plain: [UInt8], label: [UInt8], key: borrowing Secret, entropy: inout Entropy
  ) -> [UInt8] {
    let nonce = Nonce24(random: &entropy)
    return nonce.array + Box.seal(key: key, nonce: nonce, associated: label, plain)
  }

  /// Nil when it is damaged or of another identity.
  static func open(_ file: [UInt8], label: [UInt8], key: borrowing Secret) -> [UInt8]? {
    guard let nonce = Nonce24(Array(file.prefix(Nonce24.count))) else { return nil }
    return Box.open(
      key: key, nonce: nonce, associated: label, Array(file.dropFirst(Nonce24.count)))
  }
}
