/// Reply to `doctor`: who can reach this node, how, and what to do about it.
package struct DoctorReport: Codable, Hashable, Sendable {
  /// How well one matter stands.
  package enum State: String, Codable, Sendable {
    case good, fair, poor, unknown
  }

  /// One matter, in words for a person.
  package struct Finding: Codable, Hashable, Sendable {
    /// `udp`, `router`, `port`, `address`, `families`, `tunnel`, `peers`, `lan`, `clock`, `cover`.
    package var about: String
    package var state: State
    package var says: String
    /// What to do; nil when there is nothing to do.
    package var advice: String?
  }

  package var findings: [Finding]

  package subscript(about: String) -> Finding? { findings.first { $0.about == about } }
}
