import Mesh
import Voice
import Wire

/// One room made audible: everybody's frames mixed into blocks of 20 ms, as long as a client
/// listens.
final class Listening {
  /// One block as each kind of client wants it.
  struct Block {
    let samples: [UInt8]
    let packet: [UInt8]?
    let takers: Set<Int>

    func bytes(for client: Int) -> [UInt8] {
      takers.contains(client) ? packet ?? samples : samples
    }
  }

  private let playout = MixedPlayout()
  private var pacer: Pacer
  private(set) var clients: Set<Int> = []
  /// Clients that take packets, and what makes them.
  private var takers: Set<Int> = []
  private var encoder: OpusEncoder?
  private var blocks = 0
  private var hadLevels = false

  init(at now: Int64) {
    pacer = Pacer(start: now)
  }

  /// When the next block is due, in boot time.
  var due: Int64 { pacer.due }

  /// False when there is no encoder for a client that takes packets.
  @discardableResult
  func add(_ client: Int, _ format: SoundFormat = .s16le) -> Bool {
    if format == .opus {
      if encoder == nil {
        var settings = OpusEncoder.Settings()
        settings.bitrate = Self.bitrate
        guard let fresh = try? OpusEncoder(settings) else { return false }
        encoder = consume fresh
      }
      takers.insert(client)
    } else {
      takers.remove(client)
    }
    clients.insert(client)
    return true
  }

  func remove(_ client: Int) {
    clients.remove(client)
    takers.remove(client)
  }

  func hear(_ heard: Heard, at now: Int64) {
    playout.push(
      talker: heard.session.raw, counter: heard.counter, packet: heard.payload, at: now)
  }

  /// A second copy: the player learns from its lateness.
  func hearAgain(_ session: SessionID, _ counter: UInt32, at now: Int64) {
    playout.noteCopy(talker: session.raw, counter: counter, at: now)
  }

  /// The next block, as it goes to clients.
  func next(at now: Int64) -> Block {
    let block = playout.next(at: now)
    pacer.advance(at: now)
    blocks += 1
    let packet = takers.isEmpty ? nil : try? encoder?.encode(block)
    return Block(samples: PCMWriter.bytes(block), packet: packet, takers: takers)
  }

  /// Who sounds, with every fifth block; nil in between, and while nobody does.
  func levels() -> [LevelsReport.Talker]? {
    guard blocks.isMultiple(of: Self.blocksPerLevel) else { return nil }
    let talkers = playout.talkers.map {
      LevelsReport.Talker(session: $0.id, level: $0.level, talking: $0.isTalking)
    }
    // Once more when the last fell silent, so that nobody is shown talking for ever.
    guard !talkers.isEmpty || hadLevels else { return nil }
    hadLevels = !talkers.isEmpty
    return talkers
  }

  /// How loud one person is played to everybody at this node.
  func setVolume(_ volume: Float, of talker: UInt32) {
    playout.setVolume(volume, talker: talker)
  }

  /// What became of one talker's frames.
  func statistics(of session: SessionID) -> JitterStatistics? {
    playout.talkers.first { $0.id == session.raw }?.statistics
  }

  /// 100 ms: as often as an eye sees.
  private static let blocksPerLevel = 5
  /// The most there is: the mix was coded once before.
  private static let bitrate = 32_000
}
