import CLinux
import Glibc
import Node

/// Lines for people and programs, written at once: a buffer would hold them back in a pipe.
enum Terminal {
  /// On standard output: what was asked for.
  static func say(_ line: String) { write(line, STDOUT_FILENO) }

  /// On standard error: what a person should know.
  static func complain(_ line: String) { write(line, STDERR_FILENO) }

  /// One line of JSON on standard output.
  static func say(json value: some Encodable) {
    try? StoredFile.write(Line.encode(value), to: STDOUT_FILENO)
  }

  private static func write(_ line: String, _ descriptor: Int32) {
    try? StoredFile.write(Array((line + "\n").utf8), to: descriptor)
  }

  /// Columns side by side, each as wide as its widest cell; numbers to the right.
  static func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let gap = String(repeating: " ", count: widths[column] - cell.count)
        return cell.first?.isNumber == true ? gap + cell : cell + gap
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
