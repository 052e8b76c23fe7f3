import Wire

/// Every tunable number of the links, and where it came from.
///
/// What both sides must agree on is in `Wire/Limits.swift` and ``LinkSpec``.
package struct LinkSettings: Sendable {
  // Dialling
  /// Pauses before the second, third and fourth attempt (specification).
  package var dialPauses: [Duration] = [.seconds(1), .seconds(1), .seconds(2)]
  /// What datagrams have to answer in before a tunnel is called as well: a handshake around the
  /// world takes about 300 ms. RFC 8305 §5 waits 250 ms between families, which cost less.
  package var tunnelHeadStart: Duration = .milliseconds(500)
  /// A dial has failed this long after it began (specification).
  package var dialLimit: Duration = .seconds(8)
  /// First pause before message 3 is repeated; each next one is half as long again (specification).
  package var confirmPause: Duration = .milliseconds(300)
  /// Repetitions of the last message (specification).
  package var confirmRepeats = 5
  /// Dials at once (guess: a node keeps about a dozen neighbours).
  package var dials = 64
  /// After a dial in vain the node is left alone for up to this long, doubled each time (guess)...
  package var redialFirst: Duration = .seconds(1)
  /// ...and never longer than this (guess: who comes back is found again within a minute).
  package var redialMost: Duration = .seconds(60)
  /// Nodes that did not answer, remembered (guess).
  package var redialsRemembered = 256

  /// After two were brought together, message 1 goes out again after so long: guesses, between
  /// DCUtR's packets every 10 to 200 ms and the 97 of 100 that succeed at the first try (arXiv
  /// 2510.27500).
  package var meetingPauses: [Duration] = [
    .milliseconds(100), .milliseconds(300), .milliseconds(700),
  ]
  /// A dial for another's sake lasts so long. A guess: all repetitions, and twice the longest way.
  package var favourLimit: Duration = .seconds(2)

  // Answering
  /// Half-open handshakes; the oldest goes (specification).
  package var halfOpen = 256
  /// A half-open handshake lives as long as a dial (specification).
  package var halfOpenLife: Duration = .seconds(8)
  /// Links (specification).
  package var sessions = 256
  /// Above this many well-formed first messages a second, cookies are asked for (specification).
  package var helloRate = 50
  /// Above this many half-open handshakes, cookies are asked for (specification).
  package var halfOpenLoad = 32
  /// A cookie secret is used this long, and honoured once as long again (WireGuard).
  package var cookieLife: Duration = .seconds(120)
  /// Handshakes of one source a second (WireGuard).
  package var sourceRate: Int64 = 20
  /// Handshakes of one source at once (WireGuard).
  package var sourceBurst: Int64 = 5
  /// Sources remembered by the rate limit (guess: 32 KiB).
  package var sources = 1_024
  /// First messages whose time is further off than this are ignored (guess: a box without a battery
  /// clock that asked NTP once is right within minutes, a wrong time zone is not).
  package var clockTolerance: Duration = .seconds(2 * 3_600)
  /// First messages remembered, so that a captured one gets no answer (guess: half a megabyte).
  package var hellosRemembered = 32_768
  /// Diallers whose latest time is remembered (specification).
  package var diallersRemembered = 4_096
  /// Two links between the same two nodes that come up within this time were dialled at once;
  /// later, the second one means that the peer lost the first.
  ///
  /// Longer than all repeats of message 3 take (4.0 s).
  package var simultaneous: Duration = .seconds(5)

  // Staying alive
  /// Pause between pings of a watched link: parents and standbys of a tree. While sound flows, its
  /// absence tells in a tenth of a second; a ping a second on six links, each a whole cell both
  /// ways, cost a listener 20 kbit/s (measured in `RoomTests`).
  package var watchedPing: Duration = .seconds(15)
  /// Pause between pings while the peer has yet to prove that it has the link, or its new keys.
  package var awaitedPing: Duration = .seconds(1)
  /// A watched link is suspect after this much silence. Two missed pings.
  package var suspicion: Duration = .seconds(32)
  /// A watched link is dead after this much silence. Three missed pings.
  package var watchedDeath: Duration = .seconds(40)
  /// Pause between pings of another link, give or take ``idlePingJitter``. Specification; below the
  /// 30 s after which the shortest-lived NAT mappings go (RFC 4787 §4.3 asks for 120).
  package var idlePing: Duration = .seconds(20)
  package var idlePingJitter: Duration = .seconds(5)
  /// From a tunnel the direct way is tried again so often. A guess: blocks last minutes to hours.
  package var returnProbe: Duration = .seconds(30)
  /// A tunnel that is of no use is closed after this long. A guess: a parent that was left may be
  /// taken again.
  package var idleTunnel: Duration = .seconds(60)
  /// Pause between pings of a link that stays silent: a dozen before it is dead, so that a path
  /// which loses every third datagram keeps its links. Guess.
  package var silentPing: Duration = .seconds(2)
  /// A link is dead after this much silence. Specification.
  package var death: Duration = .seconds(60)
  /// A quiet measurement of the round trip at least this often on links in use. Guess.
  package var measurePause: Duration = .seconds(60)
  /// A link we closed tells a peer that still talks to us so, for this long. Guess.
  package var closedLife: Duration = .seconds(5)

  // Keys
  /// Age of keys at which the dialler of a link asks for new ones (WireGuard).
  package var rekeyAfter: Duration = .seconds(120)
  /// Datagrams under one key after which the dialler asks for new ones (specification).
  package var rekeyAfterCount: UInt64 = 1 << 30
  /// Age of keys at which a link is closed (WireGuard).
  package var keyLimit: Duration = .seconds(180)
  /// Pause between repetitions of a request for new keys (specification).
  package var rekeyPause: Duration = .milliseconds(500)
  /// A replaced key still opens late datagrams this long (specification).
  package var oldKeyLife: Duration = .seconds(5)
  /// Age of the header key at which a new one is told to peers (specification).
  package var headerKeyLife: Duration = .seconds(24 * 3_600)
  /// Datagrams of one link that may fail to open (RFC 9147 §4.5.3 for ChaCha20-Poly1305).
  package var forgeries: UInt64 = 1 << 36

  // Mail
  /// Shortest pause before mail is sent again (guess: above a home line's round trip and the
  /// acknowledgement delay).
  package var mailPause: Duration = .milliseconds(60)
  /// Longest pause (guess).
  package var mailPauseLimit: Duration = .seconds(2)
  /// Mail that nobody acknowledged for so long closes the link (guess: a room would rather have
  /// another neighbour).
  package var mailPatience: Duration = .seconds(15)
  /// Mail waiting and under way; one more closes the link (guess: a whole roster fits).
  package var mailQueue = 2_048
  /// Longest delay of an acknowledgement (guess: one frame).
  package var acknowledgeDelay: Duration = .milliseconds(20)
  /// Bytes of mail under way at first, at least and at most (RFC 6928's ten segments; the ceiling
  /// is a guess: 2.5 Mbit/s at 200 ms).
  package var mailFlightFirst = 12_000
  package var mailFlightLeast = 2_400
  package var mailFlightMost = 65_536
  /// Records waiting for the next flush that may be lost: bytes per link (guess).
  package var queueBytes = 65_536

  // Peers that broke the rules
  /// First time a peer is refused; doubled with each offence (specification).
  package var refusal: Duration = .seconds(60)
  /// Doublings at most: 17 hours (guess).
  package var refusalDoublings = 10
  /// Peers remembered as refused (guess).
  package var refusals = 256

  package var cover = CoverSettings()

  package init() {}
}

/// Numbers of the link protocol that both sides must share (Spec 2).
package enum LinkSpec {
  package static let version: UInt8 = 1
  package static let transportUDP: UInt8 = 0

  package static let maskNonce = 24
  package static let mac = 16
  package static let tag = 16
  package static let key = 32
  package static let header = 9
  /// Upper seven bits of a data header.
  package static let headerMark: UInt8 = 0x10

  /// Zeros behind the payload of messages 1 and 3, so that handshakes have no size of their own.
  package static let padding = 64...255
  /// Time 8, version 1, flags 1, datagram size 2, zero 4.
  package static let payload1 = 16
  /// As ``payload1``, header key 32, endpoint 18.
  package static let payload2 = 16 + 32 + Endpoint.wireCount

  package static let message1 = maskNonce + 1 + 4 + key + payload1 + tag + mac + mac
  /// Sizes of message 1 without its mask nonce.
  package static let helloSizes =
    (message1 + padding.lowerBound - maskNonce)...(message1 + padding.upperBound - maskNonce)
  package static let message2 = maskNonce + 1 + 4 + 4 + key + payload2 + tag
  package static let message3 = maskNonce + 1 + 4 + (key + tag) + (key + tag)
  package static let cookie = maskNonce + 1 + 4 + 24 + (mac + tag)

  /// Largest multiple of ``Limits/cell`` that fits into a datagram.
  package static let plaintext =
    (Limits.datagram - Limits.datagramOverhead) / Limits.cell * Limits.cell

  /// Counters and sequence numbers a replay window covers.
  package static let replayWindow: UInt64 = 127 * 64
  /// Mail under way: sequence numbers from the oldest unacknowledged one on.
  package static let mailSpan: UInt32 = 512
  /// Sequence numbers a receiver of mail remembers.
  package static let mailWindow: UInt32 = 1_024
}
