package import Keys
package import Wire

/// Peers that answered before, for the next start.
///
/// Sealed, because it says whom one knows.
package struct RememberedPeers: Sendable {
  /// Latest first, each node once.
  package private(set) var contacts: [Contact] = []
  /// Changed since it was last written.
  package private(set) var isDirty = false

  package init(contacts: [Contact] = []) {
    self.contacts = Array(contacts.prefix(Self.most))
  }

  package mutating func remember(_ contact: Contact) {
    guard contacts.first != contact else { return }
    contacts.removeAll { $0.node == contact.node }
    contacts.insert(contact, at: 0)
    if contacts.count > Self.most { contacts.removeLast() }
    isDirty = true
  }

  /// Reads what ``save(to:key:entropy:)`` wrote.
  ///
  /// A file that is damaged or of another identity is as good as none: the list only makes a start
  /// quicker.
  package init(path: String, key: borrowing Secret) {
    guard let bytes = try? StoredFile.read(path, limit: Self.largest),
      let contacts = Self.contacts(sealed: bytes, key: key)
    else { return }
    self.contacts = contacts
  }

  /// What is written is what is remembered.
  package mutating func settle() { isDirty = false }

  package func save(
    to path: String, key: borrowing Secret, entropy: inout Entropy
  ) throws(SystemError) {
    var plain = Writer(capacity: 4_096)
    plain.u8(Self.version)
    plain.u8(UInt8(contacts.count))
    for contact in contacts { contact.encode(into: &plain) }
    let file = SealedFile.seal(plain.bytes, label: Self.label, key: key, entropy: &entropy)
    try StoredFile.write(file, to: path)
  }

  /// What a whole file says; nil when it is damaged or of another identity.
  package static func contacts(sealed bytes: [UInt8], key: borrowing Secret) -> [Contact]? {
    guard let plain = SealedFile.open(bytes, label: label, key: key) else { return nil }
    return contacts(in: plain)
  }

  /// What stands behind the seal.
  package static func contacts(in plain: [UInt8]) -> [Contact]? {
    var reader = Reader(plain.span)
    guard (try? reader.u8()) == version, let count = try? reader.u8(), count <= most else {
      return nil
    }
    var contacts: [Contact] = []
    for _ in 0..<count {
      guard let contact = try? Contact(from: &reader) else { return nil }
      contacts.append(contact)
    }
    return contacts
  }

  private static let version: UInt8 = 1
  private static let label = Array("starling peers".utf8)
  /// As many as a node can hope to need after a long time away.
  ///
  /// A guess.
  private static let most = 64
  /// 64 contacts of at most 370 bytes, and what sealing adds.
  private static let largest = 32_768
}
