// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How loud a talker is, and whether this is speech or the noise of a room.
package struct LevelMeter: Sendable {
  /// What RFC 6464 sends for digital silence; 0 is full scale, one step a decibel.
  package static let silent: UInt8 = 127
  /// Louder than this begins a turn.
  ///
  /// Guess: the read speech in docs/results lies at 20 to 35, a quiet room at 60 and beyond.
  static let talksFrom: UInt8 = 45
  /// Quieter than this lets it end.
  static let restsFrom: UInt8 = 52
  /// Blocks a turn outlasts its last loud one, 300 ms: the gaps between words.
  static let hangover = 15
  /// Loud blocks in a row that begin a turn, 40 ms: not a click of the mouse.
  static let onset = 2

  /// The last block's level in decibels below full scale, 0 loudest, 127 silence (RFC 6464).
  package private(set) var level = Self.silent
  /// Whether somebody is talking, steady over the gaps between words.
  package private(set) var isTalking = false

  private var loudRun = 0
  private var restRun = 0

  package init() {}

  /// Takes in the next block.
  package mutating func update(_ block: [Int16]) {
    self.level = Self.level(of: block)
    self.loudRun = self.level <= Self.talksFrom ? self.loudRun + 1 : 0
    self.restRun = self.level >= Self.restsFrom ? self.restRun + 1 : 0
    if self.loudRun >= Self.onset {
      self.isTalking = true
    } else if self.restRun > Self.hangover {
      self.isTalking = false
    }
  }

  /// Root mean square of a block in decibels below full scale, held to 0...127.
  package static func level(of block: [Int16]) -> UInt8 {
    guard !block.isEmpty else { return Self.silent }
    let sum = block.reduce(into: Int64(0)) { $0 += Int64($1) * Int64($1) }
    guard sum > 0 else { return Self.silent }
    let power = Double(sum) / Double(block.count) / (32_768 * 32_768)
    return UInt8(min(Double(Self.silent), max(0, (-10 * log10(power)).rounded())))
  }
}
