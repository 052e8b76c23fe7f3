import Keys
import Mesh
import Wire

/// What an open room asks of strangers: trials that take a second, on another thread, or the node
/// would neither hear nor answer meanwhile.
extension Host {
  func findStamp(_ wish: StampWish) {
    Task.detached(priority: .utility) { [weak self] in
      guard let stamp = await Self.search(wish) else { return }
      await self?.perform(.stamped(wish.room, stamp))
    }
  }

  /// Nil when luck or memory fails: the room then lets nobody in, and says so in its time.
  private static func search(_ wish: StampWish) async -> Stamp? {
    var nonce = UInt64.random(in: .min ... .max)
    for _ in 0..<mostTrials << wish.puzzle.price.bits {
      if wish.puzzle.isSolved(by: nonce) {
        return Stamp(hour: wish.puzzle.hour, nonce: nonce)
      }
      nonce &+= 1
      await Task.yield()
    }
    return nil
  }

  /// Times the average: one search in e^16 is given up.
  private static let mostTrials = 16
}
