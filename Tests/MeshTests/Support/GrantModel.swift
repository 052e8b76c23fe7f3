import Keys
import Mesh
import Wire

/// Fourteen nodes that pass operations, announcements and keys from neighbour to neighbour in a
/// random order, while two moderators in two halves remove two people.
///
/// Logs, frontier and rule are the real ones; links are lists, keys are numbers.
struct GrantModel {
  /// Hands keys on without asking what the speaker knew.
  let isMutant: Bool
  private(set) var leaks = 0
  /// Nodes that may hear and got the last key of every speaker.
  private(set) var served = 0
  private(set) var unserved = 0

  private enum Message {
    case operation(RoomOperation)
    case announcement(speaker: Int, generation: Int)
    case key(speaker: Int, generation: Int)
  }

  private struct Node {
    var log: OperationLog
    /// Newest announced generation, and generations held, by speaker.
    var announced: [Int: Int] = [:]
    var keys: [Int: Int] = [:]
    /// Given to whom, so that nothing is given twice.
    var given: Set<[Int]> = []
  }

  private let people: [PersonaID]
  private var nodes: [Node] = []
  private var edges: [[Int]]
  private var queue: [(from: Int, to: Int, message: Message)] = []
  private var frontiers: [[Int]: [OperationReference]] = [:]
  /// For each key, whom its speaker knew to be removed.
  private var excluded: [[Int]: Set<Int>] = [:]
  private var generations: [Int: Int] = [:]
  private let half: Set<Int>
  private var isParted = true
  private var dice: Entropy

  static let count = 14
  private static let speakers = [0, 1, 2]
  /// Moderator and whom it removes.
  private static let removals = [(by: 0, of: 5), (by: 1, of: 6)]

  init(seed: UInt64, isMutant: Bool) throws {
    self.isMutant = isMutant
    dice = Entropy.seeded(seed)
    people = (0..<Self.count).map { index in
      PersonaID(Bytes32(high: Bytes16(high: UInt64(index + 1), low: seed), low: .zero))
    }
    let genesis = Genesis(
      mode: 1, creator: people[0], created: Scene.start, lifetimeSeconds: 86_400, nonce: .zero,
      title: "model")
    edges = Array(repeating: [], count: Self.count)
    half = Set((0..<Self.count).filter { _ in true }.filter { $0 % 2 == 1 })
    for one in 0..<Self.count {
      let ring = (one + 1) % Self.count
      connect(one, ring)
      for _ in 0..<1 { connect(one, Int(dice.below(UInt64(Self.count)))) }
    }
    var log = OperationLog(genesis: genesis, verify: { _ in true })
    for person in people.dropFirst() {
      let kind = person == people[1] ? OperationKind.grantModerator : .grantListener
      _ = log.insert(
        log.draft(kind, by: people[0], about: person.raw, at: Scene.moment(1)),
        at: Scene.moment(1))
    }
    for speaker in [1, 2] {
      _ = log.insert(
        log.draft(.grantSpeaker, by: people[0], about: people[speaker].raw, at: Scene.moment(1)),
        at: Scene.moment(1))
    }
    nodes = Array(repeating: Node(log: log), count: Self.count)
    for speaker in Self.speakers { makeKey(speaker) }
  }

  private mutating func connect(_ one: Int, _ other: Int) {
    guard one != other, !edges[one].contains(other) else { return }
    edges[one].append(other)
    edges[other].append(one)
  }

  mutating func run() {
    drain(atMost: .max, parted: false)
    for removal in Self.removals {
      let node = removal.by
      let operation = nodes[node].log.draft(
        .remove, by: people[node], about: people[removal.of].raw, at: Scene.moment(10))
      deliver(.operation(operation), from: node, to: node)
      drain(atMost: Int(dice.below(60 as UInt64)), parted: true)
    }
    drain(atMost: .max, parted: true)
    drain(atMost: .max, parted: false)
    count()
  }

  /// Any message may be next; those between the halves wait while they are parted.
  private mutating func drain(atMost limit: Int, parted: Bool) {
    isParted = parted
    var left = limit
    while left > 0 {
      let open = queue.indices.filter { !isParted || !crosses(queue[$0]) }
      guard let index = dice.pick(open) else { return }
      let next = queue.remove(at: index)
      deliver(next.message, from: next.from, to: next.to)
      left -= 1
    }
  }

  private func crosses(_ flight: (from: Int, to: Int, message: Message)) -> Bool {
    half.contains(flight.from) != half.contains(flight.to)
  }

  private mutating func flood(_ message: Message, from node: Int) {
    for other in edges[node] { queue.append((node, other, message)) }
  }

  private mutating func deliver(_ message: Message, from: Int, to node: Int) {
    switch message {
    case .operation(let operation):
      guard case .accepted(let operations) = nodes[node].log.insert(operation, at: Scene.moment(20))
      else { return }
      for operation in operations { flood(.operation(operation), from: node) }
      if Self.speakers.contains(node) { makeKey(node) }
      for speaker in Self.speakers { handOn(speaker, from: node) }
    case .announcement(let speaker, let generation):
      guard nodes[node].announced[speaker] ?? 0 < generation else { return }
      nodes[node].announced[speaker] = generation
      flood(message, from: node)
      handOn(speaker, from: node)
    case .key(let speaker, let generation):
      guard nodes[node].keys[speaker] ?? 0 < generation else { return }
      nodes[node].keys[speaker] = generation
      handOn(speaker, from: node)
    }
  }

  private mutating func makeKey(_ speaker: Int) {
    let generation = (generations[speaker] ?? 0) + 1
    generations[speaker] = generation
    frontiers[[speaker, generation]] = nodes[speaker].log.frontier()
    let standing = nodes[speaker].log.standing(at: Scene.moment(20))
    excluded[[speaker, generation]] = Set(
      Self.removals.map(\.of).filter { !standing.mayListen(people[$0], via: nil) })
    nodes[speaker].announced[speaker] = generation
    nodes[speaker].keys[speaker] = generation
    flood(.announcement(speaker: speaker, generation: generation), from: speaker)
    handOn(speaker, from: speaker)
  }

  private mutating func handOn(_ speaker: Int, from node: Int) {
    // The removed are no honest nodes; what they hand on is not counted.
    guard let generation = nodes[node].keys[speaker], nodes[node].announced[speaker] == generation,
      let frontier = frontiers[[speaker, generation]]
    else { return }
    let standing = nodes[node].log.standing(at: Scene.moment(20))
    for other in edges[node] where !nodes[node].given.contains([other, speaker, generation]) {
      let verdict = GrantRule.verdict(
        on: people[other], via: nil, standing: standing, log: nodes[node].log,
        announced: isMutant ? [] : frontier)
      guard verdict == .give else { continue }
      nodes[node].given.insert([other, speaker, generation])
      let isHonest = !Self.removals.contains { $0.of == node }
      if isHonest, excluded[[speaker, generation]]?.contains(other) == true { leaks += 1 }
      queue.append((node, other, .key(speaker: speaker, generation: generation)))
    }
  }

  private mutating func count() {
    for node in 0..<Self.count where !Self.removals.contains(where: { $0.of == node }) {
      for speaker in Self.speakers {
        if nodes[node].keys[speaker] == generations[speaker] { served += 1 } else { unserved += 1 }
      }
    }
  }
}
