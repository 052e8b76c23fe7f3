import Keys
import Wire

/// A link's keys over time.
///
/// The dialler asks for new ones; each side sends under the new ones only when it knows that the
/// other can open them, so the change loses nothing (Spec 2 §7).
///
/// Dialler: `current` → asked (`asking`) → answered: `current` is new, `previous` opens stragglers.
/// Answerer: `current` → answered (`next` waits) → first datagram under `next`: it is current.
struct KeySchedule: ~Copyable {
  /// The dialler keeps the old opening key this long when nothing arrives under the new one.
  ///
  /// Guess: longer than a watched link lives without a word.
  private static let stragglers: Duration = .seconds(30)

  private let settings: LinkSettings
  private let dialled: Bool

  private(set) var current: LinkSecrets
  private var next: LinkSecrets?
  private var previous: DatagramCipher?
  private var previousUntil: Instant?
  /// Bit 0 of a data header.
  private(set) var phase: UInt8 = 0
  private(set) var since: Instant
  /// Datagrams in either direction when the current keys came.
  private var countAtStart: UInt64 = 0
  /// The dialler has not yet seen the peer use the current keys.
  private(set) var awaitsPeer = false

  private var asking: AgreementPair?
  private var askAgain: Instant?
  /// Answerer: the last request, and what we answered.
  private(set) var answered: (request: Bytes32, answer: Bytes32)?
  /// A record has to leave with the next flush.
  private(set) var owesRequest = false
  private(set) var owesAnswer = false

  init(_ keys: consuming LinkSecrets, dialled: Bool, settings: LinkSettings, at now: Instant) {
    current = keys
    self.dialled = dialled
    self.settings = settings
    since = now
  }

  enum Opened: Sendable {
    case no, yes
    /// The first datagram in a phase: keys have changed for good.
    case changed
  }

  mutating func open(
    _ datagram: Span<UInt8>, header: InlineArray<9, UInt8>, counter: UInt64,
    into plain: inout [UInt8], at now: Instant
  ) -> Opened {
    if header[0] & 1 == phase {
      guard current.receive.open(datagram, header: header, counter: counter, into: &plain)
      else { return .no }
      guard awaitsPeer else { return .yes }
      awaitsPeer = false
      previousUntil = now.advanced(by: settings.oldKeyLife)
      return .changed
    }
    if let ahead = next.take() {
      guard ahead.receive.open(datagram, header: header, counter: counter, into: &plain) else {
        next = consume ahead
        return .no
      }
      adopt(ahead, at: now)
      previousUntil = now.advanced(by: settings.oldKeyLife)
      return .changed
    }
    forgetOld(at: now)
    guard let late = previous.take() else { return .no }
    let isGenuine = late.open(datagram, header: header, counter: counter, into: &plain)
    previous = consume late
    return isGenuine ? .yes : .no
  }

  // MARK: The dialler's side

  /// Asks when it is time, and again until answered.
  ///
  /// `count`: datagrams of the link so far.
  mutating func ask(at now: Instant, count: UInt64, _ entropy: inout Entropy) {
    guard dialled else { return }
    let isOld = now - since >= settings.rekeyAfter
    let isWorn = count - countAtStart >= settings.rekeyAfterCount
    guard askAgain.map({ $0 <= now }) ?? (isOld || isWorn) else { return }
    askAgain = now.advanced(by: settings.rekeyPause)
    if asking == nil {
      asking = try? AgreementPair(random: &entropy)
      countAtStart = count
    }
    owesRequest = true
  }

  /// The public half of the request under way; said to have left.
  mutating func takeRequest() -> Bytes32? {
    owesRequest = false
    switch asking {
    case .some(let pair): return pair.publicKey.raw
    case .none: return nil
    }
  }

  /// False when the answer is not a usable key.
  ///
  /// An answer nobody waits for is a repeated one.
  mutating func answerArrived(_ theirs: Bytes32, at now: Instant) -> Bool {
    guard let pair = asking.take() else { return true }
    do {
      adopt(try derive(pair, theirs), at: now)
    } catch {
      return error != .weakPoint
    }
    askAgain = nil
    owesRequest = false
    awaitsPeer = true
    previousUntil = now.advanced(by: Self.stragglers)
    return true
  }

  // MARK: The answerer's side

  /// False when the request breaks the rules.
  mutating func requestArrived(
    _ theirs: Bytes32, at now: Instant, _ entropy: inout Entropy
  ) -> Bool {
    guard !dialled else { return false }
    if let answered, answered.request == theirs {
      owesAnswer = next != nil
      return true
    }
    guard next == nil, now - since >= settings.rekeyAfter / 4 else { return false }
    do {
      let pair = try AgreementPair(random: &entropy)
      next = try derive(pair, theirs)
      answered = (theirs, pair.publicKey.raw)
    } catch {
      return error != .weakPoint
    }
    previous = nil
    previousUntil = nil
    owesAnswer = true
    return true
  }

  mutating func takeAnswer() -> Bytes32? {
    owesAnswer = false
    return answered?.answer
  }

  // MARK: Time

  /// Nobody brought new keys in time.
  func isOverdue(at now: Instant) -> Bool { now - since >= settings.keyLimit }

  mutating func forgetOld(at now: Instant) {
    guard let until = previousUntil, until <= now else { return }
    previous = nil
    previousUntil = nil
  }

  var due: Instant {
    var due = since.advanced(by: settings.keyLimit)
    if dialled { due = min(due, askAgain ?? since.advanced(by: settings.rekeyAfter)) }
    if let previousUntil { due = min(due, previousUntil) }
    return due
  }

  private func derive(
    _ pair: borrowing AgreementPair, _ theirs: Bytes32
  ) throws(KeysError) -> LinkSecrets {
    try current.rekeyed(shared: try pair.agree(with: theirs))
  }

  private mutating func adopt(_ keys: consuming LinkSecrets, at now: Instant) {
    var replaced = keys
    swap(&current, &replaced)
    previous = replaced.apart { _, receive, _ in receive }
    phase ^= 1
    since = now
  }
}
