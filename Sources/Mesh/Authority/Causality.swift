import OrderedCollections
import Wire

/// Who had seen what: for each operation, how far its author knew each log when it wrote it.
///
/// An operation has seen those before it in its own log, those it names, and all that these had
/// seen. A name counts if its hash fits. Of an author that contradicted itself, what was seen
/// beyond that point stands for all that counts before it, so that nobody loses knowledge by the
/// fork of another.
struct Causality {
  private(set) var nodes: [LoggedOperation] = []
  private(set) var authors: OrderedDictionary<PersonaID, Range<Int>> = [:]
  private(set) var forked: OrderedSet<PersonaID> = []
  /// Where the logs of an id stand, and from which number on one is void.
  private var places: OrderedDictionary<AuthorID, [(range: Range<Int>, void: UInt32)]> = [:]
  /// Index of the author, by node.
  private var owners: [Int] = []
  /// A row for each node: the last operation seen of each author.
  private var clocks: [UInt16] = []
  private var width = 0

  /// - Parameter latest: operations dated later do not count yet, nor what follows them.
  init(_ chains: some Sequence<LogChain>, latest: UInt64) {
    for chain in chains.sorted(by: { $0.author < $1.author }) {
      let start = nodes.count
      nodes += chain.operations.prefix { $0.operation.time <= latest }
      if chain.fork != nil { forked.append(chain.author) }
      guard nodes.count > start, let id = chain.operations.first?.author else { continue }
      places[id, default: []]
        .append((start..<nodes.count, chain.fork?.sequence ?? .max))
      owners += repeatElement(authors.count, count: nodes.count - start)
      authors[chain.author] = start..<nodes.count
    }
    width = authors.count
    clocks = [UInt16](repeating: 0, count: nodes.count * width)
    fillClocks()
  }

  /// Whether the author of `node` had seen `other` when it wrote it.
  func saw(_ node: Int, _ other: Int) -> Bool {
    node != other
      && clocks[node * width + owners[other]] >= nodes[other].operation.sequence
  }

  func node(_ author: PersonaID, _ sequence: UInt32) -> Int? {
    guard let range = authors[author], sequence >= 1, sequence <= UInt32(range.count) else {
      return nil
    }
    return range.lowerBound + Int(sequence) - 1
  }

  private mutating func fillClocks() {
    var state = [State](repeating: .new, count: nodes.count)
    var stack: [Int] = []
    for start in nodes.indices where state[start] == .new {
      stack.append(start)
      while let node = stack.last {
        state[node] = .open
        let causes = causes(of: node)
        if let next = causes.first(where: { state[$0] == .new }) {
          stack.append(next)
          continue
        }
        stack.removeLast()
        for cause in causes where state[cause] == .done { merge(cause, into: node) }
        clocks[node * width + owners[node]] = UInt16(
          clamping: nodes[node].operation.sequence)
        state[node] = .done
      }
    }
  }

  private enum State { case new, open, done }

  private func causes(of node: Int) -> [Int] {
    let operation = nodes[node].operation
    var causes = operation.seen.compactMap(find)
    if operation.sequence > 1 { causes.append(node - 1) }
    return causes
  }

  private func find(_ reference: OperationReference) -> Int? {
    for (range, void) in places[reference.author] ?? [] {
      // What counts of a forked log ends right before the fork.
      if reference.sequence >= void { return range.upperBound - 1 }
      guard reference.sequence >= 1, reference.sequence <= UInt32(range.count) else { continue }
      let node = range.lowerBound + Int(reference.sequence) - 1
      if nodes[node].hash.high == reference.head { return node }
    }
    return nil
  }

  private mutating func merge(_ cause: Int, into node: Int) {
    let (from, to) = (cause * width, node * width)
    for column in 0..<width {
      clocks[to + column] = max(clocks[to + column], clocks[from + column])
    }
  }
}
