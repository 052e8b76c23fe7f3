import Keys

/// The keys under which peers hide the headers of what they send to us.
///
/// One for all links, so that a datagram can be told from noise before its link is known; the one
/// before stays good until the next change, and new keys reach peers with the next change of the
/// link's own.
struct HeaderKeys: ~Copyable {
  private let life: Duration
  private(set) var current: Secret
  private(set) var previous: Secret?
  private(set) var changeDue: Instant?

  init(life: Duration, entropy: inout Entropy) throws(KeysError) {
    self.life = life
    current = try Secret(random: &entropy)
  }

  /// Counts from the first call on: there is no clock before.
  mutating func rotate(at now: Instant, _ entropy: inout Entropy) {
    guard let due = changeDue else {
      changeDue = now.advanced(by: life)
      return
    }
    guard due <= now else { return }
    changeDue = now.advanced(by: life)
    guard var fresh = try? Secret(random: &entropy) else { return }
    swap(&current, &fresh)
    previous = consume fresh
  }
}
