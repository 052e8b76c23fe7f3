// SPDX-License-Identifier: Apache-2.0

/// Adds talkers up to one sound.
///
/// Eight people laughing at once add up to more than full scale, so the sum goes through a
/// limiter: the gain falls within 2 ms when the sum is too loud and rises again over a quarter of a
/// second. What still sticks out is held at full scale and never wraps round.
package struct Mixer: Sendable {
  /// One talker's share.
  package struct Voice: Sendable {
    package var block: [Int16]
    package var gain: Float

    package init(block: [Int16], gain: Float = 1) {
      self.block = block
      self.gain = gain
    }
  }

  /// The loudest gain that is taken: 12 dB.
  package static let largestGain: Float = 4
  /// The limiter's ceiling, 0.2 dB below full scale.
  static let ceiling: Float = 0.98
  /// Samples over which the gain falls: 2 ms, short enough to catch a laugh, long enough not to
  /// click.
  static let attack = 96
  /// How much of the way back to 1 the gain goes in one block: 12 blocks to get 90 % back.
  static let release: Float = 0.17

  private var gain: Float = 1

  package init() {}

  /// One block out of any number of talkers' blocks; a short block counts as silent at its end.
  package mutating func mix(_ voices: [Voice]) -> [Int16] {
    guard !voices.isEmpty || self.gain < 1 else { return Samples.silence }
    var sum = [Float](repeating: 0, count: Samples.perBlock)
    for voice in voices {
      let gain = voice.gain.isFinite ? min(max(voice.gain, 0), Self.largestGain) : 0
      guard gain > 0 else { continue }
      for index in 0..<min(voice.block.count, Samples.perBlock) {
        sum[index] += Float(voice.block[index]) * (gain / 32_768)
      }
    }
    return self.limit(sum)
  }

  private mutating func limit(_ sum: [Float]) -> [Int16] {
    let peak = sum.reduce(Float(0)) { max($0, abs($1)) }
    let allowed = peak > Self.ceiling ? Self.ceiling / peak : 1
    let from = self.gain
    let to = min(allowed, from + (1 - from) * Self.release)
    self.gain = to > 0.999 ? 1 : to
    guard from < 1 || to < 1 else { return sum.map(Samples.saturated) }
    let ramp = to < from ? Self.attack : sum.count
    return sum.enumerated().map { index, value in
      let share = min(1, Float(index + 1) / Float(ramp))
      return Samples.saturated(value * (from + (to - from) * share))
    }
  }
}
