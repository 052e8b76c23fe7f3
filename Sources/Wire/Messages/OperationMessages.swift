/// First eight bytes of a hash of an author's key: names a log where space is dear (Spec 9 §5).
package struct AuthorID: Hashable, Comparable, Sendable {
  package let raw: UInt64
  package init(_ raw: UInt64) { self.raw = raw }
  package static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }
}

/// An operation as others name it: whose it is, which, and the first eight bytes of its hash.
package struct OperationReference: Hashable, Sendable {
  package var author: AuthorID
  package var sequence: UInt32
  package var head: UInt64

  package static let count = 20

  package init(author: AuthorID, sequence: UInt32, head: UInt64) {
    self.author = author
    self.sequence = sequence
    self.head = head
  }

  package func encode(into writer: inout Writer) {
    writer.u64(author.raw)
    writer.u32(sequence)
    writer.u64(head)
  }

  package init(from reader: inout Reader) throws(WireError) {
    author = AuthorID(try reader.u64())
    sequence = try reader.u32()
    head = try reader.u64()
  }
}

/// A hash over all operations a node counts, and how many they are: enough to see that two nodes
/// differ.
package struct OperationHash: Hashable, Sendable {
  package var hash: UInt64
  package var count: UInt16

  package init(hash: UInt64, count: UInt16) {
    self.hash = hash
    self.count = count
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 11)
    writer.u8(tag)
    writer.u64(hash)
    writer.u16(count)
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    hash = try reader.u64()
    count = try reader.u16()
    try reader.finish()
  }
}

/// How far each log has come, of all authors whose ids lie in a range. An author of that range who
/// is not listed has no log here.
package struct OperationVector: Hashable, Sendable {
  /// How far one log has come.
  package struct Entry: Hashable, Sendable {
    package var author: AuthorID
    /// The last operation that counts; 0 when none does.
    package var sequence: UInt32
    /// Two operations with the next number are known.
    package var isForked: Bool
    /// First eight bytes of the hash of the last operation that counts.
    package var head: UInt64

    package init(author: AuthorID, sequence: UInt32, isForked: Bool, head: UInt64) {
      self.author = author
      self.sequence = sequence
      self.isForked = isForked
      self.head = head
    }
  }

  /// As many as fit one record.
  package static let maximum = 52
  private static let forkFlag: UInt32 = 1 << 31

  package var first: AuthorID
  package var last: AuthorID
  package var entries: [Entry]

  package init(first: AuthorID, last: AuthorID, entries: [Entry]) {
    self.first = first
    self.last = last
    self.entries = Array(entries.prefix(Self.maximum))
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 18 + 20 * entries.count)
    writer.u8(tag)
    writer.u64(first.raw)
    writer.u64(last.raw)
    writer.u8(UInt8(entries.count))
    for entry in entries {
      writer.u64(entry.author.raw)
      writer.u32(entry.sequence & ~Self.forkFlag | (entry.isForked ? Self.forkFlag : 0))
      writer.u64(entry.head)
    }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    first = AuthorID(try reader.u64())
    last = AuthorID(try reader.u64())
    let count = Int(try reader.u8())
    guard first <= last, count <= Self.maximum else { throw .range }
    entries = []
    for _ in 0..<count {
      let author = AuthorID(try reader.u64())
      // Ascending, so that one state has one encoding.
      guard author >= entries.last?.author ?? first, author <= last else { throw .range }
      let position = try reader.u32()
      entries.append(
        Entry(
          author: author, sequence: position & ~Self.forkFlag,
          isForked: position & Self.forkFlag != 0, head: try reader.u64()))
    }
    try reader.finish()
  }
}

/// Asks for parts of logs.
package struct OperationWant: Hashable, Sendable {
  /// Operations of one author, both ends included.
  package struct Range: Hashable, Sendable {
    package var author: AuthorID
    package var first: UInt32
    package var last: UInt32

    package init(author: AuthorID, first: UInt32, last: UInt32) {
      self.author = author
      self.first = first
      self.last = last
    }
  }

  package static let maximum = 64
  package var ranges: [Range]

  package init(ranges: [Range]) { self.ranges = Array(ranges.prefix(Self.maximum)) }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: 2 + 16 * ranges.count)
    writer.u8(tag)
    writer.u8(UInt8(ranges.count))
    for range in ranges {
      writer.u64(range.author.raw)
      writer.u32(range.first)
      writer.u32(range.last)
    }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let count = Int(try reader.u8())
    guard (1...Self.maximum).contains(count) else { throw .range }
    ranges = []
    for _ in 0..<count {
      let range = Range(
        author: AuthorID(try reader.u64()), first: try reader.u32(), last: try reader.u32())
      guard range.first >= 1, range.first <= range.last else { throw .range }
      ranges.append(range)
    }
    try reader.finish()
  }
}

/// Operations on their way, as many as fit a record, oldest first.
package struct OperationBundle: Hashable, Sendable {
  /// Six of the shortest fill a record.
  package static let maximum = 6
  package static let bytesMaximum = Limits.record - 8

  package private(set) var operations: [RoomOperation]

  /// Takes from the front of `queue` what fits one record.
  package init(takingFrom queue: inout ArraySlice<RoomOperation>) {
    operations = []
    var bytes = 2
    while let next = queue.first, operations.count < Self.maximum {
      bytes += next.byteCount
      guard bytes <= Self.bytesMaximum else { return }
      operations.append(next)
      queue.removeFirst()
    }
  }

  package func encoded(tag: RoomTag) -> [UInt8] {
    var writer = Writer(capacity: Self.bytesMaximum)
    writer.u8(tag)
    writer.u8(UInt8(operations.count))
    for operation in operations { operation.encode(into: &writer) }
    return writer.bytes
  }

  package init(from reader: inout Reader) throws(WireError) {
    let count = Int(try reader.u8())
    guard (1...Self.maximum).contains(count) else { throw .range }
    operations = []
    for _ in 0..<count { operations.append(try RoomOperation(from: &reader)) }
    try reader.finish()
  }
}
