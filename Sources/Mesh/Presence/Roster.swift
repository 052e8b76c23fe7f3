import Keys
import OrderedCollections
import Wire

/// Those known to be in a room, with hashes kept up to date so that two rosters can be compared in
/// a few bytes. Of a crowd it holds the stage and a changing sample of the audience.
struct Roster: ~Copyable {
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
    var record: MemberRecord { MemberRecord(introduction: introduction, presence: presence) }
    var session: SessionID { presence.session }
    var node: NodeID { introduced.introduction.contact.node }
    var key: SigningKey { introduced.introduction.certificate.session }
    var person: PersonaID { introduced.introduction.certificate.persona }
    var invite: SigningKey? { introduced.introduction.admission?.invite }
    /// What it says of itself counts as far as it may.
    var isRoot: Bool { rights.isOnStage && presence.flags.contains(.root) }
    var isSpeaking: Bool { rights.speaks && wantsSeat && rights.isSeated }
    var wantsSeat: Bool { presence.flags.contains(.speaking) }
    /// Everybody must know of it, however large the room.
    var isOnStage: Bool { rights.isOnStage(with: presence) }
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

    /// Moderators count when they are silent too: who acts as host must be known to all alike.
    func isOnStage(with presence: Presence) -> Bool {
      guard let role, role < .moderator else { return role != nil }
      return isOnStage && presence.isOnStage
    }
  }

  private final class Introduced: Sendable {
    let introduction: Introduction
    init(_ introduction: Introduction) { self.introduction = introduction }
  }

  private let crowdEnds: Int
  private(set) var members: OrderedDictionary<SessionID, Member> = [:]
  /// Those of them on the stage: what is asked with every word must not cost a walk over a crowd.
  private var staged: OrderedSet<SessionID> = []
  /// Of those who would speak, how many found no seat.
  private(set) var standing = 0
  /// More are here than this roster holds.
  private(set) var isCrowd = false
  private(set) var audience = 0
  private var everybody = RosterHash(versions: 0, beats: 0)
  private var stage = RosterHash(stageOnly: true, versions: 0, beats: 0)
  private var buckets = [UInt64](repeating: 0, count: RosterBuckets.count)
  private var beatBuckets = [UInt64](repeating: 0, count: RosterBuckets.count)
  /// Nobody's record runs out before.
  private var earliestExpiry = UInt64.max
  /// Last words of sessions that said farewell, until these expire.
  private var departed: OrderedDictionary<SessionID, Presence> = [:]

  /// - Parameter companions: how many of the audience are held at most.
  init(companions: Int) { crowdEnds = companions / 2 }

  subscript(session: SessionID) -> Member? { members[session] }

  var count: Int { members.count }

  /// Roots, speakers and moderators are all among them.
  var onStage: [Member] { staged.compactMap { members[$0] } }

  var hash: RosterHash { isCrowd ? stage : everybody }

  /// Of the stage, or of all known, crowd or not.
  func hash(stageOnly: Bool) -> RosterHash { stageOnly ? stage : everybody }

  /// Versions only, or with heartbeats.
  func bucketHashes(withBeats: Bool) -> [UInt64] {
    guard withBeats else { return buckets }
    return zip(buckets, beatBuckets).map { $0 ^ $1 }
  }

  func members(in wanted: UInt64, stageOnly: Bool) -> [Member] {
    members.values.filter {
      ($0.isOnStage || !stageOnly)
        && wanted >> UInt64(RosterBuckets.index(of: $0.session)) & 1 == 1
    }
  }

  func hasDeparted(_ session: SessionID) -> Bool { departed[session] != nil }

  func farewell(of session: SessionID) -> Presence? { departed[session] }

  /// Makes room in a full audience for somebody new.
  mutating func evict(entropy: inout Entropy, sparing isKept: (Member) -> Bool) {
    isCrowd = true
    for _ in 0..<8 {
      let index = Int(entropy.below(UInt64(max(1, members.count))))
      let member = members.values[index]
      guard !member.isOnStage, !isKept(member) else { continue }
      remove(member.session)
      return
    }
  }

  /// Some of the audience, by chance.
  func sample(_ count: Int, entropy: inout Entropy) -> [Member] {
    var chosen: OrderedSet<Int> = []
    for _ in 0..<2 * count where chosen.count < count {
      chosen.append(Int(entropy.below(UInt64(max(1, members.count)))))
    }
    return chosen.map { members.values[$0] }
  }

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
    if let old = members.updateValue(member, forKey: session) { toggle(old, isAdded: false) }
    toggle(member, isAdded: true)
    earliestExpiry = min(earliestExpiry, presence.expiry)
  }

  mutating func allow(_ session: SessionID, _ rights: Rights) {
    guard let member = members[session] else { return }
    toggle(member, isAdded: false)
    members[session]?.rights = rights
    var allowed = member
    allowed.rights = rights
    toggle(allowed, isAdded: true)
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
    guard let index = members.index(forKey: session) else { return nil }
    let member = members.values[index]
    // The last takes its place: moving thousands up for each who leaves would take its time.
    members.swapAt(index, members.count - 1)
    members.removeLast()
    toggle(member, isAdded: false)
    return member
  }

  /// A session that said farewell does not come back before its last record would have expired.
  mutating func keepAway(_ farewell: Presence, atMost limit: Int) {
    departed[farewell.session] = farewell
    if departed.count > limit { departed.removeFirst() }
  }

  /// Sessions whose record ran out at `moment`, removed.
  mutating func expire(at moment: UInt64) -> [Member] {
    departed.removeAll { $0.value.expiry < moment }
    guard earliestExpiry < moment else { return [] }
    let over = members.values.filter { $0.presence.expiry < moment }
    for member in over { remove(member.session) }
    // Nobody is left whom this roster does not hold, as far as it can tell.
    if audience < crowdEnds { isCrowd = false }
    earliestExpiry = members.values.lazy.map(\.presence.expiry).min() ?? .max
    return over
  }

  private mutating func toggle(_ member: Member, isAdded: Bool) {
    everybody.versions ^= member.versionHash
    everybody.beats ^= member.beatHash
    if member.isOnStage {
      stage.versions ^= member.versionHash
      stage.beats ^= member.beatHash
      if isAdded { staged.append(member.session) } else { staged.remove(member.session) }
    } else {
      audience += isAdded ? 1 : -1
    }
    if !member.rights.isSeated { standing += isAdded ? 1 : -1 }
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
