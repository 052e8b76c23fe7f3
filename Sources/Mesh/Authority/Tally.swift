import OrderedCollections
import Wire

/// What the operations that count say, put together by whom they are about.
struct Tally {
  /// Operations about one person, by their numbers among all.
  struct Facts {
    var removals: [Int] = []
    var unbans: [Int] = []
    var mutes: [Int] = []
    var unmutes: [Int] = []
    var seats: [Int] = []
    var relays: [Int] = []
    /// Grants of listening and speaking by name.
    var grants: [(node: Int, role: Role)] = []
  }

  let evaluation: Evaluation
  let now: UInt64
  private var facts: OrderedDictionary<PersonaID, Facts> = [:]
  private var inviteAdds: OrderedDictionary<SigningKey, [Int]> = [:]
  private var inviteRevokes: OrderedDictionary<SigningKey, [Int]> = [:]
  private var admits: [Int] = []
  private var policies: [Int] = []
  private var standing: Standing

  init(_ evaluation: Evaluation, genesis: Genesis, room: RoomID, at now: UInt64) {
    self.evaluation = evaluation
    self.now = now
    standing = Standing(room: room, isOpen: genesis.mode == 0)
    facts[genesis.creator] = Facts()
    for node in evaluation.past.nodes.indices where evaluation.verdicts[node] == .counts {
      sort(node)
    }
    for person in evaluation.powers.keys where facts[person] == nil { facts[person] = Facts() }
    for person in evaluation.past.forked where facts[person] == nil { facts[person] = Facts() }
  }

  consuming func result() -> Standing {
    addInvites()
    for (person, facts) in facts.sorted(by: { $0.key < $1.key }) {
      standing.people[person] = describe(person, facts)
    }
    addOrder()
    // Hosts follow each other: the last term's last word counts.
    let policy = policies.max { left, right in
      let (one, other) = (evaluation.ranks[left]?.path ?? [], evaluation.ranks[right]?.path ?? [])
      return one == other ? left < right : one.lexicographicallyPrecedes(other)
    }
    standing.policy = policy.map { RoomPolicy(rawValue: evaluation.operation($0).argument) } ?? []
    return standing
  }

  private mutating func sort(_ node: Int) {
    let operation = evaluation.operation(node)
    let person = operation.person
    switch operation.kind {
    case .remove: facts[person, default: Facts()].removals.append(node)
    case .unban: facts[person, default: Facts()].unbans.append(node)
    case .mute: facts[person, default: Facts()].mutes.append(node)
    case .unmute: facts[person, default: Facts()].unmutes.append(node)
    case .handOver:
      facts[person, default: Facts()].unbans.append(node)
      facts[person, default: Facts()].unmutes.append(node)
    case .grantListener: facts[person, default: Facts()].grants.append((node, .listener))
    case .grantSpeaker: facts[person, default: Facts()].grants.append((node, .speaker))
    case .stageAccept:
      facts[operation.author, default: Facts()].grants.append((node, .speaker))
    case .grantRelay: facts[person, default: Facts()].relays.append(node)
    case .stageInvite: facts[person, default: Facts()].seats.append(node)
    case .admit: admits.append(node)
    case .inviteAdd: inviteAdds[operation.invite, default: []].append(node)
    case .inviteRevoke: inviteRevokes[operation.invite, default: []].append(node)
    case .policy: policies.append(node)
    case .close: standing.isClosed = true
    case .revoke, .cut, .grantModerator:
      if facts[person] == nil { facts[person] = Facts() }
    case .stepDown:
      if facts[operation.author] == nil { facts[operation.author] = Facts() }
    case .later: break
    }
  }

  // MARK: Invites

  private mutating func addInvites() {
    for (key, adds) in inviteAdds.sorted(by: { $0.key < $1.key }) {
      let live = adds.filter { isStanding(invite: $0, key) }
      let senior = live.min { (rank($0), $0) < (rank($1), $1) }
      guard let senior else { continue }
      let operation = evaluation.operation(senior)
      guard let terms = InviteTerms(argument: operation.argument) else { continue }
      standing.invites[key] = Standing.Invitation(
        inviter: operation.author, sequence: operation.sequence, terms: terms,
        used: UInt32(evaluation.admitted[senior]?.count ?? 0), expiry: operation.expiry)
      note(expiry: operation.expiry)
    }
    for node in admits {
      let admit = evaluation.operation(node)
      guard let add = evaluation.past.node(admit.author, admit.argument),
        let terms = InviteTerms(argument: evaluation.operation(add).argument),
        isStanding(invite: add, evaluation.operation(add).invite)
      else { continue }
      facts[admit.person, default: Facts()].grants.append((node, terms.role))
    }
  }

  /// Revoked by its inviter or somebody more senior, it and all its guests are gone.
  private func isStanding(invite add: Int, _ key: SigningKey) -> Bool {
    (inviteRevokes[key] ?? []).allSatisfy {
      rank(add) < rank($0) || evaluation.past.saw(add, $0)
    }
  }

  private func rank(_ node: Int) -> Rank { evaluation.ranks[node] ?? Rank(path: []) }

  // MARK: People

  private mutating func describe(_ person: PersonaID, _ facts: Facts) -> Standing.Person {
    var result = Standing.Person()
    result.isForked = evaluation.past.forked.contains(person)
    result.isRemoved = holds(facts.removals, against: facts.unbans)
    result.isMuted = holds(facts.mutes, against: facts.unmutes)
    let lowering = (evaluation.restrictions[person] ?? []).contains { kind($0) != .cut }
    result.isLowered = lowering || evaluation.stepDowns[person] != nil
    guard !result.isRemoved else { return result }
    result.isRelay = facts.relays.contains { isLive($0, .speaker, person) }
    let seats = facts.seats.filter { isLive($0, .speaker, person) }
    result.seatOfferedUntil = seats.compactMap { evaluation.operation($0).expiry }.max()
    (result.role, result.seniority) = role(of: person, facts)
    if result.isForked, result.role != nil { result.role = .listener }
    if result.role.map({ $0 >= .speaker }) ?? false { result.seatOfferedUntil = nil }
    return result
  }

  private mutating func role(of person: PersonaID, _ facts: Facts) -> (Role?, Rank?) {
    var best: (role: Role?, rank: Rank?) = (nil, nil)
    func offer(_ role: Role, _ rank: Rank) {
      guard let known = best.role, let held = best.rank else { return best = (role, rank) }
      if role > known || (role == known && rank < held) { best = (role, rank) }
    }
    for power in evaluation.powers[person] ?? [] where power.spentBy == nil {
      guard let grant = power.grant else {
        offer(.host, power.rank)
        continue
      }
      // A grant that is gone for the microphone still lets its holder listen.
      if !isOver(grant) { offer(.listener, power.rank) }
      guard isLive(grant, power.isHost ? .host : .moderator, person) else { continue }
      offer(power.isHost ? .host : .moderator, power.rank)
    }
    for (node, role) in facts.grants {
      let author = evaluation.operation(node)
      let seniority = rank(node).granting(author.sequence)
      if !isOver(node) { offer(.listener, seniority) }
      if role == .speaker, isLive(node, role, person) { offer(.speaker, seniority) }
    }
    return best
  }

  /// A permission stands when it has seen every restriction; alone, or beside one it has not seen,
  /// it gives way.
  private mutating func isLive(_ grant: Int, _ role: Role, _ person: PersonaID) -> Bool {
    guard !isOver(grant) else { return false }
    let restricted = (evaluation.restrictions[person] ?? []).contains {
      kind($0) != .cut && !evaluation.knew(grant, $0)
    }
    guard !restricted, role < .host else { return !restricted }
    return !(evaluation.stepDowns[person] ?? []).contains {
      evaluation.operation($0).argument < role.rawValue && !evaluation.knew(grant, $0)
    }
  }

  private mutating func isOver(_ node: Int) -> Bool {
    guard let expiry = evaluation.operation(node).expiry else { return false }
    note(expiry: expiry)
    return expiry <= now
  }

  /// A restriction stands until it runs out, or a permission that has seen it ends it.
  private mutating func holds(_ restrictions: [Int], against permissions: [Int]) -> Bool {
    var holds = false
    for restriction in restrictions where !isOver(restriction) {
      let isEnded = permissions.contains { evaluation.past.saw($0, restriction) }
      if !isEnded { holds = true }
    }
    return holds
  }

  private func kind(_ node: Int) -> OperationKind { evaluation.past.nodes[node].operation.kind }

  private mutating func addOrder() {
    let entitled = standing.people.filter { $0.value.seniority != nil }
      .sorted {
        ($0.value.seniority?.path ?? []).lexicographicallyPrecedes($1.value.seniority?.path ?? [])
      }
    standing.host = entitled.last { $0.value.role == .host }?.key
    standing.moderators = entitled.filter { $0.value.role == .moderator }.map(\.key)
    standing.speakers = entitled.filter { $0.value.role == .speaker }.map(\.key)
  }

  private mutating func note(expiry: UInt64?) {
    guard let expiry, expiry > now else { return }
    standing.nextChange = min(standing.nextChange ?? expiry, expiry)
  }
}
