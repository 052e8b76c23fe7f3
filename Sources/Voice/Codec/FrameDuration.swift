// SPDX-License-Identifier: Apache-2.0

/// How much sound one Opus packet holds.
///
/// Longer frames spend fewer bytes on headers and delay the talker by as much as they hold.
package enum FrameDuration: UInt8, CaseIterable, Sendable {
  case ms20 = 20
  case ms40 = 40
  case ms60 = 60

  /// Samples of one frame at 48 kHz: 960, 1920 or 2880.
  package var samples: Int { Int(self.rawValue) * Samples.perMillisecond }

  /// Blocks of 20 ms in one frame: 1, 2 or 3.
  package var blocks: Int { self.samples / Samples.perBlock }

  /// The same length as a span of time.
  package var duration: Duration { .milliseconds(Int64(self.rawValue)) }

  /// The same length in the clock's unit of this target.
  package var nanoseconds: Int64 { Int64(self.rawValue) * 1_000_000 }

  /// The duration that holds exactly this many samples, if one does.
  package init?(samples: Int) {
    guard let match = Self.allCases.first(where: { $0.samples == samples }) else { return nil }
    self = match
  }
}

/// What "samples" means everywhere in this target: mono, 48 kHz, signed 16 bit, host order.
package enum Samples {
  /// Samples in one second.
  ///
  /// Opus works at 48 kHz inside whatever it is given (RFC 6716, 2).
  package static let perSecond = 48_000
  /// Samples in one millisecond.
  package static let perMillisecond = 48
  /// Samples in one block, the unit of mixing and of output: 20 ms.
  package static let perBlock = 960
  /// One block of silence.
  package static let silence = [Int16](repeating: 0, count: Self.perBlock)

  /// The nearest sample to a value where 1.0 is full scale; out of range is held, never wrapped.
  package static func saturated(_ value: Float) -> Int16 {
    let scaled = (value * 32_768).rounded()
    guard scaled < 32_767 else { return .max }
    guard scaled > -32_768 else { return .min }
    return scaled.isNaN ? 0 : Int16(scaled)
  }
}
