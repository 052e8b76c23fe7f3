package import Logging
package import Mesh
package import Wire

/// The one owner of the participant: gives it datagrams, commands and time, and does what it asks.
///
/// Its executor is the ``EventLoop``: a datagram goes from the kernel through the participant and
/// back to the kernel without leaving the loop's thread.
package actor Host {
  package nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    loop.asUnownedSerialExecutor()
  }

  let clock: Clock
  let logger: Logger
  let identity: Introduction
  let startedAt: Instant
  var participant: Participant
  var effects = Effects()
  var counters = Counters()
  /// What is given to others now.
  var capacity: Capacity
  var remembered: RememberedPeers
  private var socket: UDPSocket

  /// Rooms somebody listens to; clients that speak; clients that watch frames.
  var listenings: [RoomID: Listening] = [:]
  var talkers: [Int: Talker] = [:]
  var liveTalkers: [Int: LiveTalker] = [:]
  var watchers: [RoomID: Set<Int>] = [:]
  /// Clients that follow events: of one room or of all.
  var followers: [Int: RoomID?] = [:]
  var eventCount: UInt64 = 0
  /// The counter of the next frame this node sends into a room.
  var nextCounters: [RoomID: UInt32] = [:]

  var listener: Descriptor?
  var controlPath: String?
  var clients: [Int: ControlClient] = [:]
  var nextClient = 0
  /// Where others on the same cable are heard; nil unless the person wants it.
  var beacons: BeaconSocket?
  /// Somebody new was heard there.
  var isCalledFor = false
  var waitingJoins: [WaitingJoin] = []
  var waitingLinks: [WaitingLink] = []
  /// Peers that the person or the settings named, and those of them that were missed aloud.
  var named: Set<NodeID> = []
  var missed: Set<NodeID> = []

  /// False when every question to a name server would tell whom this node looks for.
  let looksUpNames: Bool
  private var hellos: HelloLog?
  private let kept: KeptOperations?
  let blocks: BlockList?
  /// What the settings say of its place in the network.
  var setup = Examination()
  /// Where the settings and the interfaces say that others find it.
  private var places: [Endpoint] = []
  /// Sessions of the blocked, by room.
  var silencedSessions: [RoomID: Set<SessionID>] = [:]
  private var nextLook: Int64 = 0
  private var isBehind = false
  private var onStop: (@Sendable () -> Void)?
  private var onTunnelWish: (@Sendable (TunnelOrder) -> Void)?
  /// Who lets other devices use the page; nil when nobody does.
  var devices: (any DeviceKeeper)?
  private var hasStopped = false

  /// What stays the same about this node.
  package struct Introduction: Sendable {
    package var name: String
    package var capacity: Capacity
    package var version: String

    package init(name: String, capacity: Capacity, version: String) {
      self.name = name
      self.capacity = capacity
      self.version = version
    }
  }

  package init(
    loop: EventLoop, socket: consuming UDPSocket, participant: consuming Participant,
    introduction: Introduction, remembered: RememberedPeers = RememberedPeers(),
    hellos: consuming HelloLog? = nil, kept: sending KeptOperations? = nil,
    looksUpNames: Bool = true, blocks: sending BlockList? = nil, clock: Clock = Clock(),
    logger: Logger
  ) {
    self.looksUpNames = looksUpNames
    self.loop = loop
    self.clock = clock
    self.logger = logger
    self.identity = introduction
    self.capacity = introduction.capacity
    self.startedAt = clock.now
    self.participant = participant
    self.remembered = remembered
    self.hellos = hellos
    self.kept = kept
    self.blocks = blocks
    self.socket = socket
  }

  /// Begins to listen to the socket and the clock.
  ///
  /// `onStop` runs when a client asks for the end.
  package func start(onStop: @escaping @Sendable () -> Void = {}) throws(SystemError) {
    self.onStop = onStop
    try loop.watch(socket.raw, for: .reading) { [weak self] _ in
      self?.assumeIsolated { $0.datagramsCame() }
    }
    loop.onAlarm { [weak self] in self?.assumeIsolated { $0.alarmRang() } }
    perform(.give(identity.capacity))
  }

  /// Whether a beacon was news.
  func hear(beacon: [UInt8], from source: Endpoint) -> Bool {
    let isNews = participant.heard(
      beacon: beacon, from: source, at: clock.now, into: &effects)
    applyEffects(from: .world)
    return isNews
  }

  /// Asks for the end when there is something to read at `descriptor`: a signal, or the end of a
  /// pipe whose other end a parent holds.
  package func stop(onInputAt descriptor: Int32) throws(SystemError) {
    try loop.watch(descriptor, for: .reading) { [weak self] _ in
      self?.assumeIsolated { $0.askedToStop(at: descriptor) }
    }
  }

  /// Says farewell and lets go of everything.
  ///
  /// The host does nothing afterwards.
  package func stop() {
    guard !hasStopped else { return }
    hasStopped = true
    remembered.keepCompany(participant.companions)
    for id in talkers.keys.sorted() { endTalk(id) }
    for id in liveTalkers.keys.sorted() { endLiveTalk(id) }
    perform(.farewell)
    loop.unwatch(socket.raw)
    closeControl()
  }

  /// Where the socket is bound.
  package var local: Endpoint { socket.local }

  package var now: Instant { clock.now }

  package var tally: UDPSocket.Tally { socket.tally }

  /// Carries out one command and returns what the participant said to it at once.
  @discardableResult
  package func perform(_ command: Command) -> [Event] {
    participant.handle(command, at: clock.now, into: &effects)
    let events = effects.events
    applyEffects(from: command.isJoining ? .joining : .asking)
    return events
  }

  /// Tells the mesh where this node can be reached.
  package func reachable(at endpoints: [Endpoint]) {
    places = endpoints
    var all = places
    if case .open(let outside) = setup.forwarding { all.insert(outside, at: 0) }
    perform(.reachableAt(all))
  }

  /// What the router answered to the wish that it forward this node's port.
  package func forwarded(_ answer: Examination.Forwarding) {
    guard setup.forwarding != answer else { return }
    setup.forwarding = answer
    reachable(at: places)
  }

  /// Tells the mesh through which web server this node can be reached.
  package func reachable(through tunnel: TunnelAddress?) { perform(.reachableThrough(tunnel)) }

  /// What the mesh wants of whoever keeps tunnels.
  package enum TunnelOrder: Sendable {
    /// A stream to a node; it may be followed by ``Host/tunnelOpened(to:port:)``.
    case open(TunnelWish)
    /// Nobody needs the stream behind this port.
    case close(UInt16)
  }

  package func keepTunnels(by keeper: @escaping @Sendable (TunnelOrder) -> Void) {
    onTunnelWish = keeper
  }

  /// Devices are paired, listed and revoked by `keeper`.
  package func admitDevices(by keeper: any DeviceKeeper) { devices = keeper }

  /// Datagrams to this port of the loopback address reach the node by a stream.
  package func tunnelOpened(to node: NodeID, port: UInt16) {
    perform(.tunnelOpened(node, Self.loopback(port)))
  }

  package func tunnelClosed(port: UInt16) { perform(.tunnelClosed(Self.loopback(port))) }

  private static func loopback(_ port: UInt16) -> Endpoint {
    Endpoint(ipv4: 0x7F00_0001, port: port)
  }

  /// For the next start; nil when nothing changed since `saved`.
  package func peersToSave() -> RememberedPeers? {
    remembered.keepCompany(participant.companions)
    return remembered.isDirty ? remembered : nil
  }

  /// They are on the disk.
  package func peersWereSaved() { remembered.settle() }

  package func status() -> Status { participant.status(at: clock.now) }

  // MARK: What happens

  private func datagramsCame() {
    let now = clock.now
    // A flood must not keep the timer and the other sockets waiting.
    for _ in 0..<Self.batchesAtOnce {
      let count = socket.receive { bytes, source in
        participant.handle(bytes, from: source, at: now, into: &effects)
      }
      applyEffects(from: .world)
      if count < UDPSocket.batchCount { return }
    }
  }

  private func alarmRang() {
    lookAtClock()
    let now = clock.now
    runSound(at: now)
    if let deadline = participant.nextDeadline, deadline.instant <= now {
      participant.wake(at: now, into: &effects)
    }
    applyEffects(from: .world)
  }

  /// The wall clock may have been set since the last look.
  private func lookAtClock() {
    let moment = clock.bootTime(clock.now)
    guard moment >= nextLook else { return }
    nextLook = moment + Self.lookPause.nanoseconds
    switch clock.adjust() {
    case .none:
      isBehind = false
    case .forward(let step):
      logger.notice(
        "The clock was set forward.", metadata: ["seconds": "\(step.components.seconds)"])
    case .behind(let gap):
      guard !isBehind else { return }
      isBehind = true
      logger.warning(
        "The clock was set back; this node goes on by the old time. Restart it if that was wrong.",
        metadata: ["seconds": "\(gap.components.seconds)"])
    }
  }

  /// Before the answers leave: whoever sees one must not get another from our next life.
  private func writeDown(_ answered: [UInt64]) {
    guard hellos != nil else { return }
    do throws(SystemError) {
      try hellos?.append(answered)
    } catch {
      logger.warning("Handshakes cannot be written down: \(error.sentence).")
      hellos = nil
    }
  }

  /// Before it leaves as well: nothing may be signed twice in two ways.
  private func keep(_ keepsakes: [Keepsake]) {
    do throws(SystemError) {
      try kept?.keep(keepsakes, at: clock.now.milliseconds)
    } catch {
      logger.warning(
        "Decisions cannot be written down: \(error.sentence). A restart may cost a role."
      )
    }
  }

  /// Sends, tells, counts, in this order: datagrams must not wait for a log line.
  private func applyEffects(from origin: Origin) {
    if !effects.answered.isEmpty {
      writeDown(effects.answered)
      effects.answered.removeAll(keepingCapacity: true)
    }
    if !effects.keepsakes.isEmpty {
      keep(effects.keepsakes)
      effects.keepsakes.removeAll()
    }
    for wish in effects.tunnels { onTunnelWish?(.open(wish)) }
    effects.tunnels.removeAll()
    for path in effects.unneeded { onTunnelWish?(.close(path.port)) }
    effects.unneeded.removeAll()
    for wish in effects.stamps { findStamp(wish) }
    effects.stamps.removeAll()
    socket.send(effects.outbox)
    effects.outbox.removeAll()
    if !effects.notes.isEmpty {
      for note in effects.notes { counters.count(note) }
      effects.notes.removeAll(keepingCapacity: true)
    }
    if !effects.events.isEmpty {
      let events = effects.events
      effects.events.removeAll(keepingCapacity: true)
      for event in events { happened(event, from: origin) }
    }
    arm()
  }

  /// The alarm rings for the participant or for the next block of sound, whichever is first.
  func arm() {
    var next = nextSound
    if let deadline = participant.nextDeadline {
      next = min(next ?? .max, clock.bootTime(deadline.instant))
    }
    if let next { loop.arm(next) }
  }

  /// A client asked for the end of this node.
  func askedToStop() { onStop?() }

  private func askedToStop(at descriptor: Int32) {
    loop.unwatch(descriptor)
    onStop?()
  }

  /// Often enough for a handshake to be right after the clock is.
  private static let lookPause = Duration.seconds(1)
  /// 512 datagrams: about a millisecond of work.
  private static let batchesAtOnce = 8
}
