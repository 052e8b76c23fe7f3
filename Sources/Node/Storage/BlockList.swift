package import Keys
package import Wire

/// Persons whom the one at this node does not want to hear or see. Nobody else is told.
///
/// Sealed, because it says whom one met. A person is another in each room, so a block holds for the
/// room it was made in.
package final class BlockList {
  /// Latest last.
  package private(set) var people: [PersonaID]
  private let path: String
  private let key: Secret

  /// A file that is damaged or of another identity is as good as none.
  package init(path: String, key: consuming Secret) {
    let bytes = try? StoredFile.read(path, limit: Self.largest)
    people = bytes.flatMap { Self.people(sealed: $0, key: key) } ?? []
    self.path = path
    self.key = key
  }

  package func contains(_ person: PersonaID) -> Bool { people.contains(person) }

  /// On the disk when this returns. False when the list is full: nobody is let go silently.
  package func set(_ person: PersonaID, _ isBlocked: Bool) throws(SystemError) -> Bool {
    guard contains(person) != isBlocked else { return true }
    guard !isBlocked || people.count < Self.most else { return false }
    var changed = people.filter { $0 != person }
    if isBlocked { changed.append(person) }
    try write(changed)
    people = changed
    return true
  }

  private func write(_ people: [PersonaID]) throws(SystemError) {
    var plain = Writer(capacity: 64 + 32 * people.count)
    plain.u8(Self.version)
    plain.u16(UInt16(people.count))
    for person in people { plain.bytes32(person.raw) }
    var entropy = Entropy.system
    let file = SealedFile.seal(plain.bytes, label: Self.label, key: key, entropy: &entropy)
    try StoredFile.write(file, to: path)
  }

  private static func people(sealed bytes: [UInt8], key: borrowing Secret) -> [PersonaID]? {
    guard let plain = SealedFile.open(bytes, label: label, key: key) else { return nil }
    return try? people(in: plain)
  }

  /// What stands behind the seal.
  package static func people(in plain: [UInt8]) throws(WireError) -> [PersonaID] {
    var reader = Reader(plain.span)
    guard try reader.u8() == version else { throw .unknown }
    let count = Int(try reader.u16())
    guard count <= most else { throw .range }
    var people: [PersonaID] = []
    for _ in 0..<count { people.append(PersonaID(try reader.bytes32())) }
    try reader.finish()
    return people
  }

  private static let version: UInt8 = 1
  private static let label = Array("starling blocks".utf8)
  /// A guess: rooms live a day, and who blocks more wants another room.
  package static let most = 1_024
  /// 1,024 keys, and what sealing adds.
  private static let largest = 65_536
}
