/// What will happen, soonest first; of two at one moment the one that was planned first.
///
/// A heap of four branches over one flat array: half as deep as a binary one, and the four
/// children lie side by side.
struct EventQueue {
  /// One thing to come. What `subject` and `detail` number depends on the kind.
  struct Event {
    let at: Int64
    let order: UInt64
    let kind: Kind
    let subject: Int32
    let detail: Int32
  }

  enum Kind: UInt8 {
    /// Datagram `detail` of the pool reaches node `subject`.
    case arrival
    /// Datagram `detail` is through the line into the home of node `subject`.
    case delivery
    /// Node `subject` asked to be woken.
    case wake
    /// Talker `subject` says its next frame.
    case frame
    /// Node `subject` comes to life and enters.
    case join
    /// Node `subject` dies of old age.
    case death
    /// Fault `subject` of the script begins (`detail` 0) or ends (1).
    case fault
    /// The world looks at itself.
    case look
    /// A hostile node or a censor does something of its own accord.
    case mischief
  }

  private var heap: [Event] = []
  private var planned: UInt64 = 0

  var count: Int { heap.count }
  var next: Int64? { heap.first?.at }

  mutating func plan(_ kind: Kind, at moment: Int64, _ subject: Int, _ detail: Int = 0) {
    let event = Event(
      at: moment, order: planned, kind: kind, subject: Int32(truncatingIfNeeded: subject),
      detail: Int32(truncatingIfNeeded: detail))
    planned += 1
    heap.append(event)
    var place = heap.count - 1
    while place > 0 {
      let above = (place - 1) / 4
      guard Self.isEarlier(event, heap[above]) else { break }
      heap[place] = heap[above]
      place = above
    }
    heap[place] = event
  }

  mutating func take() -> Event? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    let count = heap.count
    var place = 0
    while true {
      let child = 4 * place + 1
      guard child < count else { break }
      var least = child
      for other in child + 1..<max(child + 1, min(child + 4, count))
      where Self.isEarlier(heap[other], heap[least]) {
        least = other
      }
      guard Self.isEarlier(heap[least], last) else { break }
      heap[place] = heap[least]
      place = least
    }
    heap[place] = last
    return first
  }

  @inline(__always)
  private static func isEarlier(_ left: Event, _ right: Event) -> Bool {
    left.at != right.at ? left.at < right.at : left.order < right.order
  }
}
