package import Wire

/// A picture of the participant at one moment: what `starling status` prints and the page draws.
package struct Status: Sendable {
  package var node: NodeID
  package var contact: Contact
  package var peers: [PeerStatus] = []
  package var rooms: [RoomStatus] = []
  package var listings: [ListingStatus] = []

  package init(node: NodeID, contact: Contact) {
    self.node = node
    self.contact = contact
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

  package init(
    node: NodeID, endpoint: Endpoint, rtt: Duration?, lossPermille: Int, bytesIn: UInt64,
    bytesOut: UInt64
  ) {
    self.node = node
    self.endpoint = endpoint
    self.rtt = rtt
    self.lossPermille = lossPermille
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
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

  package init(id: RoomID, title: String, access: Access, me: SessionID) {
    self.id = id
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

  package init(
    session: SessionID, node: NodeID, name: String, onStage: Bool, relays: Bool, colour: Tree,
    audible: Bool
  ) {
    self.session = session
    self.node = node
    self.name = name
    self.onStage = onStage
    self.relays = relays
    self.colour = colour
    self.audible = audible
  }
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
