import Testing
import Wire

struct OperationTests {
  private static let room = RoomID(Bytes16(high: 1, low: 2))
  private static let author = PersonaID(Bytes32(0..<32) ?? .zero)
  private static let subject = Bytes32(32..<64) ?? .zero
  private static let hash = Bytes16(high: 3, low: 4)
  private static let reference = OperationReference(author: AuthorID(9), sequence: 3, head: 5)

  /// A well-formed operation of a kind.
  private static func example(_ kind: OperationKind) -> RoomOperation {
    var operation = RoomOperation(
      kind: kind, room: room, author: author, sequence: 2, previous: hash, time: 1_790_000_000_000,
      subject: subject, argument: 0, lifetimeSeconds: 0, seen: [reference, reference],
      cut: kind.hasCut ? hash : nil)
    switch kind {
    case .revoke, .remove, .cut, .admit, .stageAccept: operation.argument = 7
    case .inviteAdd: operation.argument = InviteTerms(role: .speaker, uses: 3).argument
    case .stageInvite: operation.lifetimeSeconds = 60
    case .policy, .close: operation.subject = .zero
    case .stepDown: operation.subject = author.raw
    default: break
    }
    return operation
  }

  static let kinds = OperationKind.known + [.later(128), .later(255)]

  /// Reads a message behind its tag.
  private func parse<Message>(
    _ bytes: [UInt8], _ read: (inout Reader) throws(WireError) -> Message
  ) throws(WireError) -> Message {
    let body = Array(bytes.dropFirst())
    var reader = Reader(body.span)
    return try read(&reader)
  }

  private func read(_ bytes: [UInt8]) throws(WireError) -> RoomOperation {
    var reader = Reader(bytes.span)
    let operation = try RoomOperation(from: &reader)
    try reader.finish()
    return operation
  }

  @Test(arguments: kinds)
  func everyKindIsReadAsItWasWritten(_ kind: OperationKind) throws {
    let operation = Self.example(kind)
    #expect(operation.isWellFormed)
    #expect(operation.encoded.count == operation.byteCount)
    #expect(operation.encoded.count == 220 + (kind.hasCut ? 16 : 0))
    #expect(try read(operation.encoded) == operation)
    #expect(operation.encoded == operation.unsigned + [UInt8](repeating: 0, count: 64))
  }

  @Test(arguments: kinds)
  func everyCutIsRefused(_ kind: OperationKind) {
    let bytes = Self.example(kind).encoded
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try read(Array(bytes.prefix(count))) }
    }
    #expect(throws: WireError.trailing) { try read(bytes + [0]) }
  }

  @Test func kindsHaveTheirNumbersAndUnknownSmallOnesAreRefused() {
    for number in UInt8.min...UInt8.max {
      let kind = OperationKind(rawValue: number)
      #expect(kind == nil || kind?.rawValue == number)
      #expect((kind == nil) == (number == 0 || (20..<128).contains(number)))
    }
    #expect(OperationKind.grantSpeaker.rawValue == 2)
    #expect(OperationKind.inviteAdd.rawValue == 8)
    #expect(OperationKind.admit.rawValue == 14)
  }

  @Test func fieldsThatSayNothingAreZero() {
    func spoil(_ kind: OperationKind, _ change: (inout RoomOperation) -> Void) -> Bool {
      var operation = Self.example(kind)
      change(&operation)
      return operation.isWellFormed
    }
    #expect(!spoil(.grantSpeaker) { $0.argument = 1 })
    #expect(!spoil(.grantSpeaker) { $0.cut = Self.hash })
    #expect(!spoil(.grantSpeaker) { $0.lifetimeSeconds = Limits.roomLifetimeSeconds + 1 })
    #expect(!spoil(.grantSpeaker) { $0.sequence = 0 })
    #expect(!spoil(.grantSpeaker) { $0.sequence = 1 })
    #expect(!spoil(.grantSpeaker) { $0.previous = .zero })
    #expect(!spoil(.grantSpeaker) { $0.seen[0].sequence = 0 })
    #expect(!spoil(.unban) { $0.lifetimeSeconds = 1 })
    #expect(!spoil(.revoke) { $0.cut = nil })
    #expect(!spoil(.revoke) { $0.lifetimeSeconds = 1 })
    #expect(!spoil(.remove) { $0.argument = 0 })
    #expect(!spoil(.remove) { $0.cut = .zero })
    #expect(spoil(.remove) { ($0.argument, $0.cut) = (0, .zero) })
    #expect(!spoil(.inviteAdd) { $0.argument = UInt32(Role.moderator.rawValue) << 24 })
    #expect(!spoil(.policy) { $0.argument = 8 })
    #expect(!spoil(.close) { $0.subject = Self.subject })
    #expect(!spoil(.admit) { $0.argument = 0 })
    #expect(!spoil(.stageInvite) { $0.lifetimeSeconds = 0 })
    #expect(!spoil(.stepDown) { $0.subject = Self.subject })
    #expect(!spoil(.stepDown) { $0.argument = UInt32(Role.moderator.rawValue) })
    #expect(spoil(.later(140)) { ($0.argument, $0.lifetimeSeconds) = (.max, 0) })
  }

  @Test func theOperationOfReleasesBeforeIsStillValid() throws {
    let old = RoomOperation(
      kind: .inviteAdd, room: Self.room, author: Self.author, sequence: 1, previous: .zero,
      time: 1_790_000_000_000, subject: Self.subject, argument: 0, lifetimeSeconds: 86_400)
    #expect(old.encoded.count == 180)
    #expect(try read(old.encoded) == old)
    #expect(InviteTerms(argument: old.argument) == InviteTerms(role: .listener, uses: 0))
  }

  @Test func moreLogsThanAnOperationNamesAreLeftOut() throws {
    var bytes = Self.example(.mute).encoded
    bytes[115] = 17
    #expect(throws: WireError.range) { try read(bytes) }
    bytes[115] = 64
    #expect(throws: WireError.range) { try read(bytes) }
    let full = RoomOperation(
      kind: .mute, room: Self.room, author: Self.author, sequence: 2, previous: Self.hash, time: 0,
      subject: Self.subject, argument: 0, lifetimeSeconds: 0,
      seen: Array(repeating: Self.reference, count: 20))
    #expect(full.seen.count == RoomOperation.seenMaximum)
    #expect(try read(full.encoded) == full)
  }

  @Test func bundlesTakeWhatFitsARecord() throws {
    for kind in [OperationKind.mute, .remove] {
      var queue = Array(repeating: Self.example(kind), count: 20)[...]
      var count = 0
      while !queue.isEmpty {
        let bundle = OperationBundle(takingFrom: &queue)
        let bytes = bundle.encoded(tag: 1)
        #expect(bytes.count < Limits.record)
        #expect(try parse(bytes, OperationBundle.init(from:)) == bundle)
        count += bundle.operations.count
      }
      #expect(count == 20)
    }
  }

  @Test func vectorsAndWantsAreReadAsTheyWereWritten() throws {
    let entries = (0..<52).map {
      OperationVector.Entry(
        author: AuthorID(UInt64($0) * 3), sequence: UInt32($0), isForked: $0 % 2 == 0, head: 9)
    }
    let vector = OperationVector(first: AuthorID(0), last: AuthorID(.max), entries: entries)
    let bytes = vector.encoded(tag: 1)
    #expect(bytes.count < Limits.record)
    #expect(try parse(bytes, OperationVector.init(from:)) == vector)
    let unsorted = OperationVector(
      first: AuthorID(0), last: AuthorID(.max), entries: entries.reversed())
    #expect(throws: WireError.range) {
      try parse(unsorted.encoded(tag: 1), OperationVector.init(from:))
    }
    let want = OperationWant(
      ranges: (1...70).map { OperationWant.Range(author: AuthorID($0), first: 1, last: 9) })
    #expect(want.ranges.count == OperationWant.maximum)
    #expect(try parse(want.encoded(tag: 1), OperationWant.init(from:)) == want)
    let empty = OperationWant(ranges: [.init(author: AuthorID(1), first: 2, last: 1)])
    #expect(throws: WireError.range) {
      try parse(empty.encoded(tag: 1), OperationWant.init(from:))
    }
  }

  @Test func handsAndChecksAreReadAsTheyWereWritten() throws {
    let hand = Hand(
      session: SessionID(0x10_0001), subject: SessionID(0x10_0001), isUp: true, time: 77)
    #expect(try parse(hand.encoded(tag: 1), Hand.init(from:)) == hand)
    #expect(hand.encoded(tag: 1).count == 78)
    // Nobody raises another's hand.
    let other = Hand(session: SessionID(1), subject: SessionID(2), isUp: true, time: 77)
    #expect(throws: WireError.range) { try parse(other.encoded(tag: 1), Hand.init(from:)) }
    let messages: [PairCheckMessage] = [
      .commitment(Self.subject), .nonce(Self.subject), .reveal(Self.subject), .end,
    ]
    for message in messages {
      #expect(try parse(message.encoded(tag: 1), PairCheckMessage.init(from:)) == message)
    }
  }
}
