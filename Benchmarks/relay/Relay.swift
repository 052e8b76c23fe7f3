import Glibc
import Keys
import Logging
import Mesh
import Node
import Wire

/// The process that is measured.
enum Relay {
  /// Joins by `invite`, relays, and ends when standard input does.
  static func run(invite text: String) async throws {
    var entropy = Entropy.system
    let loop = try EventLoop()
    let clock = Clock()
    let identity = try Identity.make(&entropy)
    let participant = try Participant(
      identity: identity, token: nil, settings: settings, entropy: entropy, at: clock.now,
      encapsulation: AgreementStandIn())
    let socket = try UDPSocket(binding: Endpoint(ipv4: 0x7F00_0001, port: 0))
    let host = Host(
      loop: loop, socket: socket, participant: participant,
      introduction: Host.Introduction(
        name: "relay", capacity: Capacity(uplink: 10_000_000_000, relays: true), version: "bench"),
      clock: clock, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
    try loop.start()
    try await host.start()
    await host.reachable(at: [await host.local])
    let invite = try Invite(text: text)
    await host.perform(.join(invite, name: "relay"))
    // The load is this process's parent: its end is ours.
    let parent = getppid()
    while getppid() == parent { usleep(100_000) }
    loop.stop()
  }

  /// As a node runs, but for the limits that only real time can keep.
  static var settings: Settings {
    var settings = Settings()
    settings.frames.rate = 4_000_000
    settings.frames.burst = 100_000
    settings.frames.ahead = 1_000_000
    return settings
  }
}

/// Which processor runs the relay.
enum Environment {
  static var relayProcessor: Int { number("RELAY_CPU", 0) }

  private static func number(_ name: String, _ otherwise: Int) -> Int {
    guard let value = getenv(name) else { return otherwise }
    return Int(String(cString: value)) ?? otherwise
  }
}
