/// A running hash over everything that happens, and a line for what a person would want to know.
struct Trace {
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var last = ""
  private(set) var lastAt: Int64 = 0
  let say: ((String) -> Void)?

  init(say: ((String) -> Void)?) { self.say = say }

  @inline(__always)
  mutating func mix(_ word: UInt64) {
    hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
    hash = hash << 29 | hash >> 35
  }

  mutating func note(_ line: @autoclosure () -> String, at moment: Int64) {
    last = line()
    lastAt = moment
    say?("\(Trace.seconds(moment)) \(last)")
  }

  /// Only for who asked for a trace.
  func detail(_ line: @autoclosure () -> String, at moment: Int64) {
    guard let say else { return }
    say("\(Trace.seconds(moment)) \(line())")
  }

  static func seconds(_ moment: Int64) -> String {
    let milliseconds = moment / 1_000_000
    let rest = String(milliseconds % 1_000 + 1_000).dropFirst()
    return "\(milliseconds / 1_000).\(rest)"
  }
}
