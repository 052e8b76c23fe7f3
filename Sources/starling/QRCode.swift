import CQREncode
import Glibc
import Node

/// A link as a picture in the terminal, two modules a character, for a phone's camera.
enum QRCode {
  /// Nil when it is too long for any code.
  static func lines(of text: String) -> [String]? {
    guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return nil }
    defer { QRcode_free(code) }
    let width = Int(code.pointee.width)
    guard let data = code.pointee.data else { return nil }
    let modules = (0..<width * width).map { data[$0] & 1 == 1 }
    return lines(modules, width)
  }

  private static func lines(_ modules: [Bool], _ width: Int) -> [String] {
    // A light margin of two on each side: cameras look for it.
    func isDark(_ row: Int, _ column: Int) -> Bool {
      guard (0..<width).contains(row), (0..<width).contains(column) else { return false }
      return modules[row * width + column]
    }
    return stride(from: -margin, to: width + margin, by: 2).map { row in
      var line = white
      for column in -margin..<width + margin {
        line += half(upper: isDark(row, column), lower: isDark(row + 1, column))
      }
      return line + plain
    }
  }

  /// Dark modules are drawn in black on white, whatever the terminal's colours are.
  private static func half(upper: Bool, lower: Bool) -> String {
    switch (upper, lower) {
    case (true, true): "\u{2588}"
    case (true, false): "\u{2580}"
    case (false, true): "\u{2584}"
    case (false, false): " "
    }
  }

  private static let margin = 2
  private static let white = "\u{1B}[30;107m"
  private static let plain = "\u{1B}[0m"
}
