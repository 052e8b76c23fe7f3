import Mesh
import Voice
import Wire

/// One room made audible: everybody's frames mixed into blocks of 20 ms, as long as a client
/// listens.
final class Listening {
  private let playout = MixedPlayout()
  private var pacer: Pacer
  private(set) var clients: Set<Int> = []

  init(at now: Int64) {
    pacer = Pacer(start: now)
  }

  /// When the next block is due, in boot time.
  var due: Int64 { pacer.due }

  func add(_ client: Int) { clients.insert(client) }

  func remove(_ client: Int) { clients.remove(client) }

  func hear(_ heard: Heard, at now: Int64) {
    playout.push(
      talker: heard.session.raw, counter: heard.counter, packet: heard.payload, at: now)
  }

  /// A second copy: the player learns from its lateness.
  func hearAgain(_ session: SessionID, _ counter: UInt32, at now: Int64) {
    playout.noteCopy(talker: session.raw, counter: counter, at: now)
  }

  /// The next block, as it goes to clients.
  func next(at now: Int64) -> [UInt8] {
    let block = playout.next(at: now)
    pacer.advance(at: now)
    return PCMWriter.bytes(block)
  }

  /// What became of one talker's frames.
  func statistics(of session: SessionID) -> JitterStatistics? {
    playout.talkers.first { $0.id == session.raw }?.statistics
  }
}
