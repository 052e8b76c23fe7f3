import OrderedCollections
import Wire

/// What was said by or about people whose records are not here yet, kept for a while with whoever
/// brought it. In a crowd that is how most hands arrive.
struct EarlyWords<Word: Hashable> {
  private struct Held {
    let word: Word
    let lacking: SessionID
    let link: LinkID
    let until: Instant
  }

  private var held: [Held] = []

  func holds(_ word: Word) -> Bool { held.contains { $0.word == word } }

  /// False when there are too many.
  mutating func hold(
    _ word: Word, lacking session: SessionID, from link: LinkID, until: Instant, atMost limit: Int
  ) -> Bool {
    guard held.count < limit else { return false }
    held.append(Held(word: word, lacking: session, link: link, until: until))
    return true
  }

  /// What waited for `session`, in the order in which it came.
  mutating func take(lacking session: SessionID) -> [(word: Word, link: LinkID)] {
    guard held.contains(where: { $0.lacking == session }) else { return [] }
    let taken = held.filter { $0.lacking == session }
    held.removeAll { $0.lacking == session }
    return taken.map { ($0.word, $0.link) }
  }

  mutating func expire(at now: Instant) { held.removeAll { $0.until <= now } }
}
