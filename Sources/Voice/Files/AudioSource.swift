// SPDX-License-Identifier: Apache-2.0

/// Sound to be read, mono at 48 kHz whatever it is made from.
package protocol AudioSource {
  /// The next samples; fewer than asked for only where the sound ends, and none after that.
  mutating func read(_ count: Int) throws(AudioError) -> [Int16]
}

extension AudioSource {
  /// The next frame, its end filled up with silence; nil where the sound has ended.
  package mutating func frame(_ duration: FrameDuration) throws(AudioError) -> [Int16]? {
    var samples = try self.read(duration.samples)
    guard !samples.isEmpty else { return nil }
    samples.append(
      contentsOf: repeatElement(Int16(0), count: duration.samples - samples.count))
    return samples
  }
}

/// Which reader or writer a name stands for.
package enum AudioFile {
  private static let rawEndings = [".pcm", ".raw", ".s16", ".s16le"]
  private static let wavEndings = [".wav", ".wave"]
  private static let opusEndings = [".opus", ".ogg", ".oga"]

  /// Opens sound by what it begins with.
  ///
  /// "-" is standard input, raw unless it begins otherwise.
  package static func open(_ path: String) throws(AudioError) -> any AudioSource {
    let input = try ByteInput(path: path)
    return try Self.open(input, raw: path == "-" || Self.ends(path, Self.rawEndings))
  }

  /// Opens sound by what it begins with; anything unknown is raw samples if `raw` says so.
  package static func open(_ input: ByteInput, raw: Bool) throws(AudioError) -> any AudioSource {
    let magic = Array(try input.peek(12))
    if WavFormat.isWav(magic) { return try WavReader(input) }
    if magic.starts(with: Array("OggS".utf8)) { return try OggOpusReader(input) }
    guard raw else { throw .unrecognised }
    return PCMReader(input)
  }

  /// Makes a file of the kind its name ends in.
  ///
  /// "-" is raw samples on standard output.
  package static func create(_ path: String) throws(AudioError) -> any AudioSink {
    if path == "-" || Self.ends(path, Self.rawEndings) { return try PCMWriter(path: path) }
    if Self.ends(path, Self.wavEndings) { return try WavWriter(path: path) }
    if Self.ends(path, Self.opusEndings) { return try OggOpusWriter(path: path) }
    throw .unrecognised
  }

  private static func ends(_ path: String, _ endings: [String]) -> Bool {
    let name = path.lowercased()
    return endings.contains { name.hasSuffix($0) }
  }
}
