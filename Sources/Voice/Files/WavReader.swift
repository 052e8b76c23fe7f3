// SPDX-License-Identifier: Apache-2.0

/// Reads WAV files: PCM of 8 to 32 bits or 32-bit float, one or two channels, any usual rate.
///
/// Reads as it goes, so a pipe and a file of many hours are the same to it. Chunks it does not
/// know are passed over. A file that ends before its announced length gives what it has and then
/// says `truncated`.
package final class WavReader: AudioSource {
  /// Longer `fmt ` chunks do not exist.
  private static let longestFormat = 4_096
  /// Chunks before the sound that are passed over at most.
  private static let mostChunks = 256
  /// Samples read at once.
  private static let batch = 4_800
  /// What a writer leaves in the length that never came to fill it in, or writes to a pipe.
  private static let openEnded: Set<Int> = [0, 0xFFFF_FFFF, 0x7FFF_FFFF]

  package let format: WavFormat
  private let input: ByteInput
  private var resampler: Resampler?
  /// Bytes of sound still to come, nil when the length is not known.
  private var left: Int?
  private var ready: [Int16] = []
  private var ended = false
  private var isTruncated = false

  package init(_ input: ByteInput) throws(AudioError) {
    guard WavFormat.isWav(try input.read(12)) else { throw .unrecognised }
    var format: WavFormat?
    for _ in 0..<Self.mostChunks {
      let header = try input.read(8)
      guard header.count == 8 else {
        throw header.isEmpty && format != nil ? .malformed(.noSound) : .truncated
      }
      let size = header[4...].reversed().reduce(0) { $0 << 8 | Int($1) }
      if header.starts(with: Array("data".utf8)) {
        guard let format else { throw .malformed(.noFormat) }
        self.format = format
        self.input = input
        self.left = Self.openEnded.contains(size) ? nil : size - size % format.frameSize
        if format.rate != Samples.perSecond { self.resampler = try Resampler(from: format.rate) }
        return
      }
      if header.starts(with: Array("fmt ".utf8)) {
        guard size <= Self.longestFormat else { throw .malformed(.badFormat) }
        let chunk = try input.read(size + size % 2)
        guard chunk.count >= size else { throw .truncated }
        format = try WavFormat(chunk)
      } else if try !input.skip(size + size % 2) {
        throw .truncated
      }
    }
    throw .malformed(.noSound)
  }

  /// Opens a WAV file.
  package convenience init(path: String) throws(AudioError) {
    try self.init(ByteInput(path: path))
  }

  package func read(_ count: Int) throws(AudioError) -> [Int16] {
    while self.ready.count < count, !self.ended { try self.readBatch() }
    let samples = Array(self.ready.prefix(max(count, 0)))
    self.ready.removeFirst(samples.count)
    if samples.isEmpty, count > 0, self.isTruncated { throw .truncated }
    return samples
  }

  private func readBatch() throws(AudioError) {
    let wanted = min(Self.batch * self.format.frameSize, self.left ?? .max)
    let bytes = try self.input.read(wanted)
    if let left { self.left = left - bytes.count }
    var sound = self.format.mono(bytes)
    if self.resampler != nil { sound = try self.resampler?.process(sound) ?? [] }
    if bytes.count < wanted || self.left == 0 {
      self.ended = true
      self.isTruncated = self.left.map { $0 > 0 } ?? false
      if self.resampler != nil { sound += try self.resampler?.finish() ?? [] }
    }
    self.ready.append(contentsOf: sound.map(Samples.saturated))
  }
}
