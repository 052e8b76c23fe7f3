import Mesh
import Wire

/// Two logs that tell each other what they have, through the bytes of their messages, until they
/// agree.
enum AuthorityExchange {
  /// How many rounds it took; nil when they do not come to agree.
  static func run(
    _ one: inout OperationLog, _ other: inout OperationLog, at now: Instant, atMost limit: Int = 60
  ) -> Int? {
    for round in 0..<limit {
      guard one.hash != other.hash else { return round }
      tell(&one, &other, at: now)
      tell(&other, &one, at: now)
    }
    return one.hash == other.hash ? limit : nil
  }

  /// The first sends its vectors; the second sends what the first lacks and asks for the rest.
  private static func tell(_ one: inout OperationLog, _ other: inout OperationLog, at now: Instant)
  {
    for vector in one.vectors() {
      guard let vector = read(vector.encoded(tag: 1), OperationVector.init(from:)) else { return }
      deliver(other.answer(to: vector), to: &one, from: other, at: now)
      guard let want = other.wants(after: vector),
        let read = read(want.encoded(tag: 1), OperationWant.init(from:))
      else { continue }
      deliver(one.answer(to: read), to: &other, from: one, at: now)
    }
  }

  private static func deliver(
    _ operations: [RoomOperation], to receiver: inout OperationLog, from sender: OperationLog,
    at now: Instant
  ) {
    var queue = operations[...]
    var deeper: [OperationWant.Range] = []
    while !queue.isEmpty {
      let bundle = OperationBundle(takingFrom: &queue)
      guard let arrived = read(bundle.encoded(tag: 1), OperationBundle.init(from:)) else { return }
      for operation in arrived.operations {
        if case .diverges(let range) = receiver.insert(operation, at: now) { deeper.append(range) }
      }
    }
    guard let lowest = deeper.min(by: { $0.first < $1.first }), lowest.last > 0,
      operations != sender.answer(to: OperationWant(ranges: [lowest]))
    else { return }
    deliver(
      sender.answer(to: OperationWant(ranges: [lowest])), to: &receiver, from: sender, at: now)
  }

  private static func read<Message>(
    _ bytes: [UInt8], _ parse: (inout Reader) throws(WireError) -> Message
  ) -> Message? {
    guard bytes.count <= Limits.record else { return nil }
    let body = Array(bytes.dropFirst())
    var reader = Reader(body.span)
    return try? parse(&reader)
  }
}
