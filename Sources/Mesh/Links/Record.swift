import Wire

/// Where one record lies in ``Links/plain``.
package struct Record: Hashable, Sendable {
  package let type: UInt8
  package let start: Int
  package let count: Int

  package init(type: UInt8, start: Int, count: Int) {
    self.type = type
    self.start = start
    self.count = count
  }
}

/// Record types of the link itself.
///
/// Those from ``ownersFirst`` on belong to the owner.
package enum RecordType {
  static let padding: UInt8 = 0
  static let ping: UInt8 = 1
  static let pong: UInt8 = 2
  static let close: UInt8 = 3
  static let rekey: UInt8 = 4
  static let rekeyAnswer: UInt8 = 5
  /// 6 and 7 are kept for the ML-KEM step of protocol version 2.
  static let mail: UInt8 = 8
  static let acknowledgement: UInt8 = 9
  static let probe: UInt8 = 10
  static let probeAnswer: UInt8 = 11
  /// One of several parts of a record, on a link with a clock.
  static let part: UInt8 = 12
  /// The sender covers this link and wishes that the receiver does.
  static let cover: UInt8 = 13

  package static let ownersFirst: UInt8 = 0x10
  /// Media: no length, its body reaches to the end of the datagram.
  package static let media: UInt8 = 0x40

  /// Bytes before the body of every record but media and padding.
  static let header = 3
  /// Sequence number and inner type in front of the body of mail.
  static let mailHead = 4 + 1
}

extension Record {
  /// Cuts opened bytes into records; false when they are not records.
  ///
  /// Bodies are not looked at.
  package static func parse(_ plain: [UInt8], into records: inout [Record]) -> Bool {
    records.removeAll(keepingCapacity: true)
    let end = plain.count
    var offset = 0
    while offset < end {
      let type = plain[offset]
      if type == RecordType.padding { return isZero(plain, from: offset) }
      if type == RecordType.media {
        records.append(Record(type: type, start: offset + 1, count: end - offset - 1))
        return true
      }
      guard end - offset >= RecordType.header else { return false }
      let count = Int(plain[offset + 1]) << 8 | Int(plain[offset + 2])
      let start = offset + RecordType.header
      let limit = type == RecordType.mail ? Limits.record + RecordType.mailHead : Limits.record
      guard count <= limit, end - start >= count else { return false }
      records.append(Record(type: type, start: start, count: count))
      offset = start + count
    }
    return true
  }

  /// What `bytes` are, which lie at `start`, when they are one record that may come in parts: mail
  /// or the owner's.
  static func whole(_ bytes: [UInt8], at start: Int) -> Record? {
    var found: [Record] = []
    guard let type = bytes.first, type == RecordType.mail || type >= RecordType.ownersFirst,
      parse(bytes, into: &found), found.count == 1,
      found[0].start + found[0].count == bytes.count
    else { return nil }
    return Record(type: type, start: start + found[0].start, count: found[0].count)
  }

  private static func isZero(_ plain: [UInt8], from start: Int) -> Bool {
    var all: UInt8 = 0
    for index in start..<plain.count { all |= plain[index] }
    return all == 0
  }
}

extension [UInt8] {
  /// `type 1 | length 2`; the body is appended by the caller.
  mutating func appendRecordHeader(_ type: UInt8, count: Int) {
    append(type)
    append(UInt8(truncatingIfNeeded: count >> 8))
    append(UInt8(truncatingIfNeeded: count))
  }

  mutating func appendInteger(_ value: UInt64, bytes count: Int) {
    for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  func integer(at start: Int, bytes count: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in start..<start + count { value = value << 8 | UInt64(self[index]) }
    return value
  }
}
