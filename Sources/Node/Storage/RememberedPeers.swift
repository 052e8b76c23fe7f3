package import Keys
package import Wire

/// Peers that answered before, and a few one was in a room with, for the next start.
///
/// Sealed, because it says whom one knows.
package struct RememberedPeers: Sendable {
  /// Latest first, each node once.
  package private(set) var contacts: [Contact] = []
  /// Members of rooms who called this node, so that it never called them: a few, for whoever calls
  /// could fill the list (Bitcoin's anchors are outbound for that reason).
  package private(set) var companions: [Contact] = []
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

  /// Those kept stay while they are there, so that nobody who comes later can displace them; those
  /// of the last room stay when it is left.
  package mutating func keepCompany(_ present: [Contact]) {
    let strangers = present.filter { contact in
      (!contact.endpoints.isEmpty || contact.tunnel != nil)
        && !contacts.contains { $0.node == contact.node }
    }
    guard !strangers.isEmpty else { return }
    var kept = companions.filter { strangers.contains($0) }
    for contact in strangers.filter({ !kept.contains($0) }).prefix(Self.company - kept.count) {
      kept.append(contact)
    }
    guard kept != companions else { return }
    companions = kept
    isDirty = true
  }

  /// Reads what ``save(to:key:entropy:)`` wrote.
  ///
  /// A file that is damaged or of another identity is as good as none: the list only makes a start
  /// quicker.
  package init(path: String, key: borrowing Secret) {
    guard let bytes = try? StoredFile.read(path, limit: Self.largest),
      let read = Self.read(sealed: bytes, key: key)
    else { return }
    self = read
  }

  /// What is written is what is remembered.
  package mutating func settle() { isDirty = false }

  package func save(
    to path: String, key: borrowing Secret, entropy: inout Entropy
  ) throws(SystemError) {
    var plain = Writer(capacity: 4_096)
    plain.u8(Self.version)
    for list in [contacts, companions] {
      plain.u8(UInt8(list.count))
      for contact in list { contact.encode(into: &plain) }
    }
    let file = SealedFile.seal(plain.bytes, label: Self.label, key: key, entropy: &entropy)
    try StoredFile.write(file, to: path)
  }

  /// What a whole file says; nil when it is damaged or of another identity.
  package static func read(sealed bytes: [UInt8], key: borrowing Secret) -> RememberedPeers? {
    guard let plain = SealedFile.open(bytes, label: label, key: key) else { return nil }
    return read(plain)
  }

  /// What stands behind the seal; files of before companions were kept end after the first list.
  package static func read(_ plain: [UInt8]) -> RememberedPeers? {
    var reader = Reader(plain.span)
    guard (try? reader.u8()) == version, let contacts = list(in: &reader, most) else { return nil }
    var read = RememberedPeers(contacts: contacts)
    guard reader.remaining > 0 else { return read }
    guard let companions = list(in: &reader, company) else { return nil }
    read.companions = companions
    return read
  }

  private static func list(in reader: inout Reader, _ most: Int) -> [Contact]? {
    guard let count = try? reader.u8(), count <= most else { return nil }
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
  /// A guess: some of them sleep.
  private static let company = 4
  /// 68 contacts of at most 370 bytes, and what sealing adds.
  private static let largest = 32_768
}
