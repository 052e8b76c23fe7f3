import Keys
import Mesh
import Wire

/// A random set of operations, much worse than people would write: unseen, forked, dated back, cut
/// at random, against seniors and by nobodies.
struct Tangle {
  private static let kinds: [OperationKind] = [
    .grantModerator, .grantModerator, .grantModerator, .grantSpeaker, .grantSpeaker, .revoke,
    .revoke, .mute, .unmute, .remove, .remove, .unban, .inviteAdd, .inviteRevoke, .grantRelay,
    .policy, .close, .grantListener, .admit, .handOver, .stageInvite, .stageAccept, .stepDown,
    .cut, .later(130),
  ]

  var scene: Scene
  private var dice: Entropy
  private let count: Int

  init(seed: UInt64, operations: Int, isSigned: Bool = false) throws {
    dice = .seeded(seed)
    count = operations
    scene = try Scene(people: 6, isSigned: isSigned)
    scene.appoint(1, 2)
    for _ in 0..<operations { addOne() }
  }

  private mutating func addOne() {
    let author = weighted()
    let kind = dice.pick(Tangle.kinds) ?? .mute
    let subject = kind == .stepDown ? author : dice.below(scene.people.count)
    let sequence = dice.below(12) == 0 ? fork(of: author) : nil
    scene.write(
      kind, by: author, about: kind == .policy || kind == .close ? nil : subject,
      key: key(for: kind), argument: argument(for: kind, subject), lifetime: lifetime(for: kind),
      time: dice.below(8) == 0 ? Scene.start + UInt64(dice.below(100_000)) : nil,
      seeing: dice.below(3) == 0 ? some() : nil, cut: cut(subject), at: sequence)
  }

  /// The senior write more, so that much of it counts.
  private mutating func weighted() -> Int {
    min(dice.below(scene.people.count), dice.below(scene.people.count))
  }

  private mutating func fork(of author: Int) -> UInt32? {
    let length = scene.logs[author].count
    return length == 0 ? nil : UInt32(1 + dice.below(length))
  }

  private mutating func some() -> [LoggedOperation] {
    (0..<dice.below(4)).compactMap { _ in dice.pick(scene.operations) }
  }

  private mutating func key(for kind: OperationKind) -> SigningKey? {
    guard kind == .inviteAdd || kind == .inviteRevoke else { return nil }
    return SigningKey(
      Bytes32(high: .zero, low: Bytes16(high: 1, low: UInt64(dice.below(2)))))
  }

  private mutating func argument(for kind: OperationKind, _ subject: Int) -> UInt32 {
    switch kind {
    case .inviteAdd: UInt32(dice.below(2)) << 24 | UInt32(dice.below(3))
    case .admit, .stageAccept: UInt32(1 + dice.below(6))
    case .stepDown: UInt32(dice.below(2))
    case .policy: UInt32(dice.below(8))
    default: 0
    }
  }

  private mutating func lifetime(for kind: OperationKind) -> UInt32 {
    switch kind {
    case .stageInvite: 1 + UInt32(dice.below(200))
    case .grantModerator, .grantSpeaker, .grantListener, .grantRelay, .mute, .remove, .inviteAdd:
      dice.below(4) == 0 ? UInt32(dice.below(200)) : 0
    default: 0
    }
  }

  private mutating func cut(_ subject: Int) -> Scene.Cut {
    switch dice.below(6) {
    case 0: .after(UInt32(dice.below(scene.logs[subject].count + 1)))
    case 1: .forged(UInt32(1 + dice.below(scene.logs[subject].count + 2)))
    default: .afterAll
    }
  }

  /// All of them in another order, a third of them twice.
  mutating func shuffled() -> [LoggedOperation] {
    var operations = scene.operations
    for operation in scene.operations where dice.below(3) == 0 { operations.append(operation) }
    dice.shuffle(&operations)
    return operations
  }

  /// Each of them to one side, the other or both.
  mutating func halves() -> ([RoomOperation], [RoomOperation]) {
    var sides: ([RoomOperation], [RoomOperation]) = ([], [])
    for logged in shuffled() {
      let side = dice.below(3)
      if side != 0 { sides.0.append(logged.operation) }
      if side != 1 { sides.1.append(logged.operation) }
    }
    return sides
  }
}
