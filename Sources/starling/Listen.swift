import ArgumentParser
import CLinux
import Glibc
import Node
import Voice

/// `starling listen`: a room into a file or a pipe.
struct Listen: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hear a room into a file or a pipe.",
    discussion: """
      Files end in .wav, .opus or .raw; "-" is raw sound on standard output: signed 16 bit, mono, \
      48 kHz. Ends after --seconds, or on Ctrl-C with the file complete.

      EXAMPLE
        starling listen -o evening.opus
        starling listen | aplay -f S16_LE -r 48000 -c 1
      """)

  @OptionGroup var node: NodeChoice
  @Option(name: .shortAndLong, help: "File, or - for standard output.")
  var output = "-"
  @Option(help: "Stop after so many seconds.")
  var seconds: Double?
  @Option(help: "Title, id or beginning of the id; the only room if left out.")
  var room: String?

  func validate() throws {
    if output == "-", isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("Sound does not go to a terminal: use -o FILE, or a pipe.")
    }
    if let seconds, !(seconds > 0 && seconds < 1e6) {
      throw ValidationError("Seconds are more than 0.")
    }
  }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    let signals = try StopSignals()
    var connection = try node.connect()
    _ = try connection.ask(.listen(room), for: SoundReport.self)
    let sink = try Self.create(output)
    var left = seconds.map { Int($0 * Double(Samples.perSecond)) }
    var odd: [UInt8] = []
    do {
      while left != 0, Self.waitForSound(connection.raw, signals.raw) {
        let more = try connection.read()
        if more.isEmpty { break }
        odd += more
        var samples = Self.samples(odd)
        odd = odd.count % 2 == 0 ? [] : [odd[odd.count - 1]]
        if let most = left {
          samples.removeLast(max(0, samples.count - most))
          left = most - samples.count
        }
        try sink.write(samples)
      }
      try sink.close()
    } catch AudioError.cannotWrite(EPIPE) {
      // Whoever read the pipe has heard enough.
      return
    } catch let error as AudioError {
      throw Failure(.failed, "\(output) \(error.description).")
    }
  }

  private static func create(_ path: String) throws(Failure) -> any AudioSink {
    do throws(AudioError) {
      return try AudioFile.create(path)
    } catch {
      let kind: Failure.Kind = error == .unrecognised ? .usage : .failed
      throw Failure(kind, "\(path) \(error.description).")
    }
  }

  /// False when a signal asks for the end.
  private static func waitForSound(_ sound: Int32, _ signals: Int32) -> Bool {
    var wanted = [
      pollfd(fd: sound, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
    ]
    while poll(&wanted, 2, -1) < 0 && errno == EINTR {}
    return wanted[1].revents == 0
  }

  private static func samples(_ bytes: [UInt8]) -> [Int16] {
    stride(from: 0, to: bytes.count - 1, by: 2).map {
      Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
    }
  }
}
