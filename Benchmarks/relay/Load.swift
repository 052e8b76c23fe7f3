import Glibc
import Keys
import Mesh
import Node
import Wire

/// A speaker and its listeners, and the relay between them.
struct Load: ~Copyable {
  /// A participant with a socket, driven by hand.
  final class Party {
    var participant: Participant
    var socket: UDPSocket
    var effects = Effects()
    var room: RoomID?
    var heard = 0

    init(capacity: Capacity, at now: Instant) throws {
      var entropy = Entropy.system
      let identity = try Identity.make(&entropy)
      participant = try Participant(
        identity: identity, token: nil, settings: Relay.settings, entropy: entropy, at: now,
        encapsulation: AgreementStandIn())
      socket = try UDPSocket(binding: Endpoint(ipv4: 0x7F00_0001, port: 0))
      perform(.reachableAt([socket.local]), at: now)
      perform(.give(capacity), at: now)
    }

    func perform(_ command: Command, at now: Instant) {
      participant.handle(command, at: now, into: &effects)
      apply()
    }

    /// Takes what has arrived and does what is due.
    func turn(at now: Instant) {
      while socket.receive({ bytes, source in
        participant.handle(bytes, from: source, at: now, into: &effects)
      }) > 0 {}
      if let deadline = participant.nextDeadline, deadline.instant <= now {
        participant.wake(at: now, into: &effects)
      }
      apply()
    }

    /// Only counts what has arrived, unopened.
    func count() -> Int {
      var total = 0
      while true {
        let count = socket.receive { _, _ in }
        guard count > 0 else { return total }
        total += count
      }
    }

    func apply() {
      socket.send(effects.outbox)
      for event in effects.events {
        if case .joined(let id) = event { room = id }
        if case .heard = event { heard += 1 }
      }
      effects.removeAll()
    }

    var status: RoomStatus? { participant.status(at: Instant(nanoseconds: 0)).rooms.first }
  }

  let fanout: Int
  let seconds: Int
  let window: Int
  let burst: Int
  private let clock = Clock()
  private let speaker: Party
  private var listeners: [Party] = []
  private var relay: pid_t = 0

  init(fanout: Int, seconds: Int, window: Int, burst: Int) throws {
    self.fanout = fanout
    self.seconds = seconds
    self.window = window
    self.burst = burst
    // An uplink for one child in each tree: the relay must carry the rest.
    speaker = try Party(
      capacity: Capacity(uplink: 300_000, relays: false), at: clock.now)
  }

  mutating func run() throws {
    speaker.perform(.create(title: "bench", access: .social, name: "speaker"), at: clock.now)
    guard let room = speaker.room, let invite = speaker.participant.invite(to: room) else {
      throw BenchFailure.noRoom
    }
    relay = try start(invite.text)
    defer {
      kill(relay, SIGTERM)
      var status: Int32 = 0
      waitpid(relay, &status, 0)
    }
    spin(for: .seconds(2))
    for _ in 0..<fanout {
      let party = try Party(capacity: Capacity(uplink: 1_000_000, relays: false), at: clock.now)
      party.perform(.join(invite, name: "listener"), at: clock.now)
      listeners.append(party)
      spin(for: .milliseconds(100))
    }
    spin(for: .seconds(6))
    speaker.perform(.startSpeaking(room, duration: .ms20, payload: 60), at: clock.now)
    spin(for: .seconds(1))
    try warmUp(room)
    measure(room)
  }

  /// Frames at their real pace, until every listener hears all of them.
  private mutating func warmUp(_ room: RoomID) throws {
    for _ in 0..<5 {
      for party in listeners { party.heard = 0 }
      for _ in 0..<50 {
        speaker.perform(.speak(room, payload: payload, level: 20), at: clock.now)
        spin(for: .milliseconds(20))
      }
      spin(for: .milliseconds(200))
      if listeners.allSatisfy({ $0.heard >= 48 }) { return }
    }
    throw BenchFailure.notHeard
  }

  private mutating func measure(_ room: RoomID) {
    var sent = 0
    var delivered = 0
    var forgiven = 0
    let start = clock.now
    let cpuStart = cpu()
    var lastProgress = start
    while clock.now - start < .seconds(Int64(seconds)) {
      if sent * fanout - delivered - forgiven <= (window - burst) * fanout {
        // Two frames make one datagram on the relay's tree.
        for _ in 0..<2 * burst {
          speaker.participant.handle(
            .speak(room, payload: payload, level: 20), at: clock.now, into: &speaker.effects)
        }
        speaker.apply()
        sent += burst
      }
      var news = 0
      for party in listeners { news += party.count() }
      delivered += news
      let now = clock.now
      if news > 0 { lastProgress = now }
      if now - lastProgress > .milliseconds(100) {
        forgiven = sent * fanout - delivered
        lastProgress = now
      }
    }
    let spent = cpu() - cpuStart
    let elapsed = Double((clock.now - start).nanoseconds) / 1e9
    let perDelivered = Double(spent) / 1_000 / Double(max(1, delivered))
    print(
      "fanout=\(fanout) sent=\(sent) delivered=\(delivered) lost=\(forgiven)"
        + " cpu_us_per_delivered=\(perDelivered)"
        + " delivered_per_s=\(Int(Double(delivered) / elapsed))"
        + " busy=\(Double(spent) / 1e9 / elapsed)")
  }

  private let payload = [UInt8](repeating: 0x5A, count: 60)

  private func spin(for duration: Duration) {
    let end = clock.now + duration
    while clock.now < end {
      speaker.turn(at: clock.now)
      for party in listeners { party.turn(at: clock.now) }
      usleep(500)
    }
  }

  /// The relay's processor time so far, user and system, in nanoseconds.
  private func cpu() -> Int64 {
    var id = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(relay, &id) == 0, clock_gettime(id, &time) == 0 else { return 0 }
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  private func start(_ invite: String) throws -> pid_t {
    guard let program = realpath("/proc/self/exe", nil) else { throw BenchFailure.noRelay }
    defer { free(program) }
    let arguments = [
      "taskset", "-c", "\(Environment.relayProcessor)", String(cString: program), "relay", invite,
    ]
    var words: [UnsafeMutablePointer<CChar>?] = []
    for argument in arguments { words.append(strdup(argument)) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    guard posix_spawnp(&pid, "taskset", nil, nil, words, environ) == 0 else {
      throw BenchFailure.noRelay
    }
    return pid
  }
}

enum BenchFailure: Error {
  case noRoom, noRelay, notHeard
}
