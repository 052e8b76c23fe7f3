import Keys
package import Wire

/// Codes of digits that people compare on paper or aloud, in groups of five.
package enum SpokenDigits {
  private static let groups = 6
  private static let bytesOfGroup = 5
  private static let groupLimit: UInt64 = 100_000

  /// 60 digits for two people, the same for both: thirty for each key, the smaller thirty first.
  /// It does not change while they keep their personas.
  package static func safetyNumber(_ one: PersonaID, _ other: PersonaID) -> [String] {
    let parts = [one, other].map { digits(of: Digest.hash32("VR1-sn", $0.raw.array)) }
      .sorted { $0.lexicographicallyPrecedes($1) }
    return parts[0] + parts[1]
  }

  /// 30 digits for everybody in a room who holds a role by name, to be read aloud: whoever is shown
  /// other moderators or speakers than the rest has another code.
  package static func roomCode(_ standing: Standing) -> [String] {
    roomCode(standing.room, people: standing.stage)
  }

  package static func roomCode(_ room: RoomID, people: [PersonaID]) -> [String] {
    digits(of: Digest.hash32("VR1-rc", room.raw.array + people.sorted().flatMap(\.raw.array)))
  }

  /// Five bytes make a group: the remainder by 100,000 is a millionth off even.
  private static func digits(of hash: Bytes32) -> [String] {
    let bytes = hash.array
    return (0..<groups).map { group in
      let chunk = bytes[group * bytesOfGroup..<(group + 1) * bytesOfGroup]
      let number = chunk.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % groupLimit
      let text = String(number)
      return String(repeating: "0", count: bytesOfGroup - text.count) + text
    }
  }
}
