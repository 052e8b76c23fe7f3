import CLinux
import Glibc
import Node
import Voice

/// What is said in the demonstration: a file, recorded sentences, or a tone.
struct DemoSpeech {
  let path: String?
  let seconds: Double

  /// Writes it as one file and returns its length in seconds.
  func write(to target: String) throws(Failure) -> Double {
    var left = Int(seconds * Double(Samples.perSecond))
    do throws(AudioError) {
      let sink = try WavWriter(path: target)
      var written = 0
      for source in try sources() {
        var source = source
        while left > 0 {
          let samples = try source.read(min(left, Samples.perSecond))
          if samples.isEmpty { break }
          try sink.write(samples)
          left -= samples.count
          written += samples.count
        }
      }
      try sink.close()
      return Double(written) / Double(Samples.perSecond)
    } catch {
      throw Failure(.failed, "\(path ?? "The speech") \(error.description).")
    }
  }

  private func sources() throws(AudioError) -> [any AudioSource] {
    if let path { return [try AudioFile.open(path)] }
    let recorded = Self.recorded()
    guard recorded.isEmpty else {
      var sources: [any AudioSource] = []
      for path in recorded { sources.append(try AudioFile.open(path)) }
      return sources
    }
    Terminal.complain(
      "No recorded speech is installed (package pocketsphinx-testdata): a tone is sent instead.")
    return [Tone(frequency: 440, seconds: seconds)]
  }

  /// Read sentences that Debian packages for tests of speech recognition.
  private static func recorded() -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var paths: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".wav") { paths.append(folder + "/" + name) }
    }
    return paths.sorted()
  }

  private static let folder = "/usr/share/pocketsphinx/test/data/librivox"
}
