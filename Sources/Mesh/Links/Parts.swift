import Wire

/// Records that came in parts: `number 4 | place 4 bits, last place 4 bits | bytes`, all but the
/// last part full.
///
/// A letter's number is that of its mail, so that what is missing may come with its repetition;
/// others have the highest bit and count up. No number comes twice while a link lives.
package struct Parts: Sendable {
  /// Number and place.
  static let head = 5
  /// Bytes of the record in each part but the last.
  package static let payload = Limits.cell - RecordType.header - head
  /// Records under way on a link at once: sound and one other, each twice for what path and loss
  /// put out of order.
  package static let most = 4

  private struct Record: Sendable {
    let number: UInt32
    let last: Int
    var missing: UInt16
    var bytes: [UInt8]
  }

  /// Oldest first.
  private var records: [Record] = []

  package init() {}

  /// What a part made of its record.
  package enum Arrival: Equatable, Sendable {
    case malformed, incomplete
    case complete([UInt8])
  }

  package mutating func arrived(_ body: ArraySlice<UInt8>) -> Arrival {
    guard body.count > Self.head else { return .malformed }
    let start = body.startIndex
    let number = body[start..<start + 4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let place = Int(body[start + 4] >> 4)
    let last = Int(body[start + 4] & 0x0F)
    let bytes = body[(start + Self.head)...]
    guard last >= 1, place <= last, (last + 1) * Self.payload < LinkSpec.plaintext + Self.payload,
      place == last ? bytes.count <= Self.payload : bytes.count == Self.payload
    else { return .malformed }
    let index = position(of: number, last: last)
    guard records[index].missing >> place & 1 == 1 else { return .incomplete }
    records[index].missing &= ~(1 << place)
    let from = place * Self.payload
    if place == last {
      records[index].bytes.removeLast(Self.payload - bytes.count)
    }
    records[index].bytes.replaceSubrange(from..<from + bytes.count, with: bytes)
    guard records[index].missing == 0 else { return .incomplete }
    return .complete(records.remove(at: index).bytes)
  }

  /// What all of it takes.
  package var count: Int { records.reduce(0) { $0 + $1.bytes.count } }

  private mutating func position(of number: UInt32, last: Int) -> Int {
    if let known = records.firstIndex(where: { $0.number == number && $0.last == last }) {
      return known
    }
    if records.count == Self.most { records.removeFirst() }
    records.append(
      Record(
        number: number, last: last, missing: UInt16.max >> (15 - last),
        bytes: [UInt8](repeating: 0, count: (last + 1) * Self.payload)))
    return records.count - 1
  }
}
