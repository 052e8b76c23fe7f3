import Keys
import OrderedCollections
package import Wire

/// Finding out what a neighbour has and lacks: a hash first, then how far each log has come, then
/// the operations themselves.
extension OperationLog {
  /// Operations looked at around the place where two logs of one author part.
  static let window = 16
  /// Sent in answer to one message. A guess: 8 kB to 30 kB.
  package static let answerMaximum = 64

  /// In as many parts as records are needed.
  package func vectors() -> [OperationVector] {
    let entries = named.map(entry).sorted { $0.author < $1.author }
    var vectors: [OperationVector] = []
    var first = AuthorID(0)
    var rest = entries[...]
    while rest.count > OperationVector.maximum {
      let part = rest.prefix(OperationVector.maximum)
      rest = rest.dropFirst(part.count)
      // Authors of one id stay together.
      guard let last = part.last?.author else { break }
      vectors.append(OperationVector(first: first, last: last, entries: Array(part)))
      first = AuthorID(last.raw == .max ? last.raw : last.raw + 1)
    }
    vectors.append(OperationVector(first: first, last: AuthorID(.max), entries: Array(rest)))
    return vectors
  }

  private func entry(_ chain: LogChain) -> OperationVector.Entry {
    OperationVector.Entry(
      author: AuthorID.of(chain.author), sequence: chain.count, isForked: chain.fork != nil,
      head: chain.head.high)
  }

  /// What to ask of the neighbour whose vector this is; nil when it has nothing for us.
  package func wants(after theirs: OperationVector) -> OperationWant? {
    let ours = chainsByID()
    var ranges: [OperationWant.Range] = []
    for entry in theirs.entries {
      let chain = ours[entry.author]?.first
      let count = chain?.count ?? 0
      let end = chain?.fork.map(\.sequence) ?? .max
      if entry.isForked, entry.sequence + 1 < end {
        ranges.append(range(entry.author, min(count, entry.sequence) + 1, entry.sequence + 1))
      } else if entry.sequence > count, end == .max {
        ranges.append(range(entry.author, count + 1, entry.sequence))
      } else if let held = chain?[entry.sequence], held.hash.high != entry.head {
        ranges.append(window(entry.author, endingAt: entry.sequence))
      }
    }
    return ranges.isEmpty ? nil : OperationWant(ranges: ranges)
  }

  /// What the neighbour whose vector this is lacks.
  package func answer(to theirs: OperationVector) -> [RoomOperation] {
    var entries: OrderedDictionary<AuthorID, OperationVector.Entry> = [:]
    // Of two logs under one id the shorter one shows what is lacking.
    for entry in theirs.entries where entry.sequence <= entries[entry.author]?.sequence ?? .max {
      entries[entry.author] = entry
    }
    var answer: [RoomOperation] = []
    for chain in named where answer.count < OperationLog.answerMaximum {
      let id = AuthorID.of(chain.author)
      guard id >= theirs.first, id <= theirs.last else { continue }
      answer += lacking(chain, entries[id])
    }
    return Array(answer.prefix(OperationLog.answerMaximum))
  }

  package func answer(to want: OperationWant) -> [RoomOperation] {
    let ours = chainsByID()
    var answer: [RoomOperation] = []
    for range in want.ranges where answer.count < OperationLog.answerMaximum {
      for chain in ours[range.author] ?? [] {
        answer += slice(chain, range.first, range.last)
        if let fork = chain.fork, range.last >= fork.sequence { answer += fork.operations }
      }
    }
    return Array(answer.prefix(OperationLog.answerMaximum))
  }

  private func lacking(_ chain: LogChain, _ entry: OperationVector.Entry?) -> [RoomOperation] {
    let theirs = entry?.sequence ?? 0
    let theirEnd = entry?.isForked == true ? theirs + 1 : .max
    if let fork = chain.fork, fork.sequence < theirEnd {
      return slice(chain, theirs + 1, fork.sequence) + fork.operations
    }
    guard theirEnd == .max else { return [] }
    if let held = chain[theirs], held.hash.high != entry?.head {
      let range = window(AuthorID.of(chain.author), endingAt: theirs)
      return slice(chain, range.first, range.last)
    }
    return slice(chain, theirs + 1, chain.count)
  }

  private func slice(_ chain: LogChain, _ first: UInt32, _ last: UInt32) -> [RoomOperation] {
    guard first <= min(last, chain.count), first >= 1 else { return [] }
    return chain.operations[Int(first) - 1..<Int(min(last, chain.count))].map(\.operation)
  }

  private func window(_ author: AuthorID, endingAt last: UInt32) -> OperationWant.Range {
    range(author, UInt32(max(1, Int(last) - OperationLog.window + 1)), last)
  }

  private func range(
    _ author: AuthorID, _ first: UInt32, _ last: UInt32
  ) -> OperationWant.Range {
    OperationWant.Range(author: author, first: first, last: last)
  }

  func chainsByID() -> OrderedDictionary<AuthorID, [LogChain]> {
    var chains: OrderedDictionary<AuthorID, [LogChain]> = [:]
    for chain in named { chains[AuthorID.of(chain.author), default: []].append(chain) }
    return chains
  }
}

extension AuthorID {
  package static func of(_ author: PersonaID) -> AuthorID {
    AuthorID(Digest.hash16("VR1-aid", author.raw.array).high)
  }
}
