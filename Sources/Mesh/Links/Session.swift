import Keys
import Wire

/// One established link: its keys, counters, mail and clocks.
///
/// A class so that it can hold keys that must not be copied and still be found in several tables.
final class Session {
  /// What the session is to its owner.
  enum Standing: Equatable {
    case current
    /// Closed by us; kept to tell a peer that missed it.
    case closed(UInt8, until: Instant, answers: Int)
  }

  /// Message 3, repeated until the peer is heard.
  struct Confirmation {
    let body: [UInt8]
    let mask: Bytes32
    var repeats = 0
    var pause: Duration
    var due: Instant
  }

  /// Everything known when a handshake is done.
  struct Birth {
    let id: LinkID
    let node: NodeID
    /// What was dialled; nil when the peer dialled.
    let dialled: Contact?
    let transcript: Bytes64
    let index: UInt32
    let theirIndex: UInt32
    let endpoint: Endpoint
    let proven: Endpoint
    let now: Instant
  }

  let id: LinkID
  let node: NodeID
  let dialled: Bool
  let transcript: Bytes64
  /// How the peer addresses this session, and how we address the peer's.
  let index: UInt32
  let theirIndex: UInt32

  var endpoint: Endpoint
  /// Where the peer last showed that it receives.
  var proven: Endpoint
  /// How the peer may be dialled, as far as that is known.
  var contact: Contact?
  var standing = Standing.current { didSet { touch() } }
  /// Where it stands when time alone brings something about.
  var agenda: Agenda?
  var confirmation: Confirmation?
  /// When the peer first proved to have the session too.
  var confirmedAt: Instant?
  var reflected: Endpoint?

  var keys: KeySchedule
  var headerKey: Secret
  /// Seals keys that travel inside this link.
  let exporter: Secret
  let bornAt: Instant
  private var counter: UInt64 = 0
  private(set) var window = ReplayWindow()
  private(set) var forgeries: UInt64 = 0

  var mail: Mail
  var receipts = MailReceipts()
  /// Records that may be lost, waiting for the flush.
  var queue: [UInt8] = []
  var isDirty = false
  /// Nil where there is no clock.
  var cover: Cover?
  /// When the peer last sent what only a link with a clock sends.
  var coverHeard: Instant?
  /// It wished for cover and did not pay for it.
  var isCoverRefused = false
  var parts = Parts()

  var path = PathHealth()
  /// Empty while there is but one.
  var paths = PathSet()
  var pulse: Pulse
  private(set) var statistics = LinkStatistics()

  init(
    _ birth: Birth, keys: consuming LinkSecrets, headerKey: consuming Secret,
    settings: LinkSettings
  ) throws(KeysError) {
    exporter = try keys.exported("VR1-export")
    bornAt = birth.now
    id = birth.id
    node = birth.node
    dialled = birth.dialled != nil
    contact = birth.dialled
    transcript = birth.transcript
    index = birth.index
    theirIndex = birth.theirIndex
    endpoint = birth.endpoint
    proven = birth.proven
    self.keys = KeySchedule(
      keys, dialled: birth.dialled != nil, settings: settings, at: birth.now)
    self.headerKey = headerKey
    mail = Mail(settings: settings)
    pulse = Pulse(settings: settings, at: birth.now)
  }

  /// What is due here must be found out anew.
  func touch() { agenda?[Int(id.slot)] = Agenda.touched }

  // MARK: Out

  /// Leaves room for the header; records follow.
  func begin(_ outbox: inout Outbox) -> Int {
    let start = outbox.bytes.count
    outbox.bytes.append(keys.phase | LinkSpec.headerMark)
    outbox.bytes.appendInteger(UInt64(theirIndex), bytes: 4)
    outbox.bytes.appendInteger(counter & 0xFFFF_FFFF, bytes: 4)
    return start
  }

  /// Pads what was appended since ``begin(_:)`` to whole cells, seals it and hides the header.
  ///
  /// Media that is longer than a cell keeps its length: it has one size of its own anyway, and at
  /// 32 kbit/s a second whole cell would cost a listener half as much again.
  ///
  /// - Parameters:
  ///   - isCell: a whole cell even of nothing.
  ///   - path: where to, when it is not the way in use.
  func finish(
    _ outbox: inout Outbox, from start: Int, media: Bool = false, isCell: Bool = false,
    to path: Endpoint? = nil
  ) {
    let count = outbox.bytes.count - start - LinkSpec.header
    let isWhole = media && count >= Limits.cell
    let spare =
      isWhole ? 0 : isCell ? Limits.cell - count : (Limits.cell - count % Limits.cell) % Limits.cell
    if spare > 0 { outbox.bytes.append(contentsOf: repeatElement(0, count: spare)) }
    keys.current.send.seal(
      &outbox.bytes, from: start, header: LinkSpec.header, counter: counter)
    HeaderMask.apply(key: headerKey, to: &outbox.bytes, from: start)
    outbox.finish(from: start, to: path ?? endpoint)
    counter += 1
    statistics.datagramsOut += 1
    statistics.bytesOut += UInt64(outbox.bytes.count - start)
  }

  // MARK: In

  enum Arrival: Sendable {
    case forged, replayed
    /// `isNewest`: no later datagram arrived before.
    ///
    /// `isRekeyed`: the first under new keys.
    case opened(isNewest: Bool, isRekeyed: Bool)
  }

  func open(
    _ datagram: Span<UInt8>, header: InlineArray<9, UInt8>, into plain: inout [UInt8],
    at now: Instant
  ) -> Arrival {
    let low =
      UInt32(header[5]) << 24 | UInt32(header[6]) << 16 | UInt32(header[7]) << 8
      | UInt32(header[8])
    let counter = window.rebuild(low)
    guard window.admits(counter) else { return .replayed }
    let opened = keys.open(datagram, header: header, counter: counter, into: &plain, at: now)
    guard opened != .no else {
      forgeries += 1
      return .forged
    }
    let isNewest = counter >= window.ceiling
    window.accept(counter)
    statistics.datagramsIn += 1
    statistics.bytesIn += UInt64(datagram.count)
    return .opened(isNewest: isNewest, isRekeyed: opened == .changed)
  }

  /// Datagrams in both directions: what wears keys out.
  var count: UInt64 { counter + window.ceiling }

  var measured: LinkStatistics {
    var result = statistics
    result.rtt = path.smoothed
    result.lossPermille = window.missingPermille(last: 256)
    return result
  }

  /// Until then, nothing but what fits the cell of an answer goes there: a peer may send from
  /// another's address.
  var isProven: Bool { endpoint == proven }

  /// Another machine's address. A local one is this end of a tunnel, which has its own times and
  /// sizes, or this machine, where nobody watches.
  var isOpenToWatchers: Bool { !endpoint.isLoopback }

  /// Whether all that leaves does so by the clock.
  var isPaced: Bool { cover != nil && isProven && isOpenToWatchers }

  var isClosed: Bool {
    if case .closed = standing { return true }
    return false
  }
}
