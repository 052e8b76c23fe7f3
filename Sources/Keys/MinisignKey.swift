package import Wire

/// A public key as the `minisign` tool writes it: what releases are checked with.
package struct MinisignKey: Hashable, Sendable {
  private static let wireCount = 42
  private static let algorithm: [UInt8] = Array("Ed".utf8)

  /// Picked at random with the key; says which key a signature is of.
  package let keyID: UInt64
  package let key: SigningKey

  init(keyID: UInt64, key: SigningKey) {
    self.keyID = keyID
    self.key = key
  }

  /// From a `.pub` file, or from its second line alone.
  package init(text: String) throws(KeysError) {
    let lines = MinisignText.lines(text)
    guard let line = lines.count == 1 ? lines.first : lines.dropFirst().first,
      lines.count <= 2, let bytes = try? Base64.standard.decode(line),
      bytes.count == MinisignKey.wireCount, Array(bytes[..<2]) == MinisignKey.algorithm,
      let key = Bytes32(bytes[10...])
    else { throw .malformed }
    keyID = MinisignText.number(bytes[2..<10])
    self.key = SigningKey(key)
  }

  /// The one line that can be handed on.
  package var line: String {
    Base64.standard.encode(
      MinisignKey.algorithm + MinisignText.bytes(keyID) + key.raw.array)
  }

  /// The `.pub` file.
  package var text: String {
    "\(MinisignText.untrusted)minisign public key \(MinisignText.hexadecimal(keyID))\n\(line)\n"
  }
}
