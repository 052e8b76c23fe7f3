// SPDX-License-Identifier: Apache-2.0

/// Writes a WAV file: 16 bit, mono, 48 kHz.
///
/// The lengths in the header are brought up to date every second, so a recording survives the
/// recorder's being killed but for its last second. Into a pipe the lengths stay open.
package final class WavWriter: AudioSink {
  private static let headerSize = 44
  private static let openEnded = 0xFFFF_FFFF
  /// The lengths are 32 bits wide.
  private static let mostBytes = 0xFFFF_FFFF - WavWriter.headerSize - 1

  private let output: ByteOutput
  private var written = 0
  private var patched = 0
  private var isClosed = false

  /// Makes the file and writes the header of an empty recording.
  package init(path: String) throws(AudioError) {
    self.output = try ByteOutput(path: path)
    try self.output.write(Self.header(self.output.canPatch ? 0 : nil))
  }

  deinit { try? self.close() }

  package func write(_ samples: [Int16]) throws(AudioError) {
    guard !self.isClosed else { throw .closed }
    guard self.written + samples.count * 2 <= Self.mostBytes else { throw .full }
    try self.output.write(PCMWriter.bytes(samples))
    self.written += samples.count * 2
    if self.written - self.patched >= Samples.perSecond * 2 { try self.patch() }
  }

  package func close() throws(AudioError) {
    guard !self.isClosed else { return }
    self.isClosed = true
    try self.patch()
    try self.output.close()
  }

  private func patch() throws(AudioError) {
    try self.output.patch(Self.header(self.written), at: 0)
    self.patched = self.written
  }

  /// The 44 bytes before the samples; nil for a length that is not known.
  private static func header(_ length: Int?) -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    let riff = length.map { $0 + Self.headerSize - 8 } ?? Self.openEnded
    var bytes = Array("RIFF".utf8) + number(riff, 4) + Array("WAVEfmt ".utf8)
    bytes += number(16, 4) + number(1, 2) + number(1, 2)
    bytes += number(Samples.perSecond, 4) + number(Samples.perSecond * 2, 4)
    bytes += number(2, 2) + number(16, 2)
    return bytes + Array("data".utf8) + number(length ?? Self.openEnded, 4)
  }
}
