/// Sizes that both sides of the wire must agree on. Tunable behaviour is in `Mesh/Settings.swift`.
package enum Limits {
  /// Largest UDP payload we send. IPv6 guarantees 1,280 bytes of packet (RFC 8200 §5); 80 are kept
  /// for IP, UDP and whatever tunnel lies below.
  package static let datagram = 1_200

  /// Header 9 and tag 16 around the records of a data datagram (Spec 2 §5).
  package static let datagramOverhead = 25

  /// Records of one datagram are padded to a multiple of this many bytes, so that media and short
  /// control messages have one size (Spec 2 §6): 11 bytes of media record, two sealed bodies of 77.
  package static let cell = 165

  /// Largest record, so that it fits a datagram with its 3-byte header.
  package static let record = 1_100

  package static let endpointsPerContact = 4

  /// Peers in one invite link: more make QR codes hard to scan.
  package static let contactsPerInvite = 4

  package static let titleBytes = 64
  package static let nameBytes = 32

  /// Room lifetime at most: one week.
  package static let roomLifetimeSeconds: UInt32 = 604_800

  /// Session certificate lifetime at most: one day.
  package static let sessionLifetimeSeconds: UInt32 = 86_400

  /// Sealed frame on the wire (RFC 9605 header 8, level 1, Opus 6 to 240, tag 16).
  package static let sealedFrame = 31...265

  /// First counter of a session. From here on the RFC 9605 header has its constant size of eight
  /// bytes for 93 hours of 20 ms frames; a session lives 24.
  package static let firstCounter: UInt32 = 0x1_0000

  /// Last counter: three bytes.
  package static let lastCounter: UInt32 = 0xFF_FFFF

  /// Short node names on a tree path; deeper trees are refused.
  package static let pathLength = 16

  /// Longest one-way delay of a tree path, in microseconds: a minute is no conversation.
  package static let pathDelay: UInt32 = 60_000_000

  package static let contactsPerShuffle = 8
}
