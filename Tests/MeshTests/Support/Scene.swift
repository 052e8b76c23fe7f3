import Keys
import Mesh
import Wire

/// A room on paper: people, their logs, and exactly what each of them had seen when it wrote.
struct Scene {
  /// What a restriction lets stand of its subject's log.
  enum Cut {
    /// All that is there when it is written.
    case afterAll
    case after(UInt32)
    /// A number with somebody else's hash.
    case forged(UInt32)
  }

  static let start: UInt64 = 1_790_000_000_000

  let genesis: Genesis
  let room: RoomID
  /// The creator first.
  let people: [PersonaID]
  private let signers: [Signer]
  private(set) var operations: [LoggedOperation] = []
  private(set) var logs: [[LoggedOperation]]

  /// Unsigned unless `isSigned`: the rules do not look at signatures.
  init(people count: Int = 8, isOpen: Bool = false, isSigned: Bool = false) throws {
    var entropy = Entropy.seeded(42)
    signers = isSigned ? try (0..<count).map { _ in try Signer(&entropy) } : []
    people =
      isSigned
      ? signers.map { PersonaID($0.pair.publicKey.raw) }
      : (0..<count).map { _ in PersonaID(entropy.bytes32()) }
    genesis = Genesis(
      mode: isOpen ? 0 : 1, creator: people[0], created: Scene.start, lifetimeSeconds: 86_400,
      nonce: .zero, title: "scene")
    room = RoomID(Digest.hash16("VR1-room", genesis.unsigned))
    logs = Array(repeating: [], count: count)
  }

  /// - Parameters:
  ///   - seeing: operations of others; nil stands for everything there is.
  ///   - sequence: below the end of the log, it forks the log there.
  @discardableResult
  mutating func write(
    _ kind: OperationKind, by author: Int, about subject: Int? = nil, key: SigningKey? = nil,
    argument: UInt32 = 0, lifetime: UInt32 = 0, time: UInt64? = nil,
    seeing: [LoggedOperation]? = nil, cut: Cut = .afterAll, at sequence: UInt32? = nil
  ) -> LoggedOperation {
    let log = logs[author]
    let number = sequence ?? UInt32(log.count) + 1
    var operation = RoomOperation(
      kind: kind, room: room, author: people[author], sequence: number,
      previous: number == 1 ? .zero : log[Int(number) - 2].hash,
      time: time ?? Scene.start + 1_000 * UInt64(operations.count + 1),
      subject: key?.raw ?? subject.map { people[$0].raw } ?? .zero, argument: argument,
      lifetimeSeconds: lifetime,
      seen: (seeing ?? heads(except: author)).map(\.reference))
    if kind.hasCut, let subject { place(cut, on: &operation, of: logs[subject]) }
    if !signers.isEmpty {
      operation.signature = signers[author].pair.sign("VR1-op", operation.unsigned)
    }
    let logged = LoggedOperation(operation)
    operations.append(logged)
    if sequence == nil { logs[author].append(logged) }
    return logged
  }

  /// The creator makes moderators of these, one after the other.
  mutating func appoint(_ people: Int...) {
    for person in people { write(.grantModerator, by: 0, about: person) }
  }

  func standing(after time: UInt64 = 100_000) -> Standing {
    Authority.standing(
      of: genesis, room: room, operations: operations, at: Scene.start + time)
  }

  func role(_ person: Int, after time: UInt64 = 100_000) -> Role? {
    standing(after: time)[people[person]].role
  }

  func isRemoved(_ person: Int) -> Bool { standing()[people[person]].isRemoved }

  static func moment(_ milliseconds: UInt64) -> Instant {
    Instant(nanoseconds: Int64(start + milliseconds) * 1_000_000)
  }

  private func heads(except author: Int) -> [LoggedOperation] {
    logs.indices.filter { $0 != author }.compactMap { logs[$0].last }
  }

  private func place(
    _ cut: Cut, on operation: inout RoomOperation, of victim: [LoggedOperation]
  ) {
    switch cut {
    case .afterAll: operation.argument = UInt32(victim.count)
    case .after(let sequence), .forged(let sequence): operation.argument = sequence
    }
    let place = Int(operation.argument)
    operation.cut = place >= 1 && place <= victim.count ? victim[place - 1].hash : .zero
    if case .forged = cut { operation.cut = Bytes16(high: 6, low: 6) }
  }
}

/// A key pair that can be held in an array.
final class Signer: Sendable {
  let pair: SigningPair

  init(_ entropy: inout Entropy) throws {
    try Sodium.start()
    pair = try SigningPair(random: &entropy)
  }
}
