/// The world's dice: xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64.
///
/// Participants draw from `Entropy`; a network that loses packets needs no cipher.
struct Chance {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  init(_ seed: UInt64) {
    var mix = seed
    state = (
      Chance.split(&mix), Chance.split(&mix), Chance.split(&mix), Chance.split(&mix)
    )
  }

  mutating func next() -> UInt64 {
    let result = Chance.rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Chance.rotate(state.3, 45)
    return result
  }

  /// Evenly among `0..<bound`; zero when there is nothing to choose from.
  mutating func below(_ bound: Int) -> Int {
    bound > 1 ? Int(next().multipliedFullWidth(by: UInt64(bound)).high) : 0
  }

  /// Evenly between two moments or durations in nanoseconds, both included.
  mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(below(Int(range.upperBound - range.lowerBound) + 1))
  }

  mutating func hits(permille: Int) -> Bool { permille > 0 && below(1_000) < permille }

  /// A draw of an exponential law with this mean.
  mutating func exponential(mean: Int64) -> Int64 {
    mean == 0 ? 0 : Int64(Double(mean) * Chance.minusLog[below(Chance.minusLog.count)])
  }

  mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }

  /// One word from several, the same in every process.
  static func mix(_ words: UInt64...) -> UInt64 {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for word in words {
      state ^= word
      state = split(&state)
    }
    return state
  }

  private static func split(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    word << bits | word >> (64 - bits)
  }

  /// -ln of the middles of 4,096 equal parts of 0...1, by basic arithmetic alone: a library's
  /// logarithm may differ in the last bit from one machine to the next.
  private static let minusLog: [Double] = (0..<4_096).map { part in
    var value = (Double(part) + 0.5) / 4_096
    var halvings = 0.0
    while value < 0.75 {
      value *= 2
      halvings += 1
    }
    let ratio = (value - 1) / (value + 1)
    var term = ratio
    var sum = 0.0
    for odd in stride(from: 1.0, to: 41, by: 2) {
      sum += term / odd
      term *= ratio * ratio
    }
    return halvings * 0.693_147_180_559_945_3 - 2 * sum
  }
}
