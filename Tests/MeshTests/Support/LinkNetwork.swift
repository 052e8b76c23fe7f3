import Keys
import Mesh
import Wire

/// A node in a test: its links, and everything they said.
final class LinkNode {
  var links: Links
  var effects = Effects()
  var endpoint: Endpoint
  let id: NodeID
  let token: Bytes16?
  var events: [LinkEvent] = []
  var notes: [Note] = []
  /// What a shell writes down for the node's next life.
  var answered: [UInt64] = []
  var wishes: [TunnelWish] = []
  var unneeded: [Endpoint] = []
  /// The owner's records, in order of arrival.
  var inbox: [(link: LinkID, type: UInt8, body: [UInt8])] = []
  /// Whether media records are kept in ``inbox``.
  var keepsMedia = true
  var mediaCount = 0
  /// No datagram reaches or leaves it, and it does nothing.
  var isDead = false

  init(
    seed: UInt64, port: UInt16, token: Bytes16?, settings: LinkSettings, answered: [UInt64]
  ) throws {
    var entropy = Entropy.seeded(seed)
    let pair = try AgreementPair(random: &entropy)
    id = pair.publicKey
    self.token = token
    endpoint = Endpoint(ipv4: 0x0A00_0000 | UInt32(port), port: port)
    links = try Links(
      node: pair, token: token, settings: settings, entropy: entropy,
      answered: answered)
  }

  var contact: Contact { Contact(node: id, token: token, endpoints: [endpoint]) }

  func link(to other: LinkNode) -> LinkID? { links.link(to: other.id) }

  /// Of the oldest link.
  func statistics() -> LinkStatistics? {
    links.up.first.flatMap { links.statistics(of: $0) }
  }

  func count(_ drop: Drop) -> Int { notes.count { $0 == .drop(drop) } }
}

/// One datagram under way.
struct Transit {
  let time: Instant
  let serial: Int
  let source: Endpoint
  let target: Endpoint
  var bytes: [UInt8]
}

/// Nodes that reach each other in virtual time, over paths a test makes as bad as it likes.
final class LinkNetwork {
  static let start = Instant(nanoseconds: 1_700_000_000_000_000_000)

  private(set) var now = start
  private(set) var nodes: [LinkNode] = []
  private var transits = TransitQueue()
  private var serial = 0
  var dice: Entropy
  /// Decides what becomes of a datagram: one delay for each copy that arrives.
  var path: (Transit, inout Entropy) -> [Duration] = { _, _ in [.milliseconds(20)] }
  /// Local sockets with a stream behind them: where it ends, and as whom it speaks there.
  private var tunnels: [Endpoint: (node: LinkNode, source: Endpoint)] = [:]
  /// Every datagram sent, when switched on.
  var capturing = false
  private(set) var captured: [Transit] = []
  /// Folded over everything sent, in order: two runs alike have it alike.
  private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325

  init(seed: UInt64 = 1) {
    dice = .seeded(seed)
  }

  func add(
    seed: UInt64, token: Bytes16? = nil, settings: LinkSettings = LinkSettings(),
    answered: [UInt64] = []
  ) throws -> LinkNode {
    let node = try LinkNode(
      seed: seed, port: UInt16(nodes.count + 1), token: token, settings: settings,
      answered: answered)
    nodes.append(node)
    return node
  }

  /// Two nodes with a link between them, dialled by the first.
  static func pair(
    seed: UInt64 = 7, settings: LinkSettings = LinkSettings()
  ) throws -> (LinkNetwork, LinkNode, LinkNode) {
    let network = LinkNetwork(seed: seed)
    let one = try network.add(seed: seed &* 2 &+ 1, settings: settings)
    let two = try network.add(seed: seed &* 2 &+ 2, settings: settings)
    network.act(one) { $0.dial(two.contact, at: $1, into: &$2) }
    network.run(for: .milliseconds(500))
    return (network, one, two)
  }

  /// One call into a node, and the flush behind it.
  func act(_ node: LinkNode, _ body: (inout Links, Instant, inout Effects) -> Void) {
    guard !node.isDead else { return }
    body(&node.links, now, &node.effects)
    settle(node)
  }

  func dial(_ node: LinkNode, _ other: LinkNode) {
    act(node) { $0.dial(other.contact, at: $1, into: &$2) }
  }

  /// Hands in bytes at once, as if they came from `source`, and returns how many bytes left.
  func inject(_ bytes: [UInt8], into node: LinkNode, from source: Endpoint) -> Int {
    receive(bytes, node, source)
    node.links.flush(at: now, into: &node.effects)
    let sent = node.effects.outbox.bytes.count
    settle(node)
    return sent
  }

  func run(for duration: Duration) { run(until: now.advanced(by: duration)) }

  /// Until nothing is left to do before `end`.
  func run(until end: Instant) {
    while true {
      let arrival = transits.first?.time
      let node = nodes.filter { !$0.isDead && $0.links.nextDeadline != nil }
        .min { due($0) < due($1) }
      let deadline = node.map(due)
      guard let next = [arrival, deadline].compactMap(\.self).min(), next <= end else { break }
      now = max(now, next)
      if let arrival, arrival <= next, let transit = transits.popFirst() {
        deliver(transit)
      } else if let node {
        act(node) { $0.tick(at: $1, into: &$2) }
      }
    }
    now = end
  }

  private func due(_ node: LinkNode) -> Instant {
    node.links.nextDeadline?.instant ?? Instant(nanoseconds: .max)
  }

  /// A stream between two nodes; returns the local sockets before it at both ends.
  func tunnel(_ one: LinkNode, _ two: LinkNode) -> (here: Endpoint, there: Endpoint) {
    let port = UInt16(5_000 + 2 * tunnels.count)
    let here = Endpoint(ipv4: 0x7F00_0001, port: port)
    let there = Endpoint(ipv4: 0x7F00_0001, port: port + 1)
    tunnels[here] = (two, there)
    tunnels[there] = (one, here)
    return (here, there)
  }

  private func deliver(_ transit: Transit) {
    if let end = tunnels[transit.target], !end.node.isDead {
      receive(transit.bytes, end.node, end.source)
      return settle(end.node)
    }
    guard let node = nodes.first(where: { $0.endpoint == transit.target }), !node.isDead
    else { return }
    receive(transit.bytes, node, transit.source)
    settle(node)
  }

  private func receive(_ bytes: [UInt8], _ node: LinkNode, _ source: Endpoint) {
    guard
      let link = node.links.receive(bytes.span, from: source, at: now, into: &node.effects)
    else { return }
    for record in node.links.records {
      if record.type == RecordType.media { node.mediaCount += 1 }
      guard record.type != RecordType.media || node.keepsMedia else { continue }
      let body = Array(node.links.plain[record.start..<record.start + record.count])
      node.inbox.append((link, record.type, body))
    }
  }

  private func settle(_ node: LinkNode) {
    node.links.flush(at: now, into: &node.effects)
    node.events += node.links.events
    node.links.events.removeAll()
    node.notes += node.effects.notes
    node.answered += node.effects.answered
    node.wishes += node.effects.tunnels
    node.unneeded += node.effects.unneeded
    for datagram in node.effects.outbox.datagrams {
      let range = datagram.start..<datagram.start + datagram.count
      send(Array(node.effects.outbox.bytes[range]), from: node, to: datagram.target)
    }
    node.effects.removeAll()
  }

  private func send(_ bytes: [UInt8], from node: LinkNode, to target: Endpoint) {
    serial += 1
    let transit = Transit(
      time: now, serial: serial, source: node.endpoint, target: target, bytes: bytes)
    for byte in bytes { trace = (trace ^ UInt64(byte)) &* 0x100_0000_01B3 }
    trace ^= UInt64(bitPattern: now.nanoseconds)
    if capturing { captured.append(transit) }
    for delay in path(transit, &dice) {
      serial += 1
      transits.insert(
        Transit(
          time: now.advanced(by: delay), serial: serial, source: node.endpoint, target: target,
          bytes: bytes))
    }
  }
}

/// Datagrams by time of arrival, then in the order in which they were sent: a binary heap.
private struct TransitQueue {
  private var heap: [Transit] = []

  var first: Transit? { heap.first }

  mutating func insert(_ transit: Transit) {
    heap.append(transit)
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> Transit? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && precedes(child, least) { least = child }
      guard least != parent else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    (heap[left].time, heap[left].serial) < (heap[right].time, heap[right].serial)
  }
}
