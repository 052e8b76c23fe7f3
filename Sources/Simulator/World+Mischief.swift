import Mesh
import Wire

/// How a hostile node comes by what it does.
extension Misbehaviour {
  /// What the participant itself has to lie about; the rest is done to its datagrams.
  var inMesh: Mischief {
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
  func delay(
    _ mischief: Misbehaviour, _ resident: Resident, forwarding: Bool
  ) -> Int64? {
    guard forwarding else { return 0 }
    switch mischief {
    case .dropAll: return nil
    case .dropHalf: return chance.below(2) == 0 ? nil : 0
    case .delay: return 300_000_000
    default: return 0
    }
  }

  func remember(_ bytes: [UInt8], _ datagram: Outbox.Datagram, _ resident: Resident) {
    guard resident.mischief == .replay || resident.mischief == .flood else { return }
    let copy = Array(bytes[datagram.start..<datagram.start + datagram.count])
    if resident.memory.count < World.memoryLimit {
      resident.memory.append((copy, datagram.target))
    } else {
      resident.memory[chance.below(World.memoryLimit)] = (copy, datagram.target)
    }
  }

  /// Ten times a second.
  func misbehave(_ resident: Resident) {
    guard resident.isAlive, let mischief = resident.mischief else { return }
    queue.plan(.mischief, at: now + 100_000_000, resident.index)
    guard !resident.memory.isEmpty else { return }
    switch mischief {
    case .replay:
      let old = resident.memory[chance.below(resident.memory.count)]
      send(old.bytes, 0, old.bytes.count, from: resident, to: old.target)
    case .flood:
      for _ in 0..<World.floodBurst {
        let old = resident.memory[chance.below(resident.memory.count)]
        let junk = old.bytes.map { _ in UInt8(truncatingIfNeeded: chance.next()) }
        send(junk, 0, junk.count, from: resident, to: old.target)
      }
    default: break
    }
  }

  private static let memoryLimit = 256
  /// A thousand a second.
  private static let floodBurst = 100
}
