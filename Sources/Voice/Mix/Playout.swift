// SPDX-License-Identifier: Apache-2.0

/// One talker, from packets as they come in to blocks of 20 ms as they are heard.
///
/// Frames of 20, 40 and 60 ms all come out as 20 ms blocks. A talker may change the length; what
/// waits is dropped then. Lives where its owner lives: not for two threads.
package final class Playout {
  /// What the jitter buffer may do, in milliseconds.
  package struct Limits: Equatable, Sendable {
    package var shortest = 20
    package var longest = 400
    package var secondCopyCeiling = 100

    package init() {}
  }

  /// Quieter than this, a frame dropped or put in is not heard.
  ///
  /// A guess: a room's noise.
  static let quietLevel: UInt8 = 50

  /// Loudness chosen by the listener, 0 to `Mixer.largestGain`.
  package var volume: Float = 1
  /// Whether the listener wants to hear this talker at all.
  package var isMuted = false
  /// What is heard of this talker at present.
  package private(set) var meter = LevelMeter()
  /// Frames that were not Opus, or of a length that is not used.
  package private(set) var malformed = 0
  /// When a packet last came in, nil before the first.
  package private(set) var lastArrival: Int64?

  private let limits: Limits
  private var decoder: OpusDecoder
  private var buffer: JitterBuffer
  /// Blocks decoded and not yet handed out.
  private var decoded: [Int16] = []

  package init(limits: Limits = Limits()) throws(CodecError) {
    self.limits = limits
    self.decoder = try OpusDecoder()
    self.buffer = Self.buffer(.ms20, limits)
  }

  /// What became of the talker's frames.
  package var statistics: JitterStatistics { self.buffer.statistics }

  /// Length of this talker's frames.
  package var frame: FrameDuration { self.buffer.frame }

  /// Whether frames are waiting or being played.
  package var isActive: Bool { self.buffer.isActive || !self.decoded.isEmpty }

  /// Takes in a packet that came at `now`: nanoseconds of a steady clock.
  package func push(counter: UInt32, packet: [UInt8], at now: Int64) {
    guard let duration = OpusPacket.duration(of: packet) else {
      self.malformed += 1
      return
    }
    if duration != self.buffer.frame {
      self.buffer = Self.buffer(duration, self.limits)
      self.decoded.removeAll()
    }
    self.lastArrival = now
    self.buffer.insert(
      counter: counter, payload: packet, carriesPrevious: OpusPacket.carriesPrevious(packet),
      at: now)
  }

  /// Another copy of a packet came at `now`.
  package func noteCopy(_ counter: UInt32, at now: Int64) {
    self.buffer.noteCopy(counter, at: now)
  }

  /// The next 20 ms, nil when nobody is talking.
  ///
  /// Call every 20 ms.
  package func next(at now: Int64) -> [Int16]? {
    if self.decoded.isEmpty { self.decodeNext(at: now) }
    guard !self.decoded.isEmpty else {
      self.meter.update(Samples.silence)
      return nil
    }
    let block = Array(self.decoded.prefix(Samples.perBlock))
    self.decoded.removeFirst(block.count)
    self.meter.update(block)
    return self.isMuted ? nil : block
  }

  private func decodeNext(at now: Int64) {
    let quiet = self.meter.level >= Self.quietLevel
    switch self.buffer.next(at: now, quiet: quiet) {
    case .silence:
      break
    case .conceal:
      self.decoded = (try? self.decoder.conceal()) ?? []
    case .recover(let next):
      self.decoded = self.sound { decoder throws(CodecError) in
        try decoder.decodeLost(before: next)
      }
    case .frame(let packet):
      self.decoded = self.sound { decoder throws(CodecError) in try decoder.decode(packet) }
    }
  }

  /// Decoded sound, or a guess in place of a packet that only looked like one.
  private func sound(
    _ decode: (inout OpusDecoder) throws(CodecError) -> [Int16]
  ) -> [Int16] {
    do {
      return try decode(&self.decoder)
    } catch {
      self.malformed += 1
      return (try? self.decoder.conceal()) ?? []
    }
  }

  private static func buffer(_ frame: FrameDuration, _ limits: Limits) -> JitterBuffer {
    JitterBuffer(
      frame: frame, shortest: limits.shortest, longest: limits.longest,
      secondCopyCeiling: limits.secondCopyCeiling)
  }
}
