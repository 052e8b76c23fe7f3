// SPDX-License-Identifier: Apache-2.0

/// Raw samples: signed 16 bit, little endian, mono, 48 kHz, nothing before or after.
package final class PCMReader: AudioSource {
  private let input: ByteInput

  package init(_ input: ByteInput) {
    self.input = input
  }

  package func read(_ count: Int) throws(AudioError) -> [Int16] {
    let bytes = try self.input.read(max(count, 0) * 2)
    return stride(from: 0, to: bytes.count - 1, by: 2).map { index in
      Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
    }
  }
}

/// Writes raw samples: signed 16 bit, little endian, mono, 48 kHz.
package final class PCMWriter: AudioSink {
  private let output: ByteOutput

  /// Writes to a file, or to standard output when the path is "-".
  package init(path: String) throws(AudioError) {
    self.output = try ByteOutput(path: path)
  }

  package func write(_ samples: [Int16]) throws(AudioError) {
    try self.output.write(Self.bytes(samples))
  }

  package func close() throws(AudioError) {
    try self.output.close()
  }

  /// Samples as they lie in raw and WAV files.
  package static func bytes(_ samples: [Int16]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(samples.count * 2)
    for sample in samples {
      bytes.append(UInt8(truncatingIfNeeded: sample))
      bytes.append(UInt8(truncatingIfNeeded: sample >> 8))
    }
    return bytes
  }
}
