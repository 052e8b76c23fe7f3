/// A moment as people write it: `2026-12-31T00:00:00Z`, that form alone.
package enum UTC {
  /// Milliseconds since 1970; nil for anything else, and for days that do not exist.
  package static func milliseconds(_ text: String) -> UInt64? {
    let bytes = Array(text.utf8)
    guard bytes.count == pattern.count else { return nil }
    var fields: [Int] = [0]
    for (byte, mark) in zip(bytes, pattern) {
      if mark == UInt8(ascii: "0") {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        fields[fields.count - 1] = fields[fields.count - 1] * 10 + Int(byte - UInt8(ascii: "0"))
      } else {
        guard byte == mark else { return nil }
        fields.append(0)
      }
    }
    let (year, month, day) = (fields[0], fields[1], fields[2])
    guard year >= 1970, (1...12).contains(month),
      (1...daysInMonth(month, year)).contains(day), fields[3] < 24, fields[4] < 60, fields[5] < 60
    else { return nil }
    let days = daysBefore(year) + (1..<month).reduce(0) { $0 + daysInMonth($1, year) } + day - 1
    return UInt64(((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]) * 1_000
  }

  /// Rounded down to the second.
  package static func text(_ milliseconds: UInt64) -> String {
    let seconds = Int(min(milliseconds / 1_000, latest))
    var days = seconds / 86_400
    var year = 1970 + days / 366
    while daysBefore(year + 1) <= days { year += 1 }
    days -= daysBefore(year)
    var month = 1
    while days >= daysInMonth(month, year) {
      days -= daysInMonth(month, year)
      month += 1
    }
    let clock = seconds % 86_400
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(days + 1, 2))"
      + "T\(pad(clock / 3_600, 2)):\(pad(clock / 60 % 60, 2)):\(pad(clock % 60, 2))Z"
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970 to the first of January.
  private static func daysBefore(_ year: Int) -> Int {
    let past = year - 1
    return (year - 1970) * 365 + (past / 4 - 492) - (past / 100 - 19) + (past / 400 - 4)
  }

  private static func pad(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  private static let pattern = Array("0000-00-00T00:00:00Z".utf8)
  /// 9999-12-31T23:59:59Z in seconds.
  private static let latest: UInt64 = 253_402_300_799
}
