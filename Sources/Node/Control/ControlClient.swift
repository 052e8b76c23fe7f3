import CLinux
import Glibc
import Wire

/// One connection to the control socket: its buffers, bounded both ways, and what it is used for.
///
/// Belongs to ``Host`` and is touched on the loop's thread only. It never blocks, and a client that
/// stops reading loses sound or its connection; nobody else notices.
final class ControlClient {
  /// What the connection carries now.
  enum Mode {
    /// Requests and replies.
    case lines
    /// A request that takes time: what comes next waits.
    case waiting
    /// Sound from the node.
    case listening(RoomID)
    /// Sound to the node.
    case speaking
    /// One line a frame.
    case watching(RoomID)
    /// One line an event.
    case following
  }

  var mode = Mode.lines
  /// The other side will send no more.
  private(set) var hasEnded = false
  /// To be closed once everything is written and read: closing on unread bytes would take the last
  /// reply back.
  var isLeaving = false
  private var isShut = false
  /// It carries messages instead of lines.
  var isFramed = false
  /// The number of the paired device behind it; nil for this machine.
  var device: Int?
  /// Its lines are being carried out.
  var isReading = false
  /// Blocks of sound that were not written because the client did not read.
  private(set) var skipped = 0

  private let descriptor: Descriptor
  private var input: [UInt8] = []
  private var output: [UInt8] = []

  init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  var raw: Int32 { descriptor.raw }
  var wantsToWrite: Bool { !output.isEmpty }
  var inputCount: Int { input.count }

  /// Full: reading waits until something is taken.
  ///
  /// This is what holds back a client that sends sound faster than it is heard.
  var isFull: Bool {
    if isLeaving { return false }
    return switch mode {
    case .speaking: input.count >= Self.soundAhead
    default: input.count > Line.longest + ControlMessage.headerSize
    }
  }

  /// Takes what the client sent.
  ///
  /// False when the connection broke.
  func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: Self.chunk)
    // A client that never stops must not keep the loop: the rest comes with the next readiness.
    for _ in 0..<Self.chunksAtOnce where !isFull {
      let count = read(descriptor.raw, &chunk, chunk.count)
      if count > 0 {
        if isLeaving { continue }
        input.append(contentsOf: chunk[..<count])
      } else if count == 0 {
        hasEnded = true
        return true
      } else {
        return errno == EAGAIN || errno == EINTR
      }
    }
    return true
  }

  /// The next line without its line feed; nil when none is complete.
  func takeLine() -> [UInt8]? {
    guard let end = input.firstIndex(of: Line.lineFeed) else { return nil }
    let line = Array(input[..<end])
    input.removeSubrange(...end)
    return line
  }

  /// Longer than any request, and still without an end.
  var hasEndlessLine: Bool {
    input.count > Line.longest && !input[...Line.longest].contains(Line.lineFeed)
  }

  /// What a client of messages sent next.
  func takeMessage() -> ControlMessage.Taken { ControlMessage.take(from: &input) }

  /// Everything was written; the other side is told so.
  func shut() {
    guard !isShut else { return }
    isShut = true
    input = []
    shutdown(descriptor.raw, Int32(SHUT_WR))
  }

  /// Up to `count` bytes of sound.
  func takeSound(_ count: Int) -> [UInt8] {
    let taken = Array(input.prefix(count))
    input.removeFirst(taken.count)
    return taken
  }

  /// Queues bytes.
  ///
  /// False when the client has not read for too long.
  func send(_ bytes: [UInt8]) -> Bool {
    guard output.count + bytes.count <= Self.mostUnread else { return false }
    if isFramed {
      let text = bytes.last == Line.lineFeed ? bytes.dropLast() : bytes[...]
      output.append(contentsOf: ControlMessage.header(.text, count: text.count))
      output.append(contentsOf: text)
    } else {
      output.append(contentsOf: bytes)
    }
    return true
  }

  /// Queues one block of sound, or leaves it out when the client is behind: late sound helps
  /// nobody.
  func sendSound(_ bytes: [UInt8]) {
    guard output.count < Self.soundBehind else {
      skipped += 1
      return
    }
    if isFramed { output.append(contentsOf: ControlMessage.header(.sound, count: bytes.count)) }
    output.append(contentsOf: bytes)
  }

  /// Writes what is queued.
  ///
  /// False when the connection broke.
  func flush() -> Bool {
    while !output.isEmpty {
      let count = output.withUnsafeBytes {
        CLinux.send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return errno == EAGAIN || errno == EINTR }
      output.removeFirst(count)
    }
    return true
  }

  private static let chunk = 16_384
  private static let chunksAtOnce = 8
  /// 160 ms of sound wait here at most; more waits in the socket and then in the client.
  static let soundAhead = 8 * soundBlock
  /// A second of sound unread.
  private static let soundBehind = 50 * soundBlock
  static let soundBlock = SoundFormat.blockBytes
  /// The status of a node in 16 full rooms has about this size.
  private static let mostUnread = 4 << 20
}
