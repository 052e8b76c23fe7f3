// SPDX-License-Identifier: Apache-2.0
import COpusFile

/// Reads Ogg Opus, of one or more channels brought to one, from a file, a pipe or memory.
///
/// Damage in the middle is passed over; it is heard as a gap.
package final class OggOpusReader: AudioSource {
  /// The longest Opus packet is 120 ms; times the two channels that opusfile mixes down to.
  private static let roomy = 120 * Samples.perMillisecond * 2
  /// Holes in a row after which a file counts as damaged.
  private static let mostHoles = 64

  private let input: ByteInput
  private let stream: OpaquePointer
  private var ready: [Int16] = []
  private var ended = false

  package init(_ input: ByteInput) throws(AudioError) {
    self.input = input
    var callbacks = OpusFileCallbacks()
    callbacks.read = { source, into, count in
      guard let source, let into, count > 0 else { return 0 }
      let input = Unmanaged<ByteInput>.fromOpaque(source).takeUnretainedValue()
      guard let bytes = try? input.readSome(Int(count)) else { return -1 }
      into.update(from: bytes, count: bytes.count)
      return Int32(bytes.count)
    }
    var status: Int32 = 0
    guard
      let stream = op_open_callbacks(
        Unmanaged.passUnretained(input).toOpaque(), &callbacks, nil, 0, &status)
    else {
      throw status == OP_EREAD || status == OP_EFAULT ? .library(status) : .malformed(.badOgg)
    }
    self.stream = stream
  }

  /// Opens an Ogg Opus file.
  package convenience init(path: String) throws(AudioError) {
    try self.init(ByteInput(path: path))
  }

  deinit { op_free(self.stream) }

  package func read(_ count: Int) throws(AudioError) -> [Int16] {
    while self.ready.count < count, !self.ended { try self.readPacket() }
    let samples = Array(self.ready.prefix(max(count, 0)))
    self.ready.removeFirst(samples.count)
    return samples
  }

  private func readPacket() throws(AudioError) {
    var room = [Int16](repeating: 0, count: Self.roomy)
    for _ in 0..<Self.mostHoles {
      let count = op_read_stereo(self.stream, &room, Int32(room.count))
      if count == OP_HOLE { continue }
      guard count >= 0 else {
        self.ended = true
        throw .malformed(.badOgg)
      }
      if count == 0 { self.ended = true }
      self.ready += (0..<Int(count)).map { index in
        Int16((Int(room[index * 2]) + Int(room[index * 2 + 1])) / 2)
      }
      return
    }
    self.ended = true
    throw .malformed(.badOgg)
  }
}
