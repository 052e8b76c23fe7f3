import Keys
import OrderedCollections
import Wire

/// One room this node is in, or is trying to enter.
///
/// The extensions follow the journeys: `Room+Joining` (who comes in), `Room+Presence` and
/// `Room+Overlay` (who is here), `Room+Keys` (who can hear), `Room+Frames`, `Room+Forwarding`,
/// `Room+Attesting` (a frame's way), `Room+Parents` and `Room+Children` (the trees).
final class Room {
  enum Phase {
    /// Asking members to let us in, until the deadline. → member, or the room is given up.
    case joining(until: Instant)
    /// In the room. → gone when the person leaves or the room expires.
    case member
  }

  let id: RoomID
  /// Our number for it on every link.
  let tag: RoomTag
  /// Seed of the invite key; nil in open rooms.
  let secret: Bytes16?
  /// Seals JOINs: known to whoever knows the room.
  let key: Bytes32
  let me: Persona

  var phase: Phase
  var charter: Charter?
  var refusal: Refusal?

  /// Links on which both ends have proved to be in the room.
  var links: OrderedDictionary<LinkID, RoomLink> = [:]
  var joinsSent: OrderedDictionary<LinkID, Instant> = [:]
  /// What arrived from a neighbour ahead of its JOIN: mail keeps no order.
  var early: OrderedDictionary<LinkID, [(type: MessageType, body: [UInt8])]> = [:]
  var reaching: OrderedDictionary<NodeID, Reach> = [:]

  var overlay: Overlay
  var roster = Roster()
  var pending: OrderedDictionary<SessionID, (presence: Presence, until: Instant)> = [:]
  var nextCompare: Instant
  var nextBeat: Instant
  var comparisons = 0
  var rosterChanged = false

  var keyring = Keyring()
  var talker: Talker?
  var streams: [Stream] = []
  /// Where streams stood that were ended while their member stays: nothing older is taken again.
  var heardUpTo: OrderedDictionary<SessionID, UInt32> = [:]
  var forest: Forest
  /// One media record under construction, reused.
  var packet: [UInt8] = []
  /// One frame with its header, reused.
  var frame: [UInt8] = []
  var plain: [UInt8] = []
  var listening = true

  init(
    id: RoomID, tag: RoomTag, secret: Bytes16?, invite: SigningKey?, me: Persona,
    charter: Charter?, phase: Phase, settings: Settings, at now: Instant
  ) {
    self.id = id
    self.tag = tag
    self.secret = secret
    self.me = me
    self.charter = charter
    self.phase = phase
    key = Digest.hash32("VR1-roomk", id.raw.array + (invite?.raw.array ?? Bytes32.zero.array))
    overlay = Overlay(settings: settings.overlay, at: now)
    forest = Forest(at: now)
    nextCompare = now + settings.presence.compare
    nextBeat = now + settings.presence.refresh
    roster.put(me.introduction, me.presence)
  }

  var isMember: Bool { if case .member = phase { true } else { false } }

  /// Sends a room message to a member we share a link with.
  func send(
    _ type: MessageType, to link: LinkID, _ ctx: inout Context, _ body: (RoomTag) -> [UInt8]
  ) {
    guard let peer = links[link] else { return }
    ctx.send(type, body(peer.theirTag), on: link)
  }

  /// The same for what is said again soon anyway and may be lost.
  func sendOnce(
    _ type: MessageType, to link: LinkID, _ ctx: inout Context, _ body: (RoomTag) -> [UInt8]
  ) {
    guard let peer = links[link] else { return }
    ctx.links.sendOnce(type: type.rawValue, body(peer.theirTag), on: link)
  }

  /// Does anything here need this link?
  func needs(_ link: LinkID, at now: Instant) -> Bool {
    guard let peer = links[link] else {
      return joinsSent[link] != nil
    }
    return overlay.isActive(link) || forest.uses(link) || now < peer.since + .seconds(15)
      || isMesh(peer)
  }

  /// Roots feed each other directly.
  func isMesh(_ peer: RoomLink) -> Bool {
    guard let member = roster[peer.session] else { return false }
    return (me.presence.flags.contains(.root) && member.isSpeaking)
      || (me.presence.flags.contains(.speaking) && member.isRoot)
  }
}

/// A link as a room sees it.
struct RoomLink {
  let link: LinkID
  let node: NodeID
  let session: SessionID
  /// The neighbour's number for this room.
  var theirTag: RoomTag
  let since: Instant
  /// Generations the neighbour is known to hold.
  var granted: OrderedDictionary<SessionID, UInt16> = [:]
  /// Speakers for whom it handed us a wrong key.
  var distrusted: OrderedSet<SessionID> = []
  /// It delivered a forgery, which may have been somebody's above it.
  var offence: Offence?
  /// No parent until then: it goes on delivering forgeries.
  var shunnedUntil: Instant?
  /// It was asked for frames, or is only now told to stop.
  var feedsUntil: Instant?
  /// Asked for and lacking, answered since the last second began.
  var pullTokens = 0
  var answers = 0
  /// It was told that we are fed already.
  var declinedUntil: Instant?
}

/// A neighbour's first forgery and what follows from it.
struct Offence {
  let at: Instant
  /// Until then whoever is above it may end it; a forgery after that is its own.
  let probation: Instant
  /// The other tree brings everything, so its frames are left aside meanwhile.
  let isSuspended: Bool

  func suspends(at now: Instant) -> Bool { isSuspended && now < probation }
}

/// Why a member is being dialled.
struct Reach {
  struct Purpose: OptionSet {
    let rawValue: UInt8
    static let neighbour = Purpose(rawValue: 1)
    /// Nobody else is a neighbour.
    static let alone = Purpose(rawValue: 2)
    static let candidate = Purpose(rawValue: 4)
    static let entry = Purpose(rawValue: 8)
  }

  var purpose: Purpose
  var until: Instant
}
