// SPDX-License-Identifier: Apache-2.0
import CSpeexDSP

/// Brings sound of another sample rate to 48 kHz, with the same beginning and the same length.
package struct Resampler: ~Copyable {
  /// libspeexdsp's quality, 0 to 10: 8 keeps what aliases 90 dB down and costs little.
  private static let quality: Int32 = 8
  /// Silence pushed in at once to get the end out.
  private static let flush = 512

  private let rate: Int
  private let state: OpaquePointer
  private var taken = 0
  private var given = 0

  package init(from rate: Int) throws(AudioError) {
    guard WavFormat.rates.contains(rate) else { throw .unsupported(.rate) }
    var status: Int32 = 0
    guard
      let state = speex_resampler_init(
        1, UInt32(rate), UInt32(Samples.perSecond), Self.quality, &status)
    else { throw .library(status) }
    _ = speex_resampler_skip_zeros(state)
    self.rate = rate
    self.state = state
  }

  deinit { speex_resampler_destroy(self.state) }

  /// The sound so far that is certain, 1.0 being full scale.
  package mutating func process(_ sound: [Float]) throws(AudioError) -> [Float] {
    self.taken += sound.count
    let result = try self.run(sound)
    self.given += result.count
    return result
  }

  /// The rest of the sound, so that the whole has its proper length.
  package mutating func finish() throws(AudioError) -> [Float] {
    let length = (self.taken * Samples.perSecond + self.rate - 1) / self.rate
    var rest: [Float] = []
    while self.given + rest.count < length {
      let more = try self.run([Float](repeating: 0, count: Self.flush))
      guard !more.isEmpty else { break }
      rest += more
    }
    rest.removeLast(max(0, self.given + rest.count - length))
    self.given = length
    return rest
  }

  private mutating func run(_ sound: [Float]) throws(AudioError) -> [Float] {
    var result: [Float] = []
    var rest = sound[...]
    var room = [Float](
      repeating: 0, count: sound.count * Samples.perSecond / self.rate + Samples.perBlock)
    while !rest.isEmpty {
      var taken = UInt32(rest.count)
      var given = UInt32(room.count)
      let status = rest.withUnsafeBufferPointer {
        speex_resampler_process_float(self.state, 0, $0.baseAddress, &taken, &room, &given)
      }
      guard status == 0 else { throw .library(status) }
      guard taken > 0 || given > 0 else { break }
      result += room.prefix(Int(given))
      rest = rest.dropFirst(Int(taken))
    }
    return result
  }
}
