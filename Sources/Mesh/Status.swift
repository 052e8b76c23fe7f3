package import Wire

/// A picture of the participant at one moment: what `starling status` prints and the page draws.
package struct Status: Sendable {
  package var node: NodeID
  package var contact: Contact
  package var reachability = Reachability()
  package var peers: [PeerStatus] = []
  package var rooms: [RoomStatus] = []
  package var listings: [ListingStatus] = []
  /// Nil when it is off.
  package var cover: CoverStatus?

  package init(node: NodeID, contact: Contact) {
    self.node = node
    self.contact = contact
  }
}

/// What cover costs: every link sends so much all the time, and there are no more links.
package struct CoverStatus: Hashable, Sendable {
  /// Datagrams a second on each link, in each direction.
  package var slots: Int
  /// With IPv6 and UDP.
  package var bytesPerSecondOfLink: Int
  package var linksMost: Int

  package init(slots: Int, bytesPerSecondOfLink: Int, linksMost: Int) {
    self.slots = slots
    self.bytesPerSecondOfLink = bytesPerSecondOfLink
    self.linksMost = linksMost
  }
}

/// One link.
package struct PeerStatus: Sendable {
  package var node: NodeID
  package var endpoint: Endpoint
  package var rtt: Duration?
  /// Datagrams lost on the way to us, per thousand, over the last seconds.
  package var lossPermille: Int
  package var bytesIn: UInt64
  package var bytesOut: UInt64
  /// Through a tunnel that this node opened.
  package var isTunnelled: Bool
  /// What leaves has one size and one clock.
  package var isCovered: Bool
  /// And so has what comes.
  package var isPeerCovered: Bool

  package init(
    node: NodeID, endpoint: Endpoint, rtt: Duration?, lossPermille: Int, bytesIn: UInt64,
    bytesOut: UInt64, isTunnelled: Bool = false, isCovered: Bool = false,
    isPeerCovered: Bool = false
  ) {
    self.node = node
    self.endpoint = endpoint
    self.rtt = rtt
    self.lossPermille = lossPermille
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.isTunnelled = isTunnelled
    self.isCovered = isCovered
    self.isPeerCovered = isPeerCovered
  }
}

/// One room this node is in.
package struct RoomStatus: Sendable {
  package var id: RoomID
  package var title: String
  package var access: Access
  package var me: SessionID
  package var members: [MemberStatus] = []
  /// The tree in which this node may have children besides as a speaker.
  package var colour: Tree = .a
  package var trees: [TreeStatus] = []
  package var neighbours: [NodeID] = []
  package var streams: [StreamStatus] = []
  package var person: PersonaID
  package var role: Role?
  package var isMuted = false
  /// Until then we may take a seat on the stage, in milliseconds since 1970.
  package var seatOfferedUntil: UInt64?
  package var host: PersonaID?
  package var actingHost: PersonaID?
  /// Longest raised first.
  package var hands: [PersonaID] = []
  package var policy: RoomPolicy = []
  package var removed: [PersonaID] = []
  package var invites: [InviteStatus] = []
  /// For reading aloud: another for whoever is shown another stage.
  package var code: [String] = []
  /// Equal on two nodes that agree about all rights.
  package var standing: Bytes16 = .zero

  package init(id: RoomID, title: String, access: Access, me: SessionID, person: PersonaID) {
    self.id = id
    self.person = person
    self.title = title
    self.access = access
    self.me = me
  }
}

/// One person in a room.
package struct MemberStatus: Sendable {
  package var session: SessionID
  package var node: NodeID
  package var name: String
  package var onStage: Bool
  package var relays: Bool
  package var colour: Tree
  /// We hold the key to hear this speaker now.
  package var audible: Bool
  package var person: PersonaID
  package var role: Role?
  package var isMuted = false
  /// On stage while three others are heard by the audience: by the other speakers alone.
  package var waits = false

  package init(
    session: SessionID, node: NodeID, name: String, onStage: Bool, relays: Bool, colour: Tree,
    audible: Bool, person: PersonaID, role: Role?, isMuted: Bool
  ) {
    self.session = session
    self.node = node
    self.name = name
    self.onStage = onStage
    self.relays = relays
    self.colour = colour
    self.audible = audible
    self.person = person
    self.role = role
    self.isMuted = isMuted
  }
}

/// One invite that is not revoked.
package struct InviteStatus: Sendable {
  package var key: SigningKey
  package var inviter: PersonaID
  package var terms: InviteTerms
  package var used: UInt32
  /// Milliseconds since 1970.
  package var expiry: UInt64?
}

/// This node's place in one tree.
package struct TreeStatus: Sendable {
  package var tree: Tree
  package var parent: NodeID?
  package var standbys: [NodeID] = []
  package var children: [NodeID] = []
  /// Relays between the stage and us.
  package var depth: Int = 0
  /// Sum of the links' one-way delays from the stage, as parents state it.
  package var delay: Duration = .zero

  package init(tree: Tree) { self.tree = tree }
}

/// One speaker's stream as it arrives here.
package struct StreamStatus: Sendable {
  package var session: SessionID
  package var received: UInt64 = 0
  package var missing: UInt64 = 0
  package var duplicates: UInt64 = 0
  package var forwarded: UInt64 = 0
  package var proven: UInt64 = 0
  package var lastCounter: UInt32 = 0

  package init(session: SessionID) { self.session = session }
}

/// One open room somebody listed.
package struct ListingStatus: Sendable {
  package var room: RoomID
  package var title: String
  package var members: Int

  package init(room: RoomID, title: String, members: Int) {
    self.room = room
    self.title = title
    self.members = members
  }
}
