import Mesh
import Testing
import Wire

/// More on stage than the audience can hear.
@Suite(.timeLimit(.minutes(30)))
struct TurnTests {
  @Test func aFourthVoiceWaitsAndIsToldSo() throws {
    let network = try Network(seed: 420)
    let (room, talkers, sessions) = try fourTalk(network)
    let listener = network.nodes[5]
    network.say(talkers, room, frames: 50)
    #expect(listener.heardOf(sessions[0]) == 50)
    #expect(listener.heardOf(sessions[3]) == 0)
    // The others on stage do hear it.
    #expect(talkers[0].heardOf(sessions[3]) == 50)
    for node in network.nodes { #expect(network.waiting(node, room) == [sessions[3]]) }
    // In their first minute nobody gives way.
    #expect(network.attempt(talkers[3], .takeTurn(room)) == nil)
    network.run(for: .seconds(1))
    #expect(network.waiting(listener, room) == [sessions[3]])
    network.command(talkers[1], .stopSpeaking(room))
    network.run(for: .seconds(1))
    network.say([talkers[0], talkers[2], talkers[3]], room, frames: 50)
    // One more came along with the first.
    #expect(listener.heardOf(sessions[3]) >= 50)
    for node in network.nodes { #expect(network.waiting(node, room) == []) }
  }

  @Test func afterTheirFirstMinuteATurnIsToBeHad() throws {
    let network = try Network(seed: 421)
    let (room, talkers, sessions) = try fourTalk(network)
    let listener = network.nodes[5]
    network.say(talkers, room, frames: Int(Stage.turn) + 60)
    // All are beyond it: as they began.
    #expect(network.waiting(listener, room) == [sessions[3]])
    for session in sessions[..<3] { #expect(listener.heardOf(session) >= Int(Stage.turn)) }
    let before = listener.heardOf(sessions[3])
    #expect(network.attempt(talkers[3], .takeTurn(room)) == nil)
    network.run(for: .seconds(1))
    network.say(talkers, room, frames: 50)
    #expect(listener.heardOf(sessions[3]) - before >= 50)
    for node in network.nodes { #expect(network.waiting(node, room) == [sessions[2]]) }
    #expect(network.attempt(listener, .takeTurn(room)) == .notSpeaking)
  }

  /// Of six in a room four go on stage, one after the other.
  private func fourTalk(
    _ network: Network
  ) throws -> (room: RoomID, talkers: [Network.Node], sessions: [SessionID]) {
    let room = try network.room(nodes: 6)
    let talkers = Array(network.nodes[1...4])
    for talker in talkers {
      network.command(talker, .startSpeaking(room, duration: .ms20, payload: 60))
      network.run(for: .milliseconds(400))
    }
    return (room, talkers, try talkers.map { try #require(network.status($0, room)?.me) })
  }
}

extension Network {
  /// All at once, and a second for the last of it to arrive.
  fileprivate func say(_ talkers: [Node], _ room: RoomID, frames: Int) {
    let bytes = [UInt8](repeating: 7, count: 60)
    for _ in 0..<frames {
      for talker in talkers { command(talker, .speak(room, payload: bytes, level: 30)) }
      run(for: .milliseconds(20))
    }
    run(for: .seconds(1))
  }

  fileprivate func waiting(_ node: Node, _ room: RoomID) -> [SessionID] {
    status(node, room)?.members.filter(\.waits).map(\.session) ?? []
  }
}

extension Network.Node {
  fileprivate func heardOf(_ session: SessionID) -> Int {
    heard.count { $0.frame.session == session }
  }
}
