/// How listeners fared.
///
/// The listener of 3-mesh 2.1, by whose rule other systems were measured: it plays a frame when its
/// own 95th percentile of delay and 40 ms have passed since it was said (the percentile from before
/// the first fault, where there is one). A frame that is late makes it wait (*expansion*), a lost
/// one costs its 20 ms; the sum is its *stall*. *Bad* is a frame lost or later than that without
/// waiting.
struct Score {
  private(set) var delays = Histogram()
  private(set) var expected = 0
  private(set) var missing = 0
  private(set) var bad = 0
  private(set) var listeners = 0
  /// Milliseconds, of those that stalled at all.
  private(set) var stalls: [Double] = []
  /// Frames due and bad ones by the second in which they were said.
  private(set) var bySecond: [(due: Int, bad: Int)] = []
  private(set) var calmListeners = 0
  private(set) var calmServed = 0
  /// For those who look for the reason: worst listeners, node and bad frames.
  private(set) var worst: [(node: Int, bad: Int, of: Int)] = []
  private(set) var stalled: [String] = []

  static let cushion: Int32 = 40_000
  static let frame: Int32 = 20_000
  private static let percentile = 0.95
  /// Fewer frames tell nothing about a listener's delay.
  private static let enough = 50

  init(_ world: World) {
    for (number, voice) in world.ledger.voices.enumerated() {
      for resident in world.residents
      where resident.index != voice.node && resident.isHonest {
        judge(resident, number, voice, world)
      }
    }
    worst.sort { ($0.bad, $1.node) > ($1.bad, $0.node) }
    worst = Array(worst.prefix(8))
  }

  private mutating func judge(
    _ resident: Resident, _ number: Int, _ voice: Ledger.Voice, _ world: World
  ) {
    let frames = voice.saidAt.indices.filter {
      !voice.tails.contains($0) && isDue(to: resident, voice, saidAt: voice.saidAt[$0], world)
    }
    guard !frames.isEmpty else { return }
    let delays = frames.map { world.ledger.delay(resident.index, number, $0) }
    calm(resident, voice, frames, delays, world)
    guard !resident.wasDisturbed else { return }
    let split = frames.firstIndex { voice.saidAt[$0] >= world.firstFault } ?? 0
    let before = split >= Self.enough ? delays[..<split] : delays[...]
    let arrived = before.filter { $0 != Ledger.never }.sorted()
    let percentile =
      arrived.isEmpty
      ? 0 : arrived[min(arrived.count - 1, Int(Double(arrived.count) * Self.percentile))]
    count(delays, limit: percentile + Self.cushion, node: resident.index)
    for (frame, delay) in zip(frames, delays) {
      let isBad = delay == Ledger.never || delay > percentile + Self.cushion
      place(isBad, second: Int(voice.saidAt[frame] / 1_000_000_000))
      guard isBad else { continue }
      let fate = delay == Ledger.never ? "never came" : "came after \(delay / 1_000) ms"
      world.trace.detail(
        "frame \(frame) of node \(voice.node) \(fate) to node \(resident.index)",
        at: voice.saidAt[frame])
    }
    let first = split >= Self.enough ? split : 0
    if Self.stall(delays[first...], limit: percentile + Self.cushion) > 0 {
      explain(resident.index, voice, frames, delays, first, percentile)
    }
    stall(delays[first...], limit: percentile + Self.cushion)
  }

  private func isDue(
    to resident: Resident, _ voice: Ledger.Voice, saidAt: Int64, _ world: World
  ) -> Bool {
    let topology = world.topology
    guard saidAt >= topology.measureFrom, saidAt < topology.measureTo,
      let joined = resident.joinedAt, saidAt >= joined + topology.grace,
      saidAt < resident.diedAt - 1_000_000_000
    else { return false }
    guard resident.side != world.residents[voice.node].side else { return true }
    return !topology.faults.contains { fault in
      fault.kind == .partition && saidAt >= fault.at - 500_000_000
        && saidAt < fault.at + fault.lasts + Score.healing
    }
  }

  private mutating func count(_ delays: [Int32], limit: Int32, node: Int) {
    listeners += 1
    expected += delays.count
    var mine = 0
    for delay in delays {
      if delay == Ledger.never {
        missing += 1
        mine += 1
      } else {
        self.delays.add(delay)
        if delay > limit { mine += 1 }
      }
    }
    bad += mine
    if mine > 0 { worst.append((node, mine, delays.count)) }
  }

  private mutating func place(_ isBad: Bool, second: Int) {
    while bySecond.count <= second { bySecond.append((0, 0)) }
    bySecond[second].due += 1
    if isBad { bySecond[second].bad += 1 }
  }

  /// How long the ways by either tree were before, and the first frames that came too late.
  private mutating func explain(
    _ node: Int, _ voice: Ledger.Voice, _ frames: [Int], _ delays: [Int32], _ first: Int,
    _ percentile: Int32
  ) {
    guard stalled.count < 16 else { return }
    func usual(_ parity: Int) -> Int32 {
      let mine = zip(frames, delays).prefix(first).filter { $0.0 % 2 == parity }.map(\.1).sorted()
      return mine.isEmpty ? 0 : mine[mine.count / 2] / 1_000
    }
    let late = (first..<delays.count).filter { delays[$0] > percentile + Self.cushion }.prefix(8)
    let words = late.map { place in
      let delay = delays[place] == Ledger.never ? "never" : "\(delays[place] / 1_000) ms"
      return "\(frames[place]) \(Trace.seconds(voice.saidAt[frames[place]])) s \(delay)"
    }
    stalled.append(
      "node \(node) plays after \((percentile + Self.cushion) / 1_000) ms, usually even "
        + "\(usual(0)) odd \(usual(1)); late: \(words.joined(separator: ", "))")
  }

  private mutating func stall(_ delays: ArraySlice<Int32>, limit: Int32) {
    let stall = Score.stall(delays, limit: limit)
    if stall > 0 { stalls.append(Double(stall) / 1_000) }
  }

  /// Microseconds for which a listener with this playout delay hears nothing.
  static func stall(_ delays: ArraySlice<Int32>, limit: Int32) -> Int64 {
    var limit = limit
    var stall: Int64 = 0
    for delay in delays {
      if delay == Ledger.never {
        stall += Int64(Self.frame)
      } else if delay > limit {
        stall += Int64(delay - limit)
        limit = delay
      }
    }
    return stall
  }

  private mutating func calm(
    _ resident: Resident, _ voice: Ledger.Voice, _ frames: [Int], _ delays: [Int32],
    _ world: World
  ) {
    guard world.topology.calm > 0, resident.isAlive else { return }
    let from = world.topology.measureTo - world.topology.calm
    let last = zip(frames, delays).filter { voice.saidAt[$0.0] >= from }
    guard !last.isEmpty else { return }
    calmListeners += 1
    let heard = last.count { $0.1 != Ledger.never }
    if heard * 100 >= last.count * 99 { calmServed += 1 }
  }

  /// After a partition has healed, sound from the other side may take so long before it is missed.
  private static let healing: Int64 = 5_000_000_000
}
