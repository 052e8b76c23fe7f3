import Wire

/// Constant-rate links: what they send, what may wait, and what they cost (decision 0034).
package struct CoverSettings: Sendable {
  /// Off unless the person wants it: it costs as much on a quiet day as in a full room.
  package var isOn = false
  /// Datagrams a second on each link. A stream in both trees is 55 (50 frames, 5 attestations);
  /// with fewer than 70 what holds a room together comes late (docs/results/cover.md).
  package var slots = 80
  /// Sound that waited longer is dropped. A guess: twice the 40 ms by which a player waits longer
  /// than it usually must, and six slots for the parts of the longest record of sound.
  package var soundLife: Duration = .milliseconds(80)
  /// Records that may be lost are, after so long. A guess: whoever asked has asked again.
  package var onceLife: Duration = .seconds(2)
  /// Bytes of sound, of the link's own records and of those that may be lost, that wait on one
  /// link. Guesses: more than leaves within their lives.
  package var soundBytes = 4_096
  package var ownBytes = 512
  package var onceBytes = 32_768
  /// While both wait, one slot of so many is for everything but sound: of 80, sound keeps 60.
  package var controlEvery = 4
  /// Permille of the uplink that covered links may take: the rest is for handshakes.
  package var share = 900
  /// Permille of the uplink with which peers that wish for cover are answered. A guess.
  package var answeredShare = 250
  /// Slots that a late wake makes up for; more are left out.
  package var madeUp = 4
  /// Who wishes for cover has to send at least a quarter of what it gets, looked at so often.
  package var judged: Duration = .seconds(10)

  package init() {}

  /// Between two slots.
  package var pause: Duration { .nanoseconds(1_000_000_000 / Int64(max(1, slots))) }

  /// What one link costs in one direction, with IPv6 and UDP, the dearer of the two.
  package var bytesPerSecond: Int { slots * (Self.datagram + Self.ipv6) }
  /// The same with IPv4.
  package var bytesPerSecondIPv4: Int { slots * (Self.datagram + Self.ipv4) }

  /// Links that an uplink of so many bit/s can cover.
  package func links(of uplink: Int) -> Int { Self.part(share, of: uplink) / rate }
  /// Links of peers that wish for it.
  package func answers(of uplink: Int) -> Int { Self.part(answeredShare, of: uplink) / rate }

  private var rate: Int { max(1, 8 * bytesPerSecond) }

  private static func part(_ permille: Int, of uplink: Int) -> Int {
    min(max(0, uplink), 1_000_000_000_000) / 1_000 * permille
  }

  /// The one size.
  package static let datagram = Limits.cell + Limits.datagramOverhead
  private static let ipv4 = 20 + 8
  private static let ipv6 = 40 + 8
}
