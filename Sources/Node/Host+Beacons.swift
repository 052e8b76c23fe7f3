import Keys
import Mesh
import Wire

// Finding members on the same cable without a network behind it.

extension Host {
  /// Begins to listen for beacons; ``callOut()`` sends them.
  package func watch(beacons socket: consuming BeaconSocket) throws(SystemError) {
    let raw = socket.raw
    beacons = .some(consume socket)
    try loop.watch(raw, for: .reading) { [weak self] _ in
      self?.assumeIsolated { $0.beaconsCame() }
    }
  }

  /// Sends one beacon for each room, until cancelled: now and then, and soon when a room is new or
  /// somebody new was heard.
  package func callOut() async {
    var entropy = Entropy.system
    var (due, rooms) = (clock.now, 0)
    while !Task.isCancelled {
      let now = clock.now
      let count = participant.status(at: now).rooms.count + waitingJoins.count
      if count > rooms || isCalledFor { due = min(due, now + .milliseconds(entropy.below(500))) }
      (rooms, isCalledFor) = (count, false)
      if due <= now {
        sendBeacons(&entropy)
        due = now + .milliseconds(Self.pauseLeast + entropy.below(Self.pauseSpread))
      }
      guard (try? await Task.sleep(for: Self.look)) != nil else { return }
    }
  }

  private func sendBeacons(_ entropy: inout Entropy) {
    for beacon in participant.beacons(port: local.port, &entropy) { beacons?.send(beacon) }
  }

  private func beaconsCame() {
    for _ in 0..<Self.beaconsAtOnce {
      guard let (beacon, source) = beacons?.receive() else { return }
      if hear(beacon: beacon, from: source) { isCalledFor = true }
    }
  }

  /// Between two beacons, in milliseconds: 5 to 15 s, drawn each time.
  private static let pauseLeast = 5_000
  private static let pauseSpread = 10_001
  private static let look = Duration.milliseconds(500)
  private static let beaconsAtOnce = 32
}
