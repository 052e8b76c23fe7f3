package import Wire

/// A signature file of the `minisign` tool: over the content, and over itself with its comment.
package struct MinisignSignature: Hashable, Sendable {
  /// What was signed.
  package enum Form: Sendable {
    /// The content itself (`Ed`).
    case legacy
    /// The content's BLAKE2b-512 (`ED`), which is what the tool makes today.
    case hashed

    fileprivate var letters: [UInt8] { Array((self == .legacy ? "Ed" : "ED").utf8) }
  }

  private static let wireCount = 74

  package let form: Form
  package let keyID: UInt64
  package let untrustedComment: String
  package let trustedComment: String
  let signature: Signature
  let globalSignature: Signature

  init(
    form: Form, keyID: UInt64, signature: Signature, globalSignature: Signature,
    untrustedComment: String, trustedComment: String
  ) {
    self.form = form
    self.keyID = keyID
    self.signature = signature
    self.globalSignature = globalSignature
    self.untrustedComment = untrustedComment
    self.trustedComment = trustedComment
  }

  /// From a `.minisig` file.
  package init(text: String) throws(KeysError) {
    let lines = MinisignText.lines(text)
    guard lines.count == 4, lines[0].hasPrefix(MinisignText.untrusted),
      lines[2].hasPrefix(MinisignText.trusted),
      let bytes = try? Base64.standard.decode(lines[1]),
      let global = try? Base64.standard.decode(lines[3]),
      bytes.count == MinisignSignature.wireCount,
      let form = [Form.legacy, .hashed].first(where: { $0.letters == Array(bytes[..<2]) }),
      let signature = Bytes64(bytes[10...]), let globalSignature = Bytes64(global)
    else { throw .malformed }
    self.init(
      form: form, keyID: MinisignText.number(bytes[2..<10]), signature: Signature(signature),
      globalSignature: Signature(globalSignature),
      untrustedComment: String(lines[0].dropFirst(MinisignText.untrusted.count)),
      trustedComment: String(lines[2].dropFirst(MinisignText.trusted.count)))
  }

  /// The `.minisig` file.
  package var text: String {
    let bytes = form.letters + MinisignText.bytes(keyID) + signature.raw.array
    return """
      \(MinisignText.untrusted)\(untrustedComment)
      \(Base64.standard.encode(bytes))
      \(MinisignText.trusted)\(trustedComment)
      \(Base64.standard.encode(globalSignature.raw.array))

      """
  }

  /// Whether `key` signed this content and this trusted comment.
  package func verify(_ content: [UInt8], by key: MinisignKey) -> Bool {
    let message = form == .legacy ? content : Digest.blake2b(content, count: Bytes64.count)
    return verify(message: message, by: key)
  }

  /// The same for content too large to hold, by its BLAKE2b-512.
  ///
  /// The legacy form cannot be checked this way.
  package func verify(hash: Bytes64, by key: MinisignKey) -> Bool {
    form == .hashed && verify(message: hash.array, by: key)
  }

  static func globalMessage(_ signature: Signature, _ trustedComment: String) -> [UInt8] {
    signature.raw.array + Array(trustedComment.utf8)
  }

  private func verify(message: [UInt8], by key: MinisignKey) -> Bool {
    key.keyID == keyID
      && Signatures.verifyRaw(signature, by: key.key, message)
      && Signatures.verifyRaw(
        globalSignature, by: key.key,
        MinisignSignature.globalMessage(signature, trustedComment))
  }
}
