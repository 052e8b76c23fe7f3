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
  /// Seed of the invite key, and zeros; nil in open rooms.
  private let entrySecret: Secret?
  /// Seals JOINs while we come in: known to whoever holds the same link.
  let entryKey: Bytes32
  /// Of links whose other end came in by another invite.
  var linkKeys: OrderedDictionary<LinkID, Bytes32> = [:]
  let me: Persona
  /// Nil but in tests.
  var forger: Forger?

  var phase: Phase
  var charter: Charter?
  /// Who may do what: set with the charter.
  var log: OperationLog?
  var standing: Standing?
  var hands: Hands
  var reactions: Reactions
  var actingHost: PersonaID?
  /// Own operations of former lives, inserted with the charter.
  var kept: [RoomOperation]
  /// A neighbour told us what it knows: own operations may be written without contradiction.
  var hasCompared = false
  /// Sooner than with the roster's, because something is missing.
  var nextComparison: Instant?
  var memberSince: Instant
  /// Operations that are here said so, once.
  var hasBelonged = false
  /// When we look again whether the host is still here.
  var nextHostLook = Instant(nanoseconds: 0)
  var refusal: Refusal?
  /// The room is over for us, then and why.
  var ending: (at: Instant, why: Refusal)?

  /// Links on which both ends have proved to be in the room.
  var links: OrderedDictionary<LinkID, RoomLink> = [:]
  var joinsSent: OrderedDictionary<LinkID, Instant> = [:]
  /// What arrived from a neighbour ahead of its JOIN: mail keeps no order.
  var early: OrderedDictionary<LinkID, [(type: MessageType, body: [UInt8])]> = [:]
  var reaching: OrderedDictionary<NodeID, Reach> = [:]
  /// Proved to hold an invite, but somebody has to say yes, or we have to hear that they did.
  var guests: OrderedDictionary<LinkID, Guest> = [:]
  var pleas: OrderedDictionary<PersonaID, Instant> = [:]
  /// Strangers whose stamps were good, until they count as strangers again.
  var paid: OrderedDictionary<PersonaID, Instant> = [:]
  /// Our own stamp, the hour one was looked for, and links on which it is awaited.
  var stamp: Stamp?
  var stampHour: UInt32?
  var unpaid: OrderedSet<LinkID> = []
  /// Comparisons of codes, by the link they are about.
  var checks: OrderedDictionary<LinkID, PairCheck> = [:]
  var wishedCheck: (session: SessionID, until: Instant)?
  /// Records of those whom nothing here entitles yet.
  var strangers: OrderedDictionary<SessionID, (record: MemberRecord, until: Instant)> = [:]

  let overlay: Overlay
  var meetings = Meetings()
  var roster: Roster
  /// Members heard of but not known, and until when an answer is awaited.
  var asked: OrderedDictionary<SessionID, Instant> = [:]
  var nextCompare: Instant
  var nextBeat: Instant
  /// When another's hash is looked at again.
  var nextAnswer = Instant(nanoseconds: 0)
  var comparisons = 0
  var rosterChanged = false

  var keyring = Keyring()
  var talker: Talker?
  /// When our key changes because somebody was shut out, and how fast the new one takes over.
  var rekey: (at: Instant, activation: Duration)?
  /// When somebody was last shut out, and whose new keys are awaited because of it.
  var shutOutAt: Instant?
  var awaited: OrderedDictionary<SessionID, AwaitedKey> = [:]
  var streams: [Stream] = []
  /// Of more than three who talk, those that go to the audience; nil while all do.
  var aired: OrderedSet<SessionID>?
  /// Who swore two things about the same frames.
  var liars: OrderedDictionary<PersonaID, Perjury> = [:]
  /// Words about frames that are not here: one for each session, until another contradicts it.
  var oaths: OrderedDictionary<SessionID, Attestation> = [:]
  var oathsLookedAt: Allowance
  var earlyOaths = EarlyWords<Attestation>()
  var earlyHands = EarlyWords<Hand>()
  /// Presences and introductions, and announced keys, of one person.
  var records: Allowances<PersonaID>
  var announcements: Allowances<PersonaID>
  /// Where streams stood that were ended while their member stays: nothing older is taken again.
  var heardUpTo: OrderedDictionary<SessionID, UInt32> = [:]
  var forest: Forest
  /// One media record under construction, reused.
  var packet: [UInt8] = []
  /// One frame with its header, reused.
  var frame: [UInt8] = []
  var plain: [UInt8] = []
  var listening = true
  /// It does as it likes, in tests of what the others make of that.
  var isDefiant = false

  init(
    id: RoomID, tag: RoomTag, secret: consuming Secret?, invite: SigningKey?, me: Persona,
    phase: Phase, kept: [RoomOperation], settings: Settings, at now: Instant
  ) {
    self.id = id
    self.tag = tag
    entrySecret = secret
    self.me = me
    self.phase = phase
    self.kept = kept
    hands = Hands(settings: settings.hands, at: now)
    reactions = Reactions(settings: settings.reactions)
    entryKey = Room.key(id, invite)
    overlay = Overlay(settings: settings.overlay, shuffling: false, at: now)
    forest = Forest(at: now)
    nextCompare = now + settings.presence.compare
    nextBeat = now + settings.presence.lifetime / 3
    memberSince = now
    roster = Roster(companions: settings.presence.companions)
    let (presence, keys, frames) = (settings.presence, settings.keys, settings.frames)
    records = Allowances(
      every: presence.recordPause, burst: presence.records, places: presence.recordPlaces)
    announcements = Allowances(
      every: keys.announcementPause, burst: keys.announcements, places: presence.recordPlaces)
    oathsLookedAt = Allowance(every: frames.oathPause, burst: frames.oaths)
    roster.put(me.introduction, me.presence)
  }

  static func key(_ room: RoomID, _ invite: SigningKey?) -> Bytes32 {
    Digest.hash32("VR1-roomk", room.raw.array + (invite?.raw.array ?? Bytes32.zero.array))
  }

  /// Came in by a link.
  var hasSecret: Bool {
    switch entrySecret {
    case .some: true
    case .none: false
    }
  }

  /// What a link carries; to be forgotten at once.
  var secret: Bytes16? {
    switch entrySecret {
    case .some(let key): key.withBytes { bytes in Bytes16((0..<Bytes16.count).map { bytes[$0] }) }
    case .none: nil
    }
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
  func needs(_ link: LinkID, at now: Instant, _ settings: Settings) -> Bool {
    guard let peer = links[link] else {
      return joinsSent[link] != nil || unpaid.contains(link)
    }
    return isSmall(settings) || overlay.isActive(link) || forest.uses(link)
      || now < peer.since + .seconds(15)
      || isMesh(peer)
  }

  /// Roots feed each other directly; a link between two that pause is wanted at the next word.
  func isMesh(_ peer: RoomLink) -> Bool {
    guard let member = roster[peer.session] else { return false }
    return (me.presence.flags.contains(.root) && (member.isSpeaking || member.isRoot))
      || (me.presence.flags.contains(.speaking) && member.isRoot)
  }
}

/// A link as a room sees it.
struct RoomLink {
  let link: LinkID
  let node: NodeID
  let session: SessionID
  /// As its JOIN proved.
  let person: PersonaID
  let invite: SigningKey?
  /// The neighbour's number for this room.
  var theirTag: RoomTag
  let since: Instant
  /// Generations the neighbour is known to hold.
  var granted: OrderedDictionary<SessionID, UInt16> = [:]
  /// Generations the neighbour was told of, or told us of.
  var announced: OrderedDictionary<SessionID, UInt16> = [:]
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
  /// Operations it may still send that lead to nothing.
  var futile: Allowance
  var meetings: Allowance
}

/// A speaker's next key, which has to come.
struct AwaitedKey {
  let generation: UInt16
  var askAt: Instant
  var requests = 0
}

/// Somebody on a link who wants to come in and may not yet.
struct Guest {
  let join: Join
  let node: NodeID
  let until: Instant
  var pleaAt: Instant
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
