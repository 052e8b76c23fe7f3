import Mesh
import Wire

/// What goes wrong.
extension World {
  func begin(fault number: Int) {
    let fault = topology.faults[number]
    firstFault = min(firstFault, now)
    guard fault.kind != .remove else { return remove(fault) }
    let chosen = choose(fault)
    victims[number] = chosen.map(\.index)
    trace.note("\(fault.kind.rawValue): \(chosen.count) nodes", at: now)
    switch fault.kind {
    case .kill: for resident in chosen { kill(resident) }
    case .leave:
      for resident in chosen {
        command(resident, .farewell)
        resident.state = .gone
        resident.diedAt = now
        invariants.forget(resident.index)
      }
    case .freeze:
      for resident in chosen {
        resident.frozenUntil = max(resident.frozenUntil, now + fault.lasts)
        resident.wasDisturbed = true
      }
    case .partition:
      partitions += 1
      for resident in residents { resident.side = false }
      for resident in chosen { resident.side = true }
    case .block:
      blocks.append((groupNumber(fault.group), groupNumber(fault.target), number))
    case .congest:
      for resident in chosen { resident.congestion = (fault.lossPermille, fault.delay) }
    case .remove: break
    }
  }

  func end(fault number: Int) {
    let fault = topology.faults[number]
    trace.note("\(fault.kind.rawValue) is over", at: now)
    switch fault.kind {
    case .kill, .leave, .remove: break
    case .freeze:
      for index in victims[number] {
        residents[index].frozenQueue = 0
        invariants.forget(index)
      }
    case .partition:
      partitions -= 1
      healedAt = now
      watches.healed(at: now)
      queue.plan(.look, at: now + 100_000_000, 2)
    case .block: blocks.removeAll { $0.fault == number }
    case .congest: for index in victims[number] { residents[index].congestion = nil }
    }
  }

  private func groupNumber(_ name: String?) -> Int? {
    name.flatMap { name in topology.groups.firstIndex { $0.name == name } }
  }

  /// Speakers and the maker of the room are spared unless their group is named.
  private func choose(_ fault: Topology.Fault) -> [Resident] {
    let group = groupNumber(fault.group)
    var candidates = residents.filter { resident in
      guard resident.isAlive || (fault.kind == .partition && resident.state == .absent) else {
        return false
      }
      if let group { return resident.group == group }
      return fault.kind == .partition || fault.kind == .congest
        || !(resident.index == 0 || isTalker(resident.index))
    }
    if fault.role == .relay { candidates = candidates.filter(isInteriorRelay) }
    chance.shuffle(&candidates)
    let count = fault.count ?? (candidates.count * fault.percent + 50) / 100
    return Array(candidates.prefix(count))
  }

  private func isInteriorRelay(_ resident: Resident) -> Bool {
    guard let room, let inside = resident.participant.inspect(room), !inside.isRoot else {
      return false
    }
    return inside.trees.contains { !$0.children.isEmpty }
  }
}
