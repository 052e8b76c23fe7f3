import Keys
import Mesh
import Wire

/// A script for the logs of a room: operations that nobody would write, told to two nodes in
/// opposite orders, which then tell each other what they have.
///
/// Both must come to the same standing as the set itself. Signatures are not the matter here.
struct LogScript {
  private static let people = (1...8).map {
    PersonaID(Bytes32(high: Bytes16(high: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, low: 7), low: .zero))
  }
  private static let start: UInt64 = 1_790_000_000_000
  private static let mostOperations = 60
  private static let mostRounds = 40
  private static let now = Instant(nanoseconds: Int64(start + 100_000) * 1_000_000)

  private let genesis: Genesis
  private let room: RoomID
  private var logs = [[LoggedOperation]](repeating: [], count: LogScript.people.count)
  private var operations: [LoggedOperation] = []

  static func run(_ tape: inout Tape) throws(Finding) {
    var script = LogScript(isOpen: tape.byte() & 1 == 0)
    while !tape.isOver, script.operations.count < mostOperations { script.write(&tape) }
    try script.check()
  }

  private init(isOpen: Bool) {
    genesis = Genesis(
      mode: isOpen ? 0 : 1, creator: LogScript.people[0], created: LogScript.start,
      lifetimeSeconds: 86_400, nonce: .zero, title: "")
    room = RoomID(Digest.hash16("VR1-room", genesis.unsigned))
  }

  /// Eight bytes and what they ask for: `author and subject | kind | argument 2 | seconds | seen |
  /// cut | what else`.
  private mutating func write(_ tape: inout Tape) {
    let who = tape.byte()
    let (author, subject) = (Int(who & 7), Int(who >> 4 & 7))
    let number = tape.byte()
    let kind = OperationKind(rawValue: number) ?? OperationKind.known[Int(number) % 19]
    let argument = tape.word()
    let lifetime = tape.byte()
    let seen = tape.byte()
    let cut = tape.byte()
    let more = tape.byte()
    let forks = more & 1 == 1 && !logs[author].isEmpty
    let sequence = forks ? 1 + Int(more >> 1) % logs[author].count : logs[author].count + 1
    var operation = RoomOperation(
      kind: kind, room: room, author: LogScript.people[author], sequence: UInt32(sequence),
      previous: sequence == 1 ? .zero : logs[author][sequence - 2].hash,
      time: LogScript.start + UInt64(who) * 400, subject: LogScript.people[subject].raw,
      argument: UInt32(argument >> 8) << 24 | UInt32(argument & 0xFF),
      lifetimeSeconds: UInt32(lifetime & 0x7F), seen: references(seen))
    if kind.hasCut { place(cut, on: &operation, of: logs[subject]) }
    guard let formed = Self.formed(operation) else { return }
    let logged = LoggedOperation(formed)
    operations.append(logged)
    if !forks { logs[author].append(logged) }
  }

  /// Newest operations of those whose bits are set.
  private func references(_ mask: UInt8) -> [OperationReference] {
    logs.indices.compactMap { mask >> UInt8($0) & 1 == 1 ? logs[$0].last?.reference : nil }
  }

  private func place(
    _ cut: UInt8, on operation: inout RoomOperation, of victim: [LoggedOperation]
  ) {
    let last = min(Int(cut & 0x3F), victim.count)
    operation.argument = UInt32(last)
    operation.cut = last == 0 ? .zero : victim[last - 1].hash
    if cut & 0x80 != 0 { (operation.argument, operation.cut) = (1, Bytes16(high: 6, low: 6)) }
  }

  /// With zeros where its kind has nothing to say; nil when that is not enough.
  static func formed(_ operation: RoomOperation) -> RoomOperation? {
    var tries = [operation]
    tries.append(operation)
    tries[1].lifetimeSeconds = 0
    tries.append(tries[1])
    tries[2].argument = operation.argument & 1
    tries.append(tries[2])
    tries[3].subject = .zero
    tries.append(tries[2])
    tries[4].subject = operation.author.raw
    tries.append(operation)
    tries[5].argument = 0
    tries.append(tries[1])
    tries[6].argument = 0
    tries.append(tries[6])
    tries[7].subject = .zero
    return tries.first(where: \.isWellFormed)
  }

  private func check() throws(Finding) {
    let expected = Authority.standing(
      of: genesis, room: room, operations: operations, at: LogScript.now.milliseconds)
    var whole = log(operations.reversed())
    try Finding.unless(
      whole.standing(at: LogScript.now).hash == expected.hash, "the order of arrival matters")
    var (one, other) = (
      log(operations.indices.filter { $0 % 3 != 0 }.map { operations[$0] }),
      log(operations.indices.filter { $0 % 3 != 1 }.map { operations[$0] })
    )
    for _ in 0..<LogScript.mostRounds where one.hash != other.hash {
      exchange(&one, &other)
      exchange(&other, &one)
    }
    try Finding.unless(one.hash == other.hash, "two nodes do not come to agree")
    try Finding.unless(
      one.standing(at: LogScript.now).hash == other.standing(at: LogScript.now).hash,
      "two nodes with the same logs differ")
  }

  /// Told again while that brings anything: only so many wait for what comes before them.
  private func log(_ operations: some Sequence<LoggedOperation>) -> OperationLog {
    var log = OperationLog(genesis: genesis, verify: { _ in true })
    var known: OperationHash?
    while log.hash != known {
      known = log.hash
      for logged in operations { _ = log.insert(logged.operation, at: LogScript.now) }
    }
    return log
  }

  private func exchange(_ one: inout OperationLog, _ other: inout OperationLog) {
    for vector in one.vectors() {
      let answer = other.answer(to: vector)
      if let want = other.wants(after: vector) { tell(one.answer(to: want), to: &other) }
      tell(answer, to: &one)
    }
  }

  private func tell(_ operations: [RoomOperation], to log: inout OperationLog) {
    for operation in operations { _ = log.insert(operation, at: LogScript.now) }
  }

  /// Appointments, a fork, mutual removals, invites and a hand-over, one byte after the other.
  static var seeds: [[UInt8]] {
    func step(
      _ author: UInt8, _ kind: OperationKind, _ subject: UInt8, argument: UInt8 = 0,
      lifetime: UInt8 = 0, seen: UInt8 = 0xFF, cut: UInt8 = 0x3F, more: UInt8 = 0
    ) -> [UInt8] {
      [author | subject << 4, kind.rawValue, 0, argument, lifetime, seen, cut, more]
    }
    let moderators = step(0, .grantModerator, 1) + step(0, .grantModerator, 2)
    return [
      [0] + moderators + step(1, .remove, 2, seen: 1, cut: 0)
        + step(2, .remove, 1, seen: 1, cut: 0),
      [1] + moderators + step(1, .grantSpeaker, 4) + step(1, .grantSpeaker, 5, more: 1)
        + step(0, .unban, 4),
      [1] + step(0, .handOver, 3) + step(3, .revoke, 0) + step(0, .close, 0) + step(3, .close, 0),
      [1] + moderators + step(1, .inviteAdd, 6, argument: 1) + step(1, .admit, 4, argument: 1)
        + step(1, .admit, 5, argument: 1) + step(0, .inviteRevoke, 6),
      [0] + step(0, .stageInvite, 4, lifetime: 60) + step(4, .stageAccept, 0, argument: 1)
        + step(4, .stepDown, 4) + step(0, .cut, 4, cut: 1) + step(0, .policy, 0, argument: 3),
    ]
  }
}
