import Keys
import OrderedCollections
import Wire

/// Where sessions are found: by the index in a datagram's header, by node, in order of age.
///
/// An index is ten bits of slot below 22 random ones, so that finding a session is one look into
/// an array. Handshakes under way reserve theirs.
struct SessionTable {
  private static let slotBits: UInt32 = 10
  private static let slotCount = 1 << 10

  private var slots = [Session?](repeating: nil, count: slotCount)
  private var free: [UInt16] = (0..<UInt16(slotCount)).reversed()
  private var current: OrderedDictionary<NodeID, Session> = [:]
  private var serial: UInt32 = 0
  /// All sessions, oldest first, with those closed but remembered.
  private(set) var all: [Session] = []
  let agenda = Agenda()

  /// An index nobody uses; nil when there are none.
  mutating func reserve(_ entropy: inout Entropy) -> UInt32? {
    guard let slot = free.popLast() else { return nil }
    return UInt32(truncatingIfNeeded: entropy.next()) << Self.slotBits | UInt32(slot)
  }

  mutating func release(_ index: UInt32) {
    free.append(UInt16(index & UInt32(Self.slotCount - 1)))
  }

  mutating func nextID(index: UInt32) -> LinkID {
    serial += 1
    return LinkID(serial: serial, slot: UInt16(index & UInt32(Self.slotCount - 1)))
  }

  /// Takes over the reservation of the session's index.
  mutating func insert(_ session: Session) {
    slots[Int(session.id.slot)] = session
    agenda.open(Int(session.id.slot))
    session.agenda = agenda
    all.append(session)
    current[session.node] = session
  }

  /// Out of the owner's sight.
  mutating func retire(_ session: Session) {
    if current[session.node] === session { current.removeValue(forKey: session.node) }
  }

  mutating func remove(_ session: Session) {
    retire(session)
    guard slots[Int(session.id.slot)] === session else { return }
    slots[Int(session.id.slot)] = nil
    agenda.close(Int(session.id.slot))
    all.removeAll { $0 === session }
    release(session.index)
  }

  /// Any that stands there, closed ones too.
  subscript(slot slot: Int) -> Session? { slots[slot] }

  /// What a datagram's header names.
  subscript(index index: UInt32) -> Session? {
    guard let session = slots[Int(index & UInt32(Self.slotCount - 1))], session.index == index
    else { return nil }
    return session
  }

  /// Nil for links that have ended.
  subscript(id: LinkID) -> Session? {
    guard let session = slots[Int(id.slot)], session.id == id, session.standing == .current
    else { return nil }
    return session
  }

  subscript(node: NodeID) -> Session? { current[node] }

  var oldestClosed: Session? { all.first(where: \.isClosed) }
}
