import ArgumentParser
import Node
import Voice

/// `starling speak`: a file or a pipe as microphone.
struct Speak: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Speak into a room from a file or a pipe.",
    discussion: """
      Reads WAV and Ogg Opus of any rate; raw sound is signed 16 bit, mono, 48 kHz. "-" is \
      standard input; while nothing comes from it, silence is sent.

      EXAMPLE
        starling speak talk.wav
        arecord -f S16_LE -r 48000 -c 1 -t raw | starling speak -
      """)

  @OptionGroup var node: NodeChoice
  @Argument(help: "File, or - for standard input.")
  var source: String
  @Option(help: "Title, id or beginning of the id; the only room if left out.")
  var room: String?
  @Option(help: "Bit/s of speech, 6000 to 32000.")
  var bitrate = 24_000
  @Option(help: "Milliseconds a frame: 20, 40 or 60.")
  var frame = 20
  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    guard OpusEncoder.bitrates.contains(bitrate), [20, 40, 60].contains(frame) else {
      throw ValidationError("Speech has 6000 to 32000 bit/s in frames of 20, 40 or 60 ms.")
    }
  }

  func run() throws {
    var sound = try Self.open(source)
    var connection = try node.connect()
    let request = ControlRequest.speak(room, bitrate: bitrate, milliseconds: frame)
    _ = try connection.ask(request, for: SoundReport.self)
    connection.keepLittleUnsent()
    var isOver = false
    do {
      while !isOver {
        let samples = try sound.read(Samples.perBlock)
        if samples.isEmpty { break }
        try connection.send(PCMWriter.bytes(samples))
        // The node has the last word when all was sent; before that, when it takes no more.
        isOver = connection.hasReply
      }
    } catch let error as AudioError {
      connection.finishSending()
      throw Failure(.failed, "\(source) \(error.description).")
    }
    connection.finishSending()
    let report = try connection.receive(SpokenReport.self)
    json ? Terminal.say(json: report) : Terminal.complain("Spoke \(report.frames) frames.")
    guard isOver else { return }
    throw Failure(
      .refused,
      "This node speaks there no more: a moderator muted it or took it off the stage, or it is out "
        + "of the room.")
  }

  static func open(_ path: String) throws(Failure) -> any AudioSource {
    do throws(AudioError) {
      return try AudioFile.open(path)
    } catch {
      let kind: Failure.Kind =
        switch error {
        case .cannotOpen, .cannotRead: .failed
        default: .usage
        }
      throw Failure(kind, "\(path) \(error.description).")
    }
  }
}
