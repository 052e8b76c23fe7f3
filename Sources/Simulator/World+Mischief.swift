import Mesh
import Wire

/// How a hostile node comes by what it does.
extension Misbehaviour {
  /// What the participant itself has to lie about; the rest is done to its datagrams.
  static func inMesh(_ kinds: Set<Misbehaviour>) -> Mischief {
    kinds.reduce(into: []) { $0.formUnion($1.inMesh) }
  }

  private var inMesh: Mischief {
    switch self {
    case .forge: .forge
    case .lieDelay: .lieDelay
    case .liePath: .liePath
    case .poison: .poison
    case .eclipse: .eclipse
    case .equivocate: .equivocate
    case .dropAll, .dropHalf, .delay, .replay, .flood: []
    }
  }
}

/// Hostile nodes: what the world does to their datagrams, and what they send of their own accord.
extension World {
  /// How much later a datagram leaves; nil when it never does.
  func delay(by resident: Resident, forwarding: Bool) -> Int64? {
    guard forwarding else { return 0 }
    if resident.mischief.contains(.dropAll) { return nil }
    if resident.mischief.contains(.dropHalf), chance.below(2) == 0 { return nil }
    return resident.mischief.contains(.delay) ? 300_000_000 : 0
  }

  func remember(_ bytes: [UInt8], _ datagram: Outbox.Datagram, _ resident: Resident) {
    guard !resident.mischief.isDisjoint(with: [.replay, .flood]) else { return }
    let copy = Array(bytes[datagram.start..<datagram.start + datagram.count])
    if resident.memory.count < World.memoryLimit {
      resident.memory.append((copy, datagram.target))
    } else {
      resident.memory[chance.below(World.memoryLimit)] = (copy, datagram.target)
    }
  }

  /// Ten times a second.
  func misbehave(_ resident: Resident) {
    guard resident.isAlive, !resident.isHonest else { return }
    queue.plan(.mischief, at: now + 100_000_000, resident.index)
    guard let room, resident.isMember else { return }
    let mischief = resident.mischief
    if mischief.contains(.replay) {
      for _ in 0..<World.replayBurst { sendOld(resident, changed: false) }
      act(resident) { $0.repeatFrames(World.replayBurst, in: room, at: $1, into: &$2) }
    }
    if mischief.contains(.flood) {
      for _ in 0..<World.floodBurst { sendOld(resident, changed: true) }
      act(resident) { $0.pester(in: room, at: $1, into: &$2) }
    }
    if mischief.contains(.eclipse), chance.below(10) == 0 {
      act(resident) { $0.crowdIn(in: room, at: $1, into: &$2) }
    }
  }

  private func sendOld(_ resident: Resident, changed: Bool) {
    guard !resident.memory.isEmpty else { return }
    let old = resident.memory[chance.below(resident.memory.count)]
    var bytes = old.bytes
    if changed {
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: chance.next()) }
    }
    send(bytes, 0, bytes.count, from: resident, to: old.target)
  }

  private func act(
    _ resident: Resident, _ body: (inout Participant, Instant, inout Effects) -> Void
  ) {
    body(&resident.participant, resident.instant(now), &effects)
    apply(resident, arrival: false)
    arm(resident)
  }

  private static let memoryLimit = 256
  private static let replayBurst: UInt32 = 20
  /// A thousand a second.
  private static let floodBurst = 100
}
