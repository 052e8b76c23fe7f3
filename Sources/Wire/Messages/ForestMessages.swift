/// What a node can offer as parent in one tree.
package struct Offer: Hashable, Sendable {
  package var tree: Tree
  /// Would take another child now.
  package var open: Bool
  /// Stands at the top: speaks itself or gets every stream from the speakers directly.
  package var isRoot: Bool
  /// One-way delay from the stage in microseconds, as measured along the path.
  package var delay: UInt32
  /// Short names of the nodes from the stage to this one, itself included, stage first.
  package var path: [UInt32]

  package init(tree: Tree, open: Bool, isRoot: Bool, delay: UInt32, path: [UInt32]) {
    self.tree = tree
    self.open = open
    self.isRoot = isRoot
    self.delay = delay
    self.path = path
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 8 + 4 * path.count)
    writer.u8(tag)
    writer.u8(tree.rawValue | (open ? 2 : 0) | (isRoot ? 4 : 0))
    writer.u32(delay)
    writer.u8(UInt8(path.count))
    for name in path { writer.u32(name) }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let flags = try reader.u8()
    guard flags < 8 else { throw .unknown }
    tree = flags & 1 == 0 ? .a : .b
    open = flags & 2 != 0
    isRoot = flags & 4 != 0
    delay = try reader.u32()
    let count = Int(try reader.u8())
    guard count <= Limits.pathLength, delay <= Limits.pathDelay else { throw .range }
    path = []
    for _ in 0..<count { path.append(try reader.u32()) }
    try reader.finish()
  }
}

/// Asks for offers in both trees.
package struct OfferWant: Hashable, Sendable {
  package init() {}
  package func encoded(tag: RoomTag) -> [UInt8] { [tag] }
}

/// A child's wish to be fed in one tree. Messages of one child are numbered, so that the last wish
/// counts in whatever order they arrive.
package struct Graft: Hashable, Sendable {
  package var tree: Tree
  /// Feed me for two seconds beside my parent (Spec 5 §6), not for good.
  package var mirror: Bool
  /// Child could carry children of its own in this tree.
  package var interior: Bool
  /// Child's uplink in units of 100 kbit/s.
  package var uplink: UInt8
  package var number: UInt32

  package init(tree: Tree, mirror: Bool, interior: Bool, uplink: UInt8, number: UInt32) {
    self.tree = tree
    self.mirror = mirror
    self.interior = interior
    self.uplink = uplink
    self.number = number
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 7)
    writer.u8(tag)
    writer.u8(tree.rawValue | (mirror ? 2 : 0) | (interior ? 4 : 0))
    writer.u8(uplink)
    writer.u32(number)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let flags = try reader.u8()
    guard flags < 8 else { throw .unknown }
    tree = flags & 1 == 0 ? .a : .b
    mirror = flags & 2 != 0
    interior = flags & 4 != 0
    uplink = try reader.u8()
    number = try reader.u32()
    try reader.finish()
  }
}

/// A parent's answer to ``Graft``.
package struct GraftReply: Hashable, Sendable {
  package var tree: Tree
  package var accepted: Bool
  package var number: UInt32

  package init(tree: Tree, accepted: Bool, number: UInt32) {
    self.tree = tree
    self.accepted = accepted
    self.number = number
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 6)
    writer.u8(tag)
    writer.u8(tree.rawValue | (accepted ? 2 : 0))
    writer.u32(number)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let flags = try reader.u8()
    guard flags < 4 else { throw .unknown }
    tree = flags & 1 == 0 ? .a : .b
    accepted = flags & 2 != 0
    number = try reader.u32()
    try reader.finish()
  }
}

/// The edge between sender and receiver in one tree is over. From a child (`fromParent` false) with
/// the number of its wish; from a parent when it leaves or gives the place to somebody else.
package struct Prune: Hashable, Sendable {
  package var tree: Tree
  package var fromParent: Bool
  package var number: UInt32

  package init(tree: Tree, fromParent: Bool, number: UInt32) {
    self.tree = tree
    self.fromParent = fromParent
    self.number = number
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 6)
    writer.u8(tag)
    writer.u8(tree.rawValue | (fromParent ? 2 : 0))
    writer.u32(number)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let flags = try reader.u8()
    guard flags < 4 else { throw .unknown }
    tree = flags & 1 == 0 ? .a : .b
    fromParent = flags & 2 != 0
    number = try reader.u32()
    try reader.finish()
  }
}

/// Asks for frames again: bit j of the mask stands for `first + j`. Attestations from the same
/// stretch come along.
package struct Pull: Hashable, Sendable {
  package var session: SessionID
  package var first: UInt32
  package var mask: UInt32

  package init(session: SessionID, first: UInt32, mask: UInt32) {
    self.session = session
    self.first = first
    self.mask = mask
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 12)
    writer.u8(tag)
    writer.u24(session.raw)
    writer.u32(first)
    writer.u32(mask)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    session = SessionID(try reader.u24())
    first = try reader.u32()
    mask = try reader.u32()
    guard first >= Limits.firstCounter, first <= Limits.lastCounter else { throw .range }
    try reader.finish()
  }
}
