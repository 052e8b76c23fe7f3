package import Keys
import Mesh
import Wire

/// Time, the participants, and what happens between them.
package final class World {
  /// Where time begins: a moment of 2026, so that signed records have sensible dates.
  static let epoch: Int64 = 1_790_000_000_000_000_000

  let topology: Topology
  let seed: UInt64
  var now: Int64 = 0
  var queue = EventQueue()
  var pool = DatagramPool()
  var chance: Chance
  var entropy: Entropy
  var weather: Weather
  var trace: Trace
  var effects = Effects()

  var residents: [Resident] = []
  var uplinks: [Line] = []
  var downlinks: [Line?] = []
  var room: RoomID?
  var ledger = Ledger()
  var watches = Watches()
  var checks = Checks()
  var invariants = Invariants()
  /// Every so many steps of participants one is looked at; never when zero.
  let checkEvery: Int
  var steps = 0
  var censor: Censor?
  /// Talkers of the script: their voice in the ledger once they began.
  var voices: [Int?]
  var spurts: [(speaks: Bool, until: Int64, releasedAt: Int64)]
  var partitions = 0
  var blocks: [(from: Int?, to: Int?, fault: Int)] = []
  var victims: [[Int]]
  var firstFault = Int64.max
  var healedAt: Int64?
  var removal: Removal?
  /// The same world, in which nobody is removed, where it matters what a removal costs.
  private let twin: World?
  let isTwin: Bool
  var isMeasuring = false
  var eventCount = 0
  var arrivals = 0
  var nodeByKey: [UInt64: Int] = [:]

  package init(
    _ topology: Topology, seed: UInt64, checkEvery: Int? = nil, isTwin: Bool = false,
    say: ((String) -> Void)? = nil
  ) throws(KeysError) {
    Sodium.allow(slots: World.secretSlots(topology.nodes))
    SignatureMemory.shared.begin(limit: 1 << 20)
    try Sodium.start()
    let hasTwin = !isTwin && topology.expectations.contains { $0.measure == .removalBytes }
    twin = hasTwin ? try World(topology, seed: seed, checkEvery: 0, isTwin: true) : nil
    self.isTwin = isTwin
    self.topology = topology
    self.seed = seed
    self.checkEvery = checkEvery ?? World.checkEvery(topology.nodes)
    chance = Chance(seed)
    entropy = .seeded(seed)
    weather = Weather(topology.links, seed: seed)
    trace = Trace(say: say)
    voices = Array(repeating: nil, count: topology.talkers.count)
    spurts = Array(repeating: (true, 0, 0), count: topology.talkers.count)
    victims = Array(repeating: [], count: topology.faults.count)
    try settle()
    removal = topology.faults.first { $0.kind == .remove }.map { fault in
      Removal(of: index(of: Topology.Talker(group: fault.group ?? "")), at: fault.at)
    }
    writeScript()
  }

  /// What a participant may hold at most: 256 links and as many half-open ones, of six secrets
  /// each, and a room's keys. Memory is taken only when it is needed.
  private static func secretSlots(_ nodes: Int) -> Int { 8_192 + nodes * 3_300 }

  /// Runs to the end of the topology and says what came of it.
  package func run() -> Report {
    if let twin {
      _ = twin.run()
      removal?.usual = twin.removal?.bytes ?? 0
      twin.residents = []
    }
    while let event = queue.take(), event.at <= topology.length {
      now = max(now, event.at)
      eventCount += 1
      trace.mix(UInt64(bitPattern: event.at) ^ UInt64(event.kind.rawValue) << 56)
      handle(event)
    }
    now = topology.length
    return finish()
  }

  private func handle(_ event: EventQueue.Event) {
    let subject = Int(event.subject)
    switch event.kind {
    case .arrival: arrived(subject, slot: Int(event.detail))
    case .delivery: deliver(residents[subject], slot: Int(event.detail))
    case .wake: wake(residents[subject], plannedAt: event.at)
    case .frame: speak(subject)
    case .join: enter(residents[subject])
    case .death: ageOut(residents[subject])
    case .fault: event.detail == 0 ? begin(fault: subject) : end(fault: subject)
    case .look: look(subject)
    case .mischief: subject < 0 ? censorActs() : misbehave(residents[subject])
    }
  }

  // MARK: Participants

  func command(_ resident: Resident, _ command: Command) {
    resident.participant.handle(command, at: resident.instant(now), into: &effects)
    apply(resident, arrival: false)
    arm(resident)
  }

  private func arrived(_ index: Int, slot: Int) {
    let resident = residents[index]
    guard resident.isAlive, accepts(resident, slot) else { return pool.release(slot) }
    guard downlinks[resident.home] == nil else { return queueUp(resident, slot: slot) }
    deliver(resident, slot: slot)
  }

  /// The line into the home: full of junk, it holds up speech too.
  private func queueUp(_ resident: Resident, slot: Int) {
    let count = Int(pool.envelopes[slot].count)
    guard
      let through = downlinks[resident.home]?.send(count, at: now, measured: isMeasuring)
    else { return pool.release(slot) }
    queue.plan(.delivery, at: through, resident.index, slot)
  }

  private func deliver(_ resident: Resident, slot: Int) {
    let index = resident.index
    guard resident.isAlive else { return pool.release(slot) }
    if resident.frozenUntil > now {
      guard resident.frozenQueue < World.socketQueue else { return pool.release(slot) }
      resident.frozenQueue += 1
      return queue.plan(.delivery, at: resident.frozenUntil, index, slot)
    }
    let envelope = pool.envelopes[slot]
    let count = Int(envelope.count)
    arrivals += 1
    if isMeasuring { resident.bytesIn += count + Line.overhead }
    removal?.arrived(count + Line.overhead, at: index, from: Int(envelope.sender), at: now)
    trace.mix(UInt64(index) << 32 | UInt64(count))
    resident.participant.handle(
      pool.span(slot), from: envelope.source, at: resident.instant(now), into: &effects)
    apply(resident, arrival: true)
    pool.release(slot)
    arm(resident)
  }

  private func wake(_ resident: Resident, plannedAt: Int64) {
    guard resident.isAlive, resident.wakeAt == plannedAt else { return }
    resident.wakeAt = .max
    if resident.frozenUntil > now { return plan(resident, at: resident.frozenUntil) }
    guard let due = resident.participant.nextDeadline else { return }
    guard resident.moment(due.instant) <= now else {
      return plan(resident, at: resident.moment(due.instant))
    }
    resident.participant.wake(at: resident.instant(now), into: &effects)
    apply(resident, arrival: false)
    arm(resident, afterWake: true)
  }

  /// Makes sure that a participant is woken when it wants to be. A deadline that moves later is
  /// found out when the old one comes, so that media does not fill the queue with wakes.
  func arm(_ resident: Resident, afterWake: Bool = false) {
    guard resident.isAlive, let due = resident.participant.nextDeadline else { return }
    var moment = resident.moment(due.instant)
    if afterWake, moment <= now {
      checks.stuckWakes += 1
      trace.detail("node \(resident.index) is stuck: \(due.reason)", at: now)
      moment = now + 1_000_000
    }
    if moment < resident.wakeAt { plan(resident, at: max(moment, now)) }
  }

  private func plan(_ resident: Resident, at moment: Int64) {
    resident.wakeAt = moment
    queue.plan(.wake, at: moment, resident.index)
  }

  /// A look costs about as much as a datagram: an eighth more for small worlds, little for large.
  private static func checkEvery(_ nodes: Int) -> Int { nodes <= 64 ? 8 : 64 }

  /// Datagrams a socket holds for a process that stands still: 212,992 bytes of Linux at about
  /// 768 of accounting each.
  private static let socketQueue = 277
}
