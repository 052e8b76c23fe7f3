// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing
import Voice

/// Chance that is the same in every run (SplitMix64).
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { self.state = seed }

  mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = self.state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 up to 1.
  mutating func fraction() -> Double { Double.random(in: 0..<1, using: &self) }

  /// Mostly small, sometimes large, this much in the mean.
  mutating func exponential(_ mean: Double) -> Double { -mean * log(1 - self.fraction()) }
}

/// Read speech of Debian's package pocketsphinx-testdata, which is not part of this project.
enum Speech {
  private static let folder = "/usr/share/pocketsphinx/test/data/librivox/"
  private static let names = ["0870", "0880", "0890", "0920", "0930"]

  static var paths: [String] {
    Self.names.map { "\(Self.folder)sense_and_sensibility_01_austen_64kb-\($0).wav" }
  }

  static var isInstalled: Bool { Self.paths.allSatisfy { access($0, R_OK) == 0 } }

  /// All of it, or so many seconds.
  static func samples(seconds: Int = 60) throws -> [Int16] {
    var all: [Int16] = []
    for path in Self.paths where all.count < seconds * Samples.perSecond {
      var source = try AudioFile.open(path)
      all += try source.read(seconds * Samples.perSecond - all.count)
    }
    return all
  }
}

extension Trait where Self == ConditionTrait {
  /// For tests that need real speech: apt install pocketsphinx-testdata.
  static var needsSpeech: Self {
    .enabled(if: Speech.isInstalled, "package pocketsphinx-testdata is not installed")
  }
}

/// Sounds made up.
enum Made {
  static func noise(_ count: Int, amplitude: Int16 = 8_000, seed: UInt64 = 1) -> [Int16] {
    var dice = Dice(seed)
    return (0..<count).map { _ in Int16.random(in: -amplitude...amplitude, using: &dice) }
  }

  /// A major chord with overtones that changes its root every half second.
  static func chords(_ count: Int) -> [Int16] {
    (0..<count).map { index in
      let seconds = Double(index) / 48_000
      let root = 220 * pow(2, Double(index / 24_000 % 5) / 12)
      let partials = [1, 1.25, 1.5, 2, 2.5, 3, 4].map { sin(seconds * root * $0 * 2 * .pi) }
      return Int16(partials.reduce(0, +) * 3_000)
    }
  }

  static func tone(_ count: Int, frequency: Double = 440) throws -> [Int16] {
    var tone = Tone(frequency: frequency)
    return try tone.read(count)
  }

  /// A voice's like: buzz of a changing pitch, coming and going four times a second.
  static func babble(_ count: Int) -> [Int16] {
    var phase = 0.0
    return (0..<count).map { index in
      let seconds = Double(index) / 48_000
      phase += (120 + 30 * sin(seconds * 3)) / 48_000
      let buzz = (1...20).reduce(0.0) { $0 + sin(phase * 2 * .pi * Double($1)) / Double($1) }
      let envelope = max(0, sin(seconds * 4 * .pi))
      return Int16(buzz * envelope * 6_000)
    }
  }
}

/// Comparing sounds.
enum Compare {
  /// Root mean square.
  static func strength(_ samples: some Collection<Int16>) -> Double {
    guard !samples.isEmpty else { return 0 }
    return (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count))
      .squareRoot()
  }

  /// Decibels by which a sound is stronger than its difference from another.
  static func signalToNoise(_ wanted: [Int16], _ heard: [Int16]) -> Double {
    let pairs = zip(wanted, heard)
    let signal = pairs.reduce(1.0) { $0 + Double($1.0) * Double($1.0) }
    let noise = pairs.reduce(1.0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
    return 10 * log10(signal / noise)
  }

  /// Frequency by counting how often the sound crosses zero upwards.
  static func frequency(_ samples: [Int16]) -> Double {
    var crossings: [Double] = []
    for index in 1..<max(samples.count, 1) where samples[index - 1] < 0 && samples[index] >= 0 {
      let before = -Double(samples[index - 1])
      crossings.append(Double(index - 1) + before / (before + Double(samples[index])))
    }
    guard let first = crossings.first, let last = crossings.last, last > first else { return 0 }
    return Double(crossings.count - 1) * 48_000 / (last - first)
  }
}

/// A file's name that goes away with it.
final class Scratch {
  let path: String

  init(_ ending: String) {
    var dice = SystemRandomNumberGenerator()
    self.path = "/tmp/starling-voice-\(getpid())-\(dice.next() as UInt64)\(ending)"
  }

  deinit { unlink(self.path) }

  func write(_ bytes: [UInt8]) throws {
    let output = try ByteOutput(path: self.path)
    try output.write(bytes)
    try output.close()
  }

  func bytes() throws -> [UInt8] {
    try ByteInput(path: self.path).read(1 << 26)
  }
}

/// The C library's, for suites that need no more of it.
func cosine(_ angle: Double) -> Double { cos(angle) }
func sine(_ angle: Double) -> Double { sin(angle) }
