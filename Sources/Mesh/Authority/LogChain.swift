import Wire

/// The log of one author: operations from 1 without gaps, each naming the hash of the one before,
/// up to the point where the author contradicted itself.
struct LogChain: Sendable {
  /// How an operation relates to a log.
  enum Link {
    case extends, duplicate
    /// It has the place of one that is here, behind the same operation.
    case forks
    /// It belongs to another log of the author, which parted from this one further down.
    case diverges
    /// Operations before it are missing.
    case ahead
    /// At or behind the place where the author contradicted itself.
    case void
  }

  let author: PersonaID
  private(set) var operations: [LoggedOperation] = []
  private(set) var fork: Equivocation?

  init(author: PersonaID) { self.author = author }

  /// From any set of one author's operations, in any order, repeated or not.
  init(author: PersonaID, from set: [LoggedOperation], limit: UInt32) {
    self.init(author: author)
    let inOrder = set.sorted {
      ($0.operation.sequence, $0.hash) < ($1.operation.sequence, $1.hash)
    }
    for logged in inOrder where logged.operation.sequence <= limit {
      switch link(logged) {
      case .extends: append(logged)
      case .forks: contradict(logged)
      case .duplicate, .diverges, .void: break
      case .ahead: return
      }
    }
  }

  var count: UInt32 { UInt32(operations.count) }

  /// Hash of the last operation; zero when there is none.
  var head: Bytes16 { operations.last?.hash ?? .zero }

  subscript(sequence: UInt32) -> LoggedOperation? {
    sequence >= 1 && sequence <= count ? operations[Int(sequence) - 1] : nil
  }

  func link(_ logged: LoggedOperation) -> Link {
    let operation = logged.operation
    if let held = self[operation.sequence] {
      if held.hash == logged.hash { return .duplicate }
      return held.operation.previous == operation.previous ? .forks : .diverges
    }
    if let fork {
      return fork.operations.contains(operation) ? .duplicate : .void
    }
    guard operation.sequence == count + 1 else { return .ahead }
    return operation.previous == head ? .extends : .diverges
  }

  mutating func append(_ logged: LoggedOperation) { operations.append(logged) }

  /// Keeps the contradiction and drops what came behind it.
  mutating func contradict(_ logged: LoggedOperation) {
    guard let held = self[logged.operation.sequence], let proof = Equivocation(held, logged) else {
      return
    }
    fork = proof
    operations.removeSubrange((Int(proof.sequence) - 1)...)
  }

  /// Makes room for others: the newest goes.
  mutating func dropLast() { if !operations.isEmpty { operations.removeLast() } }
}
