import Keys
import OrderedCollections
import Wire

/// Everybody known to be in a room, with hashes kept up to date so that two rosters can be compared
/// in a few bytes.
struct Roster {
  struct Member {
    /// By reference: rosters are walked often, and half a kilobyte with its arrays would be copied
    /// for each member (a third of all time with 300 members).
    private let introduced: Introduced
    var presence: Presence
    var rights: Rights
    var versionHash: UInt64
    var beatHash: UInt64

    init(
      introduction: Introduction, presence: Presence, rights: Rights, versionHash: UInt64,
      beatHash: UInt64
    ) {
      introduced = Introduced(introduction)
      self.presence = presence
      self.rights = rights
      self.versionHash = versionHash
      self.beatHash = beatHash
    }

    var introduction: Introduction { introduced.introduction }
    var session: SessionID { presence.session }
    var node: NodeID { introduced.introduction.contact.node }
    var key: SigningKey { introduced.introduction.certificate.session }
    var person: PersonaID { introduced.introduction.certificate.persona }
    var invite: SigningKey? { introduced.introduction.admission?.invite }
    /// What it says of itself counts as far as it may.
    var isRoot: Bool { rights.isOnStage && presence.flags.contains(.root) }
    var isSpeaking: Bool { rights.speaks && wantsSeat && rights.isSeated }
    var wantsSeat: Bool { presence.flags.contains(.speaking) }
    var relays: Bool { presence.flags.contains(.relays) }
  }

  /// What the room's operations allow a member.
  struct Rights: Hashable {
    var role: Role?
    var speaks = false
    var listens = false
    /// One of sixteen, while it speaks.
    var isSeated = true

    var isOnStage: Bool { role.map { $0 >= .speaker } ?? false }
  }

  private final class Introduced: Sendable {
    let introduction: Introduction
    init(_ introduction: Introduction) { self.introduction = introduction }
  }

  private(set) var members: OrderedDictionary<SessionID, Member> = [:]
  private(set) var hash = RosterHash(versions: 0, beats: 0)
  private var buckets = [UInt64](repeating: 0, count: RosterBuckets.count)
  private var beatBuckets = [UInt64](repeating: 0, count: RosterBuckets.count)
  /// Nobody's record runs out before.
  private var earliestExpiry = UInt64.max
  /// Sessions that said farewell, until their last record would have expired.
  private var departed: OrderedDictionary<SessionID, UInt64> = [:]

  subscript(session: SessionID) -> Member? { members[session] }

  var count: Int { members.count }

  /// Versions only, or with heartbeats.
  func bucketHashes(withBeats: Bool) -> [UInt64] {
    guard withBeats else { return buckets }
    return zip(buckets, beatBuckets).map { $0 ^ $1 }
  }

  func records(in wanted: UInt64) -> [Presence] { members(in: wanted).map(\.presence) }

  func members(in wanted: UInt64) -> [Member] {
    members.values.filter {
      wanted >> UInt64(RosterBuckets.index(of: $0.session)) & 1 == 1
    }
  }

  func hasDeparted(_ session: SessionID) -> Bool { departed[session] != nil }

  // MARK: Changes, for records already verified

  /// - Parameter rights: as before when nil.
  mutating func put(
    _ introduction: Introduction, _ presence: Presence, rights: Rights? = nil
  ) {
    let known = members[presence.session]?.rights ?? Rights()
    var member = Member(
      introduction: introduction, presence: presence, rights: rights ?? known, versionHash: 0,
      beatHash: 0)
    (member.versionHash, member.beatHash) = Roster.hashes(of: introduction, presence)
    let session = presence.session
    if let old = members.updateValue(member, forKey: session) { toggle(old) }
    toggle(member)
    earliestExpiry = min(earliestExpiry, presence.expiry)
  }

  mutating func allow(_ session: SessionID, _ rights: Rights) {
    members[session]?.rights = rights
  }

  mutating func update(_ presence: Presence) {
    guard let member = members[presence.session] else { return }
    put(member.introduction, presence)
  }

  mutating func update(
    _ introduction: Introduction, of session: SessionID, rights: Rights
  ) {
    guard let member = members[session] else { return }
    put(introduction, member.presence, rights: rights)
  }

  @discardableResult
  mutating func remove(_ session: SessionID) -> Member? {
    guard let member = members.removeValue(forKey: session) else { return nil }
    toggle(member)
    return member
  }

  /// A session that said farewell does not come back before its last record would have expired.
  mutating func keepAway(_ session: SessionID, until expiry: UInt64, atMost limit: Int) {
    departed[session] = expiry
    if departed.count > limit { departed.removeFirst() }
  }

  /// Sessions whose record ran out at `moment`, removed.
  mutating func expire(at moment: UInt64) -> [Member] {
    departed.removeAll { $0.value < moment }
    guard earliestExpiry < moment else { return [] }
    let over = members.values.filter { $0.presence.expiry < moment }
    for member in over { remove(member.session) }
    earliestExpiry = members.values.lazy.map(\.presence.expiry).min() ?? .max
    return over
  }

  private mutating func toggle(_ member: Member) {
    hash.versions ^= member.versionHash
    hash.beats ^= member.beatHash
    let bucket = RosterBuckets.index(of: member.session)
    buckets[bucket] ^= member.versionHash
    beatBuckets[bucket] ^= member.beatHash
  }

  private static func hashes(
    of introduction: Introduction, _ presence: Presence
  ) -> (versions: UInt64, beats: UInt64) {
    var writer = Writer(capacity: 15)
    writer.u24(presence.session.raw)
    writer.u32(presence.version)
    writer.u32(introduction.version)
    let versions = Digest.hash16("VR1-roster", writer.bytes).high
    writer.u32(presence.beat)
    return (versions, Digest.hash16("VR1-roster", writer.bytes).high)
  }
}
