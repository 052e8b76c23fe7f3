import CLinux
import Glibc
import Node

/// Which frames were sent and when, and when each listener heard them: all on one machine's clock.
final class FrameTrace {
  /// Nanoseconds since 1970 by counter.
  private(set) var sent: [UInt32: Int64] = [:]
  private(set) var heard: [[UInt32: Int64]]
  private var speaker: UInt32?
  private var streams: [Stream]

  private final class Stream {
    var connection: ControlConnection?
    var input: [UInt8] = []
    init(_ connection: consuming ControlConnection) { self.connection = consume connection }
  }

  /// The first connection is the speaker's.
  init(_ nodes: [DemoNode]) throws(Failure) {
    var streams: [Stream] = []
    for node in nodes { streams.append(Stream(try node.watchFrames())) }
    self.streams = streams
    heard = Array(repeating: [:], count: nodes.count)
  }

  /// Collects for so long, or until `signals` has something to say: then false.
  func collect(milliseconds: Int32, signals: Int32) -> Bool {
    var wanted = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
    for stream in streams {
      // A negative descriptor is passed over.
      let raw = stream.connection.raw
      wanted.append(pollfd(fd: raw, events: Int16(POLLIN), revents: 0))
    }
    guard poll(&wanted, nfds_t(wanted.count), milliseconds) > 0 else { return true }
    if wanted[0].revents != 0 { return false }
    for index in streams.indices where wanted[index + 1].revents != 0 { read(index) }
    return true
  }

  private func read(_ index: Int) {
    guard let bytes = try? streams[index].connection.read(), !bytes.isEmpty else {
      streams[index].connection = nil
      return
    }
    streams[index].input += bytes
    while let end = streams[index].input.firstIndex(of: Line.lineFeed) {
      let line = Array(streams[index].input[..<end])
      streams[index].input.removeSubrange(...end)
      guard let frame = Line.decode(line, as: FrameReport.self) else { continue }
      take(frame, from: index)
    }
  }

  private func take(_ frame: FrameReport, from index: Int) {
    if frame.s == "sent" {
      sent[frame.ctr] = frame.t
    } else if heard[index][frame.ctr] == nil {
      heard[index][frame.ctr] = frame.t
    }
  }
}

extension ControlConnection? {
  fileprivate var raw: Int32 {
    switch self {
    case .some(let connection): connection.raw
    case .none: -1
    }
  }

  fileprivate mutating func read() throws(Failure) -> [UInt8] {
    guard var connection = take() else { return [] }
    let bytes = try connection.read()
    self = consume connection
    return bytes
  }
}
