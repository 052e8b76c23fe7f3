import OrderedCollections
package import Wire

/// What a simulator looks at to check one participant in one room; nothing here changes anything.
package struct Inspection: Sendable {
  package var session: SessionID
  package var isMember: Bool
  package var isRoot: Bool
  package var relays: Bool
  package var colour: Tree
  /// Fed by nobody because the speakers feed it directly.
  package var isTop: Bool
  package var members: Int
  /// Equal in two participants exactly when their rosters are, heartbeats apart.
  package var rosterVersions: UInt64
  package var links: Int
  package var active: Int
  package var passive: Int
  package var streams: Int
  package var candidates: Int
  package var asked: Int
  package var keys: [Key]
  package var neighbours: [NodeID]
  package var trees: [Place] = []
  /// By kind, what has been kept longest beyond its time.
  package var overdue: [Overdue] = []

  /// What is kept so much beyond its end is kept for ever. A guess: twice the longest pause between
  /// two looks of a participant at itself (5 s).
  package static let patience = Duration.seconds(10)

  /// Something that was to end at `due`.
  package struct Overdue: Sendable {
    package var what: String
    package var due: Instant

    package init(what: String, due: Instant) {
      self.what = what
      self.due = due
    }
  }

  /// The newest key that is held of one speaker.
  package struct Key: Hashable, Sendable {
    package var speaker: SessionID
    package var generation: UInt16
    /// Its first frame.
    package var start: UInt32
    /// Frames of steps before this one cannot be opened with it.
    package var step: UInt32
  }

  package func key(of speaker: SessionID) -> Key? { keys.first { $0.speaker == speaker } }

  /// The place in one tree.
  package struct Place: Sendable {
    package var parent: NodeID?
    /// Lasting ones.
    package var children: [NodeID]
    /// Fed for a while.
    package var guests: Int
    /// Relays from the stage to the parent, it included, as the parent states it.
    package var path: [UInt32]
    /// Done without: the line is too thin for both.
    package var isSpared: Bool
  }
}

extension Participant {
  package func inspect(_ id: RoomID) -> Inspection? {
    guard let room = rooms.first(where: { $0.id == id }) else { return nil }
    var result = Inspection(
      session: room.me.session, isMember: room.isMember,
      isRoot: room.me.presence.flags.contains(.root),
      relays: room.me.presence.flags.contains(.relays), colour: room.me.presence.colour,
      isTop: room.isRootNow, members: room.roster.count,
      rosterVersions: room.roster.hash.versions, links: ctx.links.up.count,
      active: room.overlay.active.count, passive: room.overlay.passive.count,
      streams: room.streams.count, candidates: room.forest.candidates.count,
      asked: room.asked.count, keys: room.keyring.held,
      neighbours: room.overlay.active.compactMap { room.links[$0]?.node })
    for slot in room.forest.slots {
      let children = room.forest.children[Int(slot.tree.rawValue)]
      let lasting = children.filter { $0.until == nil }
      result.trees.append(
        Inspection.Place(
          parent: slot.parent.flatMap { room.links[$0]?.node },
          children: lasting.compactMap { room.links[$0.link]?.node },
          guests: children.count - lasting.count, path: slot.path,
          isSpared: room.forest.thrift.spared == slot.tree))
    }
    result.overdue = overdue(in: room)
    return result
  }

  /// What has an end, and when the earliest of each kind should have ended.
  private func overdue(in room: Room) -> [Inspection.Overdue] {
    let settings = ctx.settings
    let late = ctx.now.advanced(by: .zero - Inspection.patience)
    let sessions = ctx.links.table.all.lazy.filter { $0.standing == .current }
    let closed = ctx.links.table.all.compactMap { session -> Instant? in
      guard case .closed(_, let until, _) = session.standing else { return nil }
      return until
    }
    let ends: [(String, Instant?)] = [
      ("a member asked for", room.asked.values.min()),
      ("a guest", room.forest.children.joined().compactMap(\.until).min()),
      ("a question to a parent", room.forest.slots.compactMap { $0.asking?.until }.min()),
      ("a former parent", room.forest.slots.compactMap { $0.former?.until }.min()),
      ("a plan to reach somebody", room.reaching.values.map(\.until).min()),
      ("a dial", ctx.links.dials.map { $0.began + settings.links.dialLimit }.min()),
      ("a letter", sessions.contains { $0.mail.isHopeless(at: late) } ? late : nil),
      ("a link that was closed", closed.min()),
    ]
    return ends.compactMap { what, due in
      due.map { Inspection.Overdue(what: what, due: $0) }
    }
  }

  /// Whether `session` is on this participant's roster.
  package func knows(_ session: SessionID, in id: RoomID) -> Bool {
    rooms.first { $0.id == id }?.roster[session] != nil
  }

  package var linked: [NodeID] { ctx.links.up.compactMap { ctx.links.node(of: $0) } }

  /// A parent in both trees, or no need of any.
  package func isFedTwice(in id: RoomID) -> Bool {
    guard let room = rooms.first(where: { $0.id == id }), room.isMember else { return false }
    return room.isRootNow || room.forest.slots.allSatisfy { $0.parent != nil }
  }

  /// The hash by which rosters are compared; zero outside the room.
  package func rosterVersions(in id: RoomID) -> UInt64 {
    rooms.first { $0.id == id }?.roster.hash.versions ?? 0
  }
}
