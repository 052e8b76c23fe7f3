import Mesh
import Wire

/// Stop watches: how long news of a joiner takes to everybody, and what a healed partition takes.
struct Watches {
  private struct Watch {
    let session: SessionID
    let since: Int64
    /// Nodes that were in and have not heard yet.
    var waiting: [Bool]
    var left: Int
  }

  /// In milliseconds.
  private(set) var spread: [Double] = []
  private(set) var missed = 0
  private var running: [Watch] = []
  private var heardAcross: [Bool] = []
  private(set) var across: [Double] = []
  private(set) var rostersHealed: Double?
  private var healedAt: Int64?

  /// At once, so that a flash crowd does not cost its square.
  private static let limit = 24
  private static let patience: Int64 = 10_000_000_000

  mutating func joined(
    _ newcomer: Resident, _ session: SessionID, others: [Resident], at now: Int64
  ) {
    expire(at: now)
    guard running.count < Self.limit else { return }
    let waiting = others.map { $0.isMember && $0.index != newcomer.index }
    let left = waiting.count(where: \.self)
    guard left > 0 else { return }
    running.append(Watch(session: session, since: now, waiting: waiting, left: left))
  }

  mutating func rosterChanged(_ resident: Resident, room: RoomID?, at now: Int64) {
    guard let room, !running.isEmpty else { return }
    for index in running.indices
    where resident.index < running[index].waiting.count && running[index].waiting[resident.index] {
      guard resident.participant.knows(running[index].session, in: room) else { continue }
      running[index].waiting[resident.index] = false
      running[index].left -= 1
      spread.append(Double(now - running[index].since) / 1e6)
    }
    running.removeAll { $0.left == 0 }
  }

  mutating func expire(at now: Int64) {
    for watch in running where watch.since + Self.patience < now { missed += watch.left }
    running.removeAll { $0.since + Self.patience < now }
  }

  /// Who never heard; those that died meanwhile are not counted.
  mutating func finish(_ residents: [Resident], at now: Int64) {
    for watch in running where watch.since + Self.patience < now {
      missed += watch.waiting.indices.count { watch.waiting[$0] && residents[$0].isAlive }
    }
    running = []
  }

  mutating func healed(at now: Int64) {
    healedAt = now
    heardAcross = []
    across = []
    rostersHealed = nil
  }

  mutating func heardAcross(_ node: Int, after: Int64) {
    if node >= heardAcross.count {
      heardAcross.append(contentsOf: repeatElement(false, count: node + 1 - heardAcross.count))
    }
    guard !heardAcross[node] else { return }
    heardAcross[node] = true
    across.append(Double(after) / 1e6)
  }

  mutating func rostersEqual(at now: Int64) {
    guard let healedAt, rostersHealed == nil else { return }
    rostersHealed = Double(now - healedAt) / 1e6
  }

  var waitsForRosters: Bool { healedAt != nil && rostersHealed == nil }
}
