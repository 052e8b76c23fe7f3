import OrderedCollections
import Wire

/// Addresses to which something was sent lately: a router may let them in because of that.
struct Acquaintances: Sendable {
  /// Longer than a router remembers (RFC 4787 §4.3: two minutes, or five). A guess.
  private static let life: Duration = .seconds(600)
  /// The longest known is forgotten. A guess: all links and dials, twice.
  private static let most = 640

  private var writtenAt: OrderedDictionary<Bytes16, Instant> = [:]

  mutating func wrote(to place: Endpoint, at now: Instant) {
    writtenAt.removeValue(forKey: place.address)
    if writtenAt.count >= Self.most { writtenAt.removeFirst() }
    writtenAt[place.address] = now
  }

  func contains(_ place: Endpoint, at now: Instant) -> Bool {
    writtenAt[place.address].map { now - $0 < Self.life } ?? false
  }
}
