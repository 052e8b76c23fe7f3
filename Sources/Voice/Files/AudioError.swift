// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why sound was not read from or written to a file.
///
/// Never names the file: callers know it.
package enum AudioError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The system's error numbers.
  case cannotOpen(Int32)
  case cannotRead(Int32)
  case cannotWrite(Int32)
  /// Neither WAV nor Ogg Opus nor named as raw samples.
  case unrecognised
  /// The file ends in the middle of what it announces.
  case truncated
  /// The file contradicts itself or its format.
  case malformed(Flaw)
  /// A proper file of a kind that is not read here.
  case unsupported(Feature)
  /// A WAV file cannot hold more than 4 GB.
  case full
  /// Written to after it was closed.
  case closed
  /// A library failed: its error code.
  case library(Int32)

  /// What is wrong with a malformed file.
  package enum Flaw: String, Sendable {
    case noFormat = "no format chunk before the sound"
    case badFormat = "a format chunk that contradicts itself"
    case noSound = "no sound in it"
    case badOgg = "not a readable Ogg Opus stream"
  }

  /// What is unusual about an unsupported file.
  package enum Feature: String, Sendable {
    case encoding = "an encoding other than PCM and 32-bit float"
    case depth = "a sample size other than 8, 16, 24 and 32 bits"
    case channels = "more than two channels"
    case rate = "a sample rate outside 4 to 384 kHz"
  }

  package var description: String {
    switch self {
    case .cannotOpen(let code): "cannot be opened: \(Self.reason(code))"
    case .cannotRead(let code): "cannot be read: \(Self.reason(code))"
    case .cannotWrite(let code): "cannot be written: \(Self.reason(code))"
    case .unrecognised: "is neither WAV nor Ogg Opus; raw samples end in .pcm, .raw or .s16"
    case .truncated: "ends too early"
    case .malformed(let flaw): "is damaged: \(flaw.rawValue)"
    case .unsupported(let feature): "is not supported: \(feature.rawValue)"
    case .full: "is full: a WAV file holds 4 GB"
    case .closed: "is closed already"
    case .library(let code): "failed in the audio library (\(code))"
    }
  }

  private static func reason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
