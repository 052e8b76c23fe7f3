// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A sound made out of nothing, for trying out a room without a microphone.
package struct Tone: AudioSource {
  /// Hertz at the beginning and at the end.
  package let from: Double
  package let to: Double
  /// Peak, 0 to 1.
  package let amplitude: Double
  /// Samples in all, nil for a tone without end.
  package let length: Int?

  private var position = 0
  private var phase = 0.0

  /// A sine of one frequency, at a peak of so many decibels below full scale.
  package init(frequency: Double = 440, decibelsDown: Double = 12, seconds: Double? = nil) {
    self.init(sweepFrom: frequency, to: frequency, decibelsDown: decibelsDown, seconds: seconds)
  }

  /// A sine gliding evenly by octaves from one frequency to the other.
  package init(sweepFrom from: Double, to: Double, decibelsDown: Double = 12, over: Double) {
    self.init(sweepFrom: from, to: to, decibelsDown: decibelsDown, seconds: over)
  }

  private init(sweepFrom from: Double, to: Double, decibelsDown: Double, seconds: Double?) {
    self.from = Self.audible(from)
    self.to = Self.audible(to)
    self.amplitude = pow(10, -(decibelsDown.isFinite ? max(decibelsDown, 0) : 127) / 20)
    self.length = seconds.map { Int(min(max($0, 0), 1e6) * Double(Samples.perSecond)) }
  }

  package mutating func read(_ count: Int) throws(AudioError) -> [Int16] {
    let wanted = min(max(count, 0), self.length.map { $0 - self.position } ?? .max)
    return (0..<wanted).map { _ in self.sample() }
  }

  private mutating func sample() -> Int16 {
    let share = self.length.map { Double(self.position) / Double(max($0, 1)) } ?? 0
    let frequency = self.from * pow(self.to / self.from, share)
    let value = Float(self.amplitude * sin(self.phase * 2 * .pi))
    self.phase += frequency / Double(Samples.perSecond)
    self.phase -= self.phase.rounded(.down)
    self.position += 1
    return Samples.saturated(value)
  }

  /// A frequency that 48 kHz can carry.
  private static func audible(_ frequency: Double) -> Double {
    frequency.isFinite ? min(max(frequency, 1), 23_999) : 440
  }
}
