import Keys
import Mesh
import Testing
import Wire

/// Rooms as people use them, on a network in virtual time.
@Suite(.timeLimit(.minutes(10)))
struct RoomTests {
  @Test func twoFriendsHearEachOther() throws {
    let network = try Network(seed: 1)
    let room = try network.room(nodes: 2)
    network.speak(network.nodes[0], in: room, frames: 100)
    let guest = network.nodes[1]
    #expect(guest.heard.count == 100)
    #expect(guest.heard.map(\.frame.counter) == guest.heard.map(\.frame.counter).sorted())
    network.speak(guest, in: room, frames: 50)
    #expect(network.nodes[0].heard.count == 50)
  }

  @Test(arguments: [3, 7, 12, 20])
  func everybodyHearsEveryFrame(count: Int) throws {
    let network = try Network(seed: UInt64(count))
    let room = try network.room(nodes: count)
    network.speak(network.nodes[0], in: room, frames: 200)
    for node in network.nodes.dropFirst() { #expect(node.heard.count == 200) }
  }

  @Test(arguments: 1...12)
  func nobodyMissesAFrameWhenARelayDies(seed: Int) throws {
    let network = try Network(seed: UInt64(seed))
    let room = try network.room(nodes: 12)
    var victim: Network.Node?
    network.speak(network.nodes[0], in: room, frames: 300) { frame in
      guard frame == 150 else { return }
      victim = network.nodes.dropFirst().first { node in
        node.status(at: network.now).rooms.first?.trees.contains { !$0.children.isEmpty } ?? false
      }
      if let victim { network.kill(victim) }
    }
    #expect(victim != nil)
    for node in network.nodes.dropFirst() where node.isAlive {
      #expect(Set(node.heard.map(\.frame.counter)).count == 300)
    }
  }

  @Test func lossOfTwoInAHundredIsRepairedByTheOtherTree() throws {
    let network = try Network(seed: 5)
    let room = try network.room(nodes: 12)
    network.lossPermille = 20
    network.speak(network.nodes[0], in: room, frames: 500)
    let heard = network.nodes.dropFirst().map { Set($0.heard.map(\.frame.counter)).count }
    // 11 listeners, 500 frames: independent loss on both ways leaves a few in ten thousand.
    let total = heard.reduce(0, +)
    #expect(total >= 5_489)
  }

  @Test func whoeverTakesTheFloorIsHeardByAll() throws {
    let network = try Network(seed: 8)
    let room = try network.room(nodes: 9)
    for speaker in [3, 7, 0] {
      let before = network.nodes.map(\.heard.count)
      network.speak(network.nodes[speaker], in: room, frames: 100)
      network.command(network.nodes[speaker], .stopSpeaking(room))
      network.run(for: .seconds(2))
      for (index, node) in network.nodes.enumerated() where index != speaker {
        let news = node.heard.count - before[index]
        #expect(news == 100, "speaker \(speaker), listener \(index)")
      }
    }
  }

  @Test func twoSpeakersAtOnceAreBothHeard() throws {
    let network = try Network(seed: 9)
    let room = try network.room(nodes: 10)
    let other = network.nodes[4]
    network.command(other, .startSpeaking(room, duration: .ms20, payload: 60))
    network.run(for: .seconds(2))
    network.speak(network.nodes[0], in: room, frames: 150) { frame in
      network.command(
        other, .speak(room, payload: [UInt8](repeating: UInt8(frame), count: 60), level: 20))
    }
    for (index, node) in network.nodes.enumerated() where index != 0 && index != 4 {
      #expect(node.heard.count == 300, "listener \(index)")
    }
    #expect(network.nodes[4].heard.count == 150)
    #expect(network.nodes[0].heard.count == 150)
  }

  @Test(arguments: [(FrameDuration.ms40, 120), (.ms60, 180), (.ms20, 15), (.ms20, 80)])
  func everyFrameLengthAndRateTravels(duration: FrameDuration, payload: Int) throws {
    let network = try Network(seed: 10)
    let room = try network.room(nodes: 5)
    let host = network.nodes[0]
    network.command(host, .startSpeaking(room, duration: duration, payload: payload))
    network.run(for: .milliseconds(400))
    for frame in 0..<60 {
      network.command(
        host,
        .speak(room, payload: [UInt8](repeating: UInt8(frame), count: payload), level: 5))
      network.run(for: duration.duration)
    }
    network.run(for: .seconds(1))
    for node in network.nodes.dropFirst() {
      #expect(node.heard.count == 60)
      #expect(node.heard.allSatisfy { $0.frame.payload.count == payload })
      #expect(node.heard.allSatisfy { $0.frame.duration == duration && $0.frame.level == 5 })
    }
  }

  @Test func oneTalkerCostsAListenerAtMostAHundredKilobits() throws {
    let network = try Network(seed: 11)
    let room = try network.room(nodes: 12, settle: .seconds(70))
    let listeners = network.nodes.dropFirst()
    network.command(network.nodes[0], .startSpeaking(room, duration: .ms20, payload: 60))
    network.run(for: .seconds(1))
    let before = listeners.map(\.bytesIn)
    for _ in 0..<500 {
      network.command(
        network.nodes[0], .speak(room, payload: [UInt8](repeating: 7, count: 60), level: 9))
      network.run(for: .milliseconds(20))
    }
    for (node, start) in zip(listeners, before) {
      let rate = (node.bytesIn - start) * 8 / 10
      #expect(rate <= 100_000)
    }
  }
}
