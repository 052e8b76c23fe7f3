import Keys
import Mesh
import Wire

/// What the topology says will happen.
extension World {
  /// Everybody who will ever come, absent as yet; newcomers after deaths are added later.
  func settle() throws(KeysError) {
    for (number, group) in topology.groups.enumerated() {
      for member in 0..<group.count {
        if member % group.household == 0 { addHome(pick(group.uplinks), group) }
        try add(group: number)
      }
    }
  }

  private func addHome(_ bits: Int, _ group: Topology.Group) {
    uplinks.append(Line(bits: bits))
    downlinks.append(group.downlink.map { Line(bits: $0) })
  }

  @discardableResult
  func add(group number: Int) throws(KeysError) -> Resident {
    let group = topology.groups[number]
    let index = residents.count
    var own = Entropy.branch(of: &entropy)
    let identity = try Identity.make(&own)
    let address = World.address(of: index, port: group.port)
    var clock = DriftingClock()
    if group.skew != 0 { clock.skew = chance.within(-abs(group.skew)...abs(group.skew)) }
    if group.drift != 0 { clock.partsPerMillion = chance.within(-group.drift...group.drift) }
    let relays = chance.below(100) < group.relayPercent
    let isHostile = !group.mischief.isEmpty && chance.below(100) < group.mischiefPercent
    let participant = try Participant(
      identity: identity, token: nil,
      settings: settings(
        greedy: isHostile && group.mischief.contains(.eclipse),
        uplink: group.gives ?? uplinks[uplinks.count - 1].bits), entropy: own,
      at: clock.instant(now), encapsulation: AgreementStandIn())
    let resident = Resident(
      index: index, group: number, address: address, participant: participant, clock: clock,
      home: uplinks.count - 1, relays: relays)
    if let kind = group.nat, chance.below(100) < group.natPercent {
      resident.box = NATBox(kind, firstPort: UInt16(20_000 + index % 20_000))
    }
    if isHostile {
      resident.mischief = group.mischief
      resident.participant.misbehave(Misbehaviour.inMesh(group.mischief))
    }
    residents.append(resident)
    nodeByKey[resident.participant.contact.node.raw.high.high] = index
    return resident
  }

  /// - Parameter greedy: a neighbour of as many as it can be.
  private func settings(greedy: Bool, uplink: Int) -> Settings {
    var settings = Settings()
    let tuning = topology.tuning
    if greedy {
      settings.overlay.active = settings.links.sessions
      settings.overlay.activeMost = settings.links.sessions
    }
    if let value = tuning.companions { settings.presence.companions = value }
    if let value = tuning.doubtAfter { settings.forest.doubtAfter = .nanoseconds(value) }
    if let value = tuning.replaceAfter { settings.forest.replaceAfter = .nanoseconds(value) }
    if let value = tuning.childrenMaximum { settings.forest.childrenMaximum = value }
    if !tuning.meets { settings.meeting.asked = 0 }
    if let slots = tuning.coverSlots {
      settings.links.cover.slots = slots
      settings.cover(uplink: uplink)
    }
    return settings
  }

  private func pick(_ choices: [(bits: Int, weight: Double)]) -> Int {
    let total = choices.reduce(0) { $0 + $1.weight }
    var rest = Double(chance.below(1 << 30)) / Double(1 << 30) * total
    for choice in choices {
      rest -= choice.weight
      if rest < 0 { return choice.bits }
    }
    return choices.last?.bits ?? 1_000_000
  }

  func writeScript() {
    for resident in residents {
      let group = topology.groups[resident.group]
      let spread = group.joinOver > 0 ? chance.within(0...group.joinOver) : 0
      let first = resident.index == 0 ? 0 : group.joinFrom + spread + 1_000_000
      queue.plan(.join, at: first, resident.index)
    }
    for (number, talker) in topology.talkers.enumerated() {
      queue.plan(.frame, at: talker.from - World.warming, number)
    }
    for (number, fault) in topology.faults.enumerated() {
      queue.plan(.fault, at: fault.at, number, 0)
      if fault.lasts > 0 { queue.plan(.fault, at: fault.at + fault.lasts, number, 1) }
    }
    if let censorship = topology.censor {
      censor = Censor(censorship, groups: topology.groups.map(\.name), seed: seed)
      queue.plan(.mischief, at: censorship.from, -1)
    }
    queue.plan(.look, at: topology.measureFrom, 1)
    queue.plan(.look, at: topology.measureTo, 1)
    queue.plan(.look, at: 500_000_000, 0)
  }

  // MARK: Coming and going

  func enter(_ resident: Resident) {
    guard resident.state != .gone, resident.joinedAt == nil else { return }
    if resident.state == .absent {
      resident.state = .alive
      resident.askedAt = now
      command(resident, .reachableAt(resident.box == nil ? [resident.address] : []))
      command(
        resident,
        .give(
          Capacity(
            uplink: topology.groups[resident.group].gives ?? uplinks[resident.home].bits,
            relays: resident.relays)))
      if !resident.isHonest { queue.plan(.mischief, at: now, resident.index) }
    }
    guard let room else {
      return command(resident, .create(title: "flock", access: .social, name: "node 0"))
    }
    guard let invite = freshInvite(to: room, for: resident) else {
      return queue.plan(.join, at: now + 1_000_000_000, resident.index, 1)
    }
    command(resident, .join(invite, name: "node \(resident.index)"))
  }

  /// A link from somebody who is in: nobody asks a stranger, but friends ask different friends.
  private func freshInvite(to room: RoomID, for newcomer: Resident) -> Invite? {
    for _ in 0..<World.invitesTried {
      let host = residents[chance.below(residents.count)]
      guard host.isMember, host.index != newcomer.index,
        partitions == 0 || host.side == newcomer.side
      else { continue }
      return host.participant.invite(to: room)
    }
    let host = residents.first { $0.isMember && $0.index != newcomer.index }
    return host?.participant.invite(to: room)
  }

  func planDeath(of resident: Resident) {
    guard let churn = topology.churn, now < churn.to, resident.index != 0,
      !isTalker(resident.index)
    else { return }
    let birth = max(now, churn.from)
    let moment = birth + chance.exponential(mean: churn.meanLife)
    if moment < churn.to { queue.plan(.death, at: moment, resident.index) }
  }

  func ageOut(_ resident: Resident) {
    guard resident.isAlive else { return }
    kill(resident)
    guard topology.churn?.replaced == true else { return }
    addHome(uplinks[resident.home].bits, topology.groups[resident.group])
    guard let heir = try? add(group: resident.group) else { return }
    queue.plan(.join, at: now + chance.within(0...1_000_000_000), heir.index)
  }

  func kill(_ resident: Resident) {
    trace.note("node \(resident.index) dies", at: now)
    resident.state = .gone
    resident.diedAt = now
    invariants.forget(resident.index)
  }

  func isTalker(_ index: Int) -> Bool {
    topology.talkers.contains { self.index(of: $0) == index }
  }

  func index(of talker: Topology.Talker) -> Int {
    var first = 0
    for group in topology.groups {
      if group.name == talker.group { return first + talker.index }
      first += group.count
    }
    return 0
  }

  // MARK: Talking

  func speak(_ number: Int) {
    let talker = topology.talkers[number]
    let resident = residents[index(of: talker)]
    guard resident.state != .gone, let room else { return }
    guard now < talker.to + World.tail else { return command(resident, .stopSpeaking(room)) }
    var isTail = now >= talker.to
    guard let session = resident.session, resident.isAlive else {
      return queue.plan(.frame, at: now + World.frame, number)
    }
    guard let voice = voices[number] else {
      voices[number] = ledger.open(
        node: resident.index, session: session.raw, firstCounter: Limits.firstCounter)
      command(resident, .startSpeaking(room, duration: .ms20, payload: talker.bytes))
      spurts[number].until = now + World.warming
      trace.note("node \(resident.index) goes on stage", at: now)
      return queue.plan(.frame, at: now + World.warming, number)
    }
    queue.plan(.frame, at: now + resident.clock.wait(World.frame), number)
    if talker.spurts {
      let spoke = spurts[number].speaks
      let speaks = speaksNow(number)
      if speaks && !spoke {
        command(resident, .startSpeaking(room, duration: .ms20, payload: talker.bytes))
      } else if !speaks && spoke {
        spurts[number].releasedAt = now
      }
      if !speaks {
        guard now < spurts[number].releasedAt + World.tail else {
          if now < spurts[number].releasedAt + World.tail + World.frame {
            command(resident, .stopSpeaking(room))
          }
          return
        }
        isTail = true
      }
    }
    let frame = ledger.voices[voice].saidAt.count
    ledger.said(voice, at: now, isTail: isTail)
    let payload = Ledger.payload(voice: voice, frame: frame, count: talker.bytes)
    command(resident, .speak(room, payload: payload, level: 30))
  }

  /// Spurts and pauses as in conversation: means of 1.0 and 1.6 s (ITU-T P.59). A node on stage
  /// sends its silence too, so a pause is somebody who lets go of the key.
  private func speaksNow(_ number: Int) -> Bool {
    if now >= spurts[number].until, spurts[number].speaks || isAllowedIn(number) {
      spurts[number].speaks.toggle()
      let mean: Int64 = spurts[number].speaks ? 1_004_000_000 : 1_587_000_000
      spurts[number].until = now + chance.exponential(mean: mean)
    }
    return spurts[number].speaks
  }

  /// People wait for a gap: nobody comes in while as many speak, or have just ended, as the
  /// audience gets to hear.
  private func isAllowedIn(_ number: Int) -> Bool {
    let others = spurts.indices.count { other in
      other != number && voices[other] != nil
        && (spurts[other].speaks || now < spurts[other].releasedAt + World.gap)
    }
    return others < Stage.streams
  }

  static let frame: Int64 = 20_000_000
  /// Between two who take turns: the middle of ten languages (Stivers and others, 2009).
  private static let gap: Int64 = 200_000_000
  /// Silence after speech, as the node sends it; not counted.
  static let tail: Int64 = 2 * frame
  /// From going on stage to the first frame: keys and roster go ahead.
  static let warming: Int64 = 500_000_000
  private static let invitesTried = 64
}
