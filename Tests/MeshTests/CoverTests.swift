import Keys
import Mesh
import OrderedCollections
import Testing
import Wire

/// What somebody who sees every link learns of rooms, with and without cover.
@Suite(.timeLimit(.minutes(30)))
struct CoverTests {
  /// Counts what leaves on each link by seconds, and the sizes.
  private final class Watcher {
    struct Way: Hashable {
      var from: Endpoint
      var to: Endpoint
    }

    struct Count {
      var datagrams = 0
      var sizes: [Int: Int] = [:]
      var bySecond: [Int64: Int] = [:]
      var last: Instant?
      /// From one datagram to the next, in tenths of a millisecond: the network of these tests
      /// calls a node up to one late.
      var pauses: Set<Int64> = []
    }

    private(set) var ways: OrderedDictionary<Way, Count> = [:]

    func saw(_ from: Endpoint, _ to: Endpoint, _ size: Int, at now: Instant) {
      let way = Way(from: from, to: to)
      var count = ways[way] ?? Count()
      count.datagrams += 1
      count.sizes[size, default: 0] += 1
      count.bySecond[now.nanoseconds / 1_000_000_000, default: 0] += 1
      if let last = count.last { count.pauses.insert((now - last).nanoseconds / 100_000) }
      count.last = now
      ways[way] = count
    }

    func forget() { ways = [:] }
  }

  private static func settings(covered: Bool, uplink: Int = 5_000_000) -> Settings {
    var settings = Settings()
    if covered { settings.cover(uplink: uplink) }
    return settings
  }

  /// Nodes that know each other before and after any room, as those of one seed list do.
  private func acquaintances(
    _ count: Int, covered: Bool, seed: UInt64 = 11, answering: Bool = false
  ) throws -> (Network, Watcher) {
    let network = try Network(seed: seed)
    for index in 0..<count {
      try network.add(settings: Self.settings(covered: covered && !(answering && index > 0)))
    }
    for (index, node) in network.nodes.enumerated() {
      for other in network.nodes.dropFirst(index + 1) {
        network.command(node, .connect(other.contact))
      }
    }
    network.run(for: .seconds(8))
    let watcher = Watcher()
    network.watcher = { [unowned network] node, target, size in
      watcher.saw(node.endpoint, target, size, at: network.now)
    }
    return (network, watcher)
  }

  /// One makes a room, all join, one speaks, all leave.
  private func meet(_ network: Network, frames: Int) throws -> RoomID {
    let room = try network.gather(apart: .milliseconds(200), settle: .seconds(3))
    network.speak(network.nodes[1], in: room, frames: frames)
    return room
  }

  @Test(arguments: [false, true])
  func aRoomLooksLikeNoRoom(answering: Bool) throws {
    let (network, watcher) = try acquaintances(4, covered: true, answering: answering)
    network.run(for: .seconds(45))
    let idle = watcher.ways
    watcher.forget()
    let begin = network.now
    let room = try meet(network, frames: 1_500)
    for node in network.nodes { network.command(node, .leave(room)) }
    network.run(until: begin + .seconds(45))
    let busy = watcher.ways
    for listener in [0, 2, 3] { #expect(network.nodes[listener].heard.count == 1_500) }
    // A node that only answers covers nothing between itself and others that do.
    let covered = idle.keys.filter { way in
      !answering || [way.from, way.to].contains(network.nodes[0].endpoint)
    }
    #expect(covered.count == (answering ? 6 : 12))
    for way in covered {
      let quiet = try #require(idle[way])
      let loud = try #require(busy[way])
      #expect(Array(quiet.sizes.keys) == [CoverSettings.datagram])
      #expect(Array(loud.sizes.keys) == [CoverSettings.datagram])
      #expect((98...102).contains(100 * loud.datagrams / quiet.datagrams))
      for count in [quiet, loud] {
        #expect(count.pauses.isSubset(of: [124, 125, 126]), "\(count.pauses)")
        // Whole seconds: nothing of who came, spoke or went when.
        let whole = count.bySecond.values.filter { $0 > 78 }
        #expect(Set(whole).isSubset(of: [79, 80, 81]) && whole.count >= 43)
      }
    }
  }

  /// The control: the same watcher finds the room at once.
  @Test func withoutCoverARoomShows() throws {
    let (network, watcher) = try acquaintances(4, covered: false)
    network.run(for: .seconds(60))
    let idle = watcher.ways.values.reduce(0) { $0 + $1.datagrams }
    watcher.forget()
    let begin = network.now
    _ = try meet(network, frames: 1_500)
    network.run(until: begin + .seconds(60))
    let busy = watcher.ways.values
    #expect(busy.reduce(0) { $0 + $1.datagrams } > 20 * idle)
    #expect(busy.contains { $0.sizes.count > 1 })
    #expect(busy.contains { $0.pauses.count > 20 })
  }

  /// Two links and a room that comes and goes on both: are they on and off at the same moments?
  @Test(arguments: [true, false])
  func comingAndGoingOnOneLinkTellsNothingOfAnother(covered: Bool) throws {
    let (network, watcher) = try acquaintances(3, covered: covered, seed: 21)
    let first = network.now.nanoseconds / 1_000_000_000 + 1
    for round in 0..<6 as Range<Int64> {
      let room = try meet(network, frames: 150)
      for node in network.nodes { network.command(node, .leave(room)) }
      network.run(for: .seconds(4 + round * round % 7))
    }
    let last = network.now.nanoseconds / 1_000_000_000
    let nodes = network.nodes.map(\.endpoint)
    func series(_ from: Int, _ to: Int) throws -> [Double] {
      let count = try #require(watcher.ways[Watcher.Way(from: nodes[from], to: nodes[to])])
      return (first..<last).map { Double(count.bySecond[$0] ?? 0) }
    }
    let one = try series(1, 0)
    let two = try series(1, 2)
    let half = two.count / 2
    let shuffled = Array(two[half...] + two[..<half])
    if covered {
      #expect(Set(one + two).isSubset(of: [79, 80, 81]))
    } else {
      #expect(correlation(one, two) > 0.7)
      #expect(correlation(one, shuffled) < 0.4)
    }
  }

  private func correlation(_ one: [Double], _ two: [Double]) -> Double {
    func centred(_ series: [Double]) -> [Double] {
      let mean = series.reduce(0, +) / Double(series.count)
      return series.map { $0 - mean }
    }
    func product(_ left: [Double], _ right: [Double]) -> Double {
      zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let left = centred(one)
    let right = centred(two)
    return product(left, right) / (product(left, left) * product(right, right)).squareRoot()
  }

  @Test(arguments: 1...2)
  func nobodyMissesAFrameWhenARelayDies(seed: Int) throws {
    let network = try Network(seed: UInt64(seed))
    let room = try network.room(nodes: 12, settings: Self.settings(covered: true))
    var victim: Network.Node?
    network.speak(network.nodes[0], in: room, frames: 300) { frame in
      guard frame == 150 else { return }
      victim = network.interior(of: room)
      if let victim { network.kill(victim) }
    }
    #expect(victim != nil)
    for node in network.nodes.dropFirst() where node.isAlive {
      #expect(Set(node.heard.map(\.frame.counter)).count == 300, "\(node.tally)")
      #expect(node.drops(.slotsFull) == 0)
    }
  }

  @Test(arguments: [(FrameDuration.ms40, 120), (.ms60, 180), (.ms20, 15)])
  func everyFrameLengthTravels(duration: FrameDuration, payload: Int) throws {
    let network = try Network(seed: 10)
    let room = try network.room(nodes: 5, settings: Self.settings(covered: true))
    let host = network.nodes[0]
    let watcher = Watcher()
    network.watcher = { watcher.saw($0.endpoint, $1, $2, at: network.now) }
    network.command(host, .startSpeaking(room, duration: duration, payload: payload))
    network.run(for: .milliseconds(400))
    for frame in 0..<60 {
      network.command(
        host,
        .speak(room, payload: [UInt8](repeating: UInt8(frame), count: payload), level: 5))
      network.run(for: duration.duration)
    }
    network.run(for: .seconds(1))
    for node in network.nodes.dropFirst() { #expect(node.heard.count == 60) }
    #expect(watcher.ways.values.allSatisfy { Array($0.sizes.keys) == [CoverSettings.datagram] })
  }

  @Test func allUplinksStayUnderTheirCap() throws {
    let uplink = 1_400_000
    let network = try Network(seed: 12)
    for _ in 0..<7 {
      try network.add(settings: Self.settings(covered: true, uplink: uplink), uplink: uplink)
    }
    network.command(network.nodes[0], .create(title: "flock", access: .social, name: "host"))
    let room = try #require(network.nodes[0].joined.first?.room)
    let invite = try #require(network.nodes[0].invite(to: room))
    for node in network.nodes.dropFirst() {
      network.command(node, .join(invite, name: "guest"))
      network.run(for: .milliseconds(100))
    }
    network.run(for: .seconds(8))
    var sent: [Endpoint: Int] = [:]
    network.watcher = {
      sent[$0.endpoint, default: 0] += $2 + 48; _ = $1
    }
    let listeners = network.nodes.dropFirst()
    network.speak(network.nodes[0], in: room, frames: 250)
    for node in network.nodes {
      let links = node.status(at: network.now).peers.count
      #expect(links <= node.status(at: network.now).cover?.linksMost ?? 0)
      #expect((sent[node.endpoint] ?? 0) * 8 / 6 <= uplink)
    }
    for node in listeners { #expect(node.heard.count >= 247, "\(node.tally)") }
  }
}
