/// The replies of the control socket, as JSON carries them: nodes and personas as base64url, rooms
/// in hexadecimal, durations in milliseconds.

/// Done, nothing to tell.
package struct DoneReport: Codable, Hashable, Sendable {
  package var ok = true
  package init() {}
}

/// Reply to `blocks`: keys, latest last.
package struct BlocksReport: Codable, Hashable, Sendable {
  package var people: [String]
}

/// Reply to `id`.
package struct IdentityReport: Codable, Hashable, Sendable {
  package var node: String
  /// One for each address the node may be reached at.
  package var addresses: [String]
  package var version: String
}

/// Reply to `persona`.
package struct PersonaReport: Codable, Hashable, Sendable {
  package var person: String
}

/// Reply to `room.create` and `join`.
package struct RoomReport: Codable, Hashable, Sendable {
  package var room: String
  package var title: String
}

/// Reply to `invite`.
package struct InviteReport: Codable, Hashable, Sendable {
  package var link: String
  /// By which it is revoked, in hexadecimal; nil for the room's first link.
  package var invite: String?
}

/// Reply to `rooms`.
package struct RoomsReport: Codable, Hashable, Sendable {
  /// One room, joined or listed.
  /// One room this node is in.
  package struct Room: Codable, Hashable, Sendable {
    package var room: String
    package var title: String
    package var members: Int
    package var joined: Bool
  }

  package var rooms: [Room]
}

/// Reply to `listen`; frames of 20 ms follow it.
package struct SoundReport: Codable, Hashable, Sendable {
  package var ok = true
  package var format = "s16le"
  package var rate = 48_000
  package var channels = 1
  package init() {}
}

/// The last line of a `speak`.
package struct SpokenReport: Codable, Hashable, Sendable {
  package var frames: Int
  /// Of these, how many were silence because nothing came in time.
  package var silent: Int
}

/// One line of `frames`.
package struct FrameReport: Codable, Hashable, Sendable {
  /// Nanoseconds since 1970.
  package var t: Int64
  /// `sent` or `heard`.
  package var s: String
  package var sid: UInt32
  package var ctr: UInt32
}

/// Reply to `status`.
package struct StatusReport: Codable, Hashable, Sendable {
  /// One link; `rtt` in milliseconds.
  package struct Peer: Codable, Hashable, Sendable {
    package var node: String
    package var endpoint: String
    package var rtt: Double?
    package var lossPermille: Int
    package var bytesIn: UInt64
    package var bytesOut: UInt64
    /// Through a tunnel that this node opened; left out when not.
    package var tunnel: Bool?
    /// `both` ways one size and one clock, or `out` alone; left out when neither.
    package var cover: String?
  }

  /// One person in a room.
  package struct Member: Codable, Hashable, Sendable {
    package var session: UInt32
    package var node: String
    package var name: String
    package var onStage: Bool
    package var relays: Bool
    package var colour: String
    package var audible: Bool
    /// In hexadecimal.
    package var person: String
    /// `host`, `moderator`, `speaker`, `listener`; nil for a relay that may not hear.
    package var role: String?
    package var muted: Bool
    /// Not played at this node; left out when false.
    package var blocked: Bool?
    /// On stage, and not heard by the audience for now; left out when false.
    package var waits: Bool?
  }

  /// What the room's signed operations come to.
  package struct Stage: Codable, Hashable, Sendable {
    /// One invite that is not revoked.
    package struct Invite: Codable, Hashable, Sendable {
      package var invite: String
      package var inviter: String
      package var role: String
      /// 0 for a link that anybody may use any number of times.
      package var uses: UInt32
      package var used: UInt32
      /// Milliseconds since 1970.
      package var expiry: UInt64?
    }

    /// This node's own person, role and seat.
    package var person: String
    package var role: String?
    package var muted: Bool
    package var seatUntil: UInt64?
    package var host: String?
    package var actingHost: String?
    /// Longest raised first.
    package var hands: [String]
    /// Of `handsDown`, `listenersShown`, `doorShut`.
    package var policy: [String]
    package var removed: [String]
    package var invites: [Invite]
    /// Six groups of five digits, to be read aloud.
    package var code: [String]
    /// Equal on all nodes that agree.
    package var standing: String
  }

  /// This node's place in one tree; `delay` in milliseconds.
  package struct Tree: Codable, Hashable, Sendable {
    package var tree: String
    package var parent: String?
    package var standbys: [String]
    package var children: [String]
    package var depth: Int
    package var delay: Double
  }

  /// One speaker's frames as they arrive here.
  package struct Stream: Codable, Hashable, Sendable {
    package var session: UInt32
    package var received: UInt64
    package var missing: UInt64
    package var duplicates: UInt64
    package var forwarded: UInt64
    package var proven: UInt64
    package var lastCounter: UInt32
    /// What the ear got, where this node plays the room: frames that came too late, those made up,
    /// those left out and lengths put in to keep the delay, times there was nothing to play, and
    /// how many milliseconds a frame waits.
    package var late: UInt64?
    package var concealed: UInt64?
    package var dropped: UInt64?
    package var stretched: UInt64?
    package var underruns: UInt64?
    package var waits: UInt64?
  }

  /// One room this node is in.
  package struct Room: Codable, Hashable, Sendable {
    package var room: String
    package var title: String
    package var access: String
    package var session: UInt32
    package var colour: String
    package var members: [Member]
    package var trees: [Tree]
    package var neighbours: [String]
    package var streams: [Stream]
    package var stage: Stage
  }

  /// One open room this node was told of.
  /// One open room somebody listed.
  package struct Listing: Codable, Hashable, Sendable {
    package var room: String
    package var title: String
    package var members: Int
  }

  /// What cover costs and does.
  package struct Cover: Codable, Hashable, Sendable {
    /// On each link in each direction, with IPv6 and UDP.
    package var datagramsPerSecond: Int
    package var bytesPerSecond: Int
    /// What the uplink pays for, and how many there are now.
    package var linksMost: Int
    package var links: Int
  }

  /// What is in front of this node: `none`, `independent`, `dependent` or `unknown`, for each
  /// family of addresses, and whether strangers get through.
  package struct Reach: Codable, Hashable, Sendable {
    package var ipv4: String
    package var ipv6: String
    package var found: Bool
  }

  package var node: String
  package var version: String
  package var addresses: [String]
  /// Nil from nodes of before.
  package var reach: Reach?
  /// Nil when it is off.
  package var cover: Cover?
  /// Seconds since the start.
  package var uptime: Double
  package var peers: [Peer]
  package var rooms: [Room]
  package var listings: [Listing]
  /// Datagrams, drops by reason, control clients: names as in the documentation.
  package var counters: [String: UInt64]
}
