import Mesh
import Voice
import Wire

/// A client that speaks: its samples become frames, one each time one is due.
///
/// The pace is the node's, not the client's: who sends faster is held back, who sends too little is
/// filled up with silence, so that what the wire carries does not depend on the source.
final class Talker {
  let room: RoomID
  /// Bytes of one frame's samples.
  let frameBytes: Int
  let duration: Mesh.FrameDuration
  let payloadSize: Int
  private(set) var spoken = 0
  private(set) var silent = 0
  private var tail = Talker.tailFrames
  private var encoder: OpusEncoder
  private var pacer: Pacer?
  /// Until then a frame from the client is waited for; then silence is sent.
  private let patience: Int64

  init(
    room: RoomID, bitrate: Int, duration: Mesh.FrameDuration, at now: Int64
  ) throws(CodecError) {
    var settings = OpusEncoder.Settings()
    settings.bitrate = bitrate
    settings.duration = duration.voice
    let encoder = try OpusEncoder(settings)
    payloadSize = encoder.payloadSize
    frameBytes = duration.voice.samples * 2
    self.encoder = encoder
    self.room = room
    self.duration = duration
    patience = now + Self.patience
  }

  /// When to ask for a frame, in boot time.
  var due: Int64 { pacer?.due ?? patience }

  /// One frame is there: no need to wait for the first any longer.
  func begin(at now: Int64) {
    if pacer == nil { pacer = Pacer(start: now, frame: duration.voice) }
  }

  enum Step {
    case frame(payload: [UInt8], level: UInt8)
    case done
  }

  /// The next frame from what the client sent.
  func next(from client: ControlClient, at now: Int64) -> Step {
    begin(at: now)
    pacer?.advance(at: now)
    var samples = [Int16](repeating: 0, count: frameBytes / 2)
    if client.inputCount >= frameBytes || client.hasEnded {
      let bytes = client.takeSound(frameBytes)
      if bytes.count < 2 {
        guard tail > 0 else { return .done }
        tail -= 1
      }
      for index in 0..<bytes.count / 2 {
        samples[index] = Int16(
          bitPattern: UInt16(bytes[2 * index]) | UInt16(bytes[2 * index + 1]) << 8)
      }
    } else {
      silent += 1
    }
    guard let payload = try? encoder.encode(samples) else { return .done }
    if tail == Talker.tailFrames { spoken += 1 }
    return .frame(payload: payload, level: LevelMeter.level(of: samples))
  }

  /// Silence sent behind the last words: a frame's second copy travels with the frame after it, and
  /// the last would have none.
  private static let tailFrames = 2

  /// A program that was just started needs this long to send its first samples.
  ///
  /// A guess.
  private static let patience: Int64 = 200_000_000
}
