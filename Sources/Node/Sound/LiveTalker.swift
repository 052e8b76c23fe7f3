package import Voice
package import Wire

/// A client that speaks live: each of its frames goes out when it comes.
///
/// The microphone sets the pace, so nothing waits here and no delay builds up; a frame that stays
/// out is replaced by silence, so that the wire carries a steady rate whatever the client does.
/// Belongs to ``Host``.
package final class LiveTalker {
  package let room: RoomID
  package let format: SoundFormat
  /// Every frame has exactly this many bytes.
  package let payloadSize: Int
  package var isMuted = false
  private var encoder: OpusEncoder
  /// When silence must fill in, unless a frame comes first; boot time.
  package private(set) var due: Int64
  /// Silences sent in place of frames that may still come: those would be heard late.
  private var owed = 0
  private var lastOwed: Int64 = 0
  /// Frames left out for what was owed; the silence in their place owes nothing, or whoever once
  /// lost a frame would be silent for good.
  private var repaid = 0
  /// When frames may next come at the usual pace; bounds what a fast client can send.
  private var pace: Int64

  /// What goes to the mesh.
  package struct Frame {
    package let payload: [UInt8]
    package let level: UInt8
  }

  package init(room: RoomID, format: SoundFormat, bitrate: Int, at now: Int64) throws(CodecError) {
    var settings = OpusEncoder.Settings()
    settings.bitrate = bitrate
    let encoder = try OpusEncoder(settings)
    payloadSize = encoder.payloadSize
    self.encoder = encoder
    self.room = room
    self.format = format
    due = now + Self.headStart
    pace = now
  }

  /// The frame to send for a message of the client, nil when it is left out.
  package func take(_ message: [UInt8], at now: Int64) -> Frame? {
    guard !isMuted, let frame = frame(of: message) else { return nil }
    if now - lastOwed > Self.forgiven || owed == Self.mostOwed { owed = 0 }
    guard owed == 0 else {
      owed -= 1
      repaid += 1
      return nil
    }
    repaid = 0
    guard pace - now < Self.ahead else { return nil }
    pace = max(pace, now) + Self.frame
    due = now + Self.patience
    return frame
  }

  /// Nothing came: a frame of silence, and the next is due a frame later.
  package func silence(at now: Int64) -> Frame? {
    if repaid > 0 {
      repaid -= 1
    } else if !isMuted {
      owed = min(owed + 1, Self.mostOwed)
      lastOwed = now
    }
    due = max(due + Self.frame, now)
    pace = max(pace, now) + Self.frame
    return encoded([Int16](repeating: 0, count: Self.samples))
  }

  private func frame(of message: [UInt8]) -> Frame? {
    switch format {
    case .opus:
      guard message.count == payloadSize + 1, let level = message.first, level <= 127 else {
        return nil
      }
      let packet = Array(message.dropFirst())
      guard OpusPacket.duration(of: packet) == .ms20 else { return nil }
      return Frame(payload: packet, level: level)
    case .s16le:
      guard message.count == SoundFormat.blockBytes else { return nil }
      return encoded(
        (0..<Self.samples).map {
          Int16(bitPattern: UInt16(message[2 * $0]) | UInt16(message[2 * $0 + 1]) << 8)
        })
    }
  }

  private func encoded(_ samples: [Int16]) -> Frame? {
    guard let payload = try? encoder.encode(samples) else { return nil }
    return Frame(payload: payload, level: LevelMeter.level(of: samples))
  }

  private static let samples = SoundFormat.blockBytes / 2
  private static let frame: Int64 = 20_000_000
  /// A browser opens a microphone in about this time.
  ///
  /// A guess.
  private static let headStart: Int64 = 200_000_000
  /// What a busy browser may be late by before a listener's buffer would run dry anyway.
  ///
  /// A guess: three frames.
  private static let patience: Int64 = 60_000_000
  /// Frames that come later than this after the silence are a new beginning.
  private static let forgiven: Int64 = 1_000_000_000
  /// A second: who was away for longer begins anew, for nothing keeps that much back.
  private static let mostOwed = 50
  /// A browser that stood still sends what it had in one go: as much as a jitter buffer takes.
  private static let ahead: Int64 = 200_000_000
}
