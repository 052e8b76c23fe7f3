import Keys
import Mesh
import Wire

/// What the removal of one person costs everybody else: all bytes sent to them in the 4 s after it
/// while one person speaks, less those of the same 4 s in the same world without a removal.
///
/// Not counted is what the removed sends, who goes on asking everybody; that is told apart. Nobody
/// shuffles in these worlds: which walk was made in one twin and not in the other is chance.
struct RemovalCost: CustomStringConvertible {
  let people: Int
  let seed: UInt64
  /// Bytes into each node that stays, with 28 for IP and UDP around each datagram.
  let bytes: [Int]
  /// What the removed sent to each of them, in the mean.
  let begged: Int
  /// From the operation to the last frame that the removed person could open.
  let lasted: Duration
  /// Frames that the one of the others that lost most did not hear.
  let missing: Int

  var mean: Int { bytes.reduce(0, +) / max(1, bytes.count) }

  var description: String {
    let sorted = bytes.sorted()
    return "\(people) people, seed \(seed): mean \(mean) B a node, median"
      + " \(sorted[sorted.count / 2]), most \(sorted.last ?? 0), and \(begged) from the removed;"
      + " last frame after \(lasted.milliseconds) ms, others lost \(missing)"
  }

  /// Frames of each stretch: 4 s.
  private static let stretch = 200

  static func measure(
    people: Int, seed: UInt64, isImmediate: Bool = false, permille: UInt64 = 0
  ) throws -> RemovalCost {
    let with = try play(people, seed, permille, isImmediate: isImmediate)
    let without = try play(people, seed, permille, isImmediate: nil)
    return RemovalCost(
      people: people, seed: seed, bytes: zip(with.bytes, without.bytes).map { $0 - $1 },
      begged: with.begged - without.begged, lasted: with.lasted, missing: with.missing)
  }

  private static var settings: Settings {
    var settings = Settings()
    settings.overlay.shuffleYoung = .seconds(86_400)
    return settings
  }

  /// Nobody is removed where `isImmediate` is nil.
  private static func play(
    _ people: Int, _ seed: UInt64, _ permille: UInt64, isImmediate: Bool?
  ) throws -> RemovalCost {
    let network = try Network(seed: seed)
    let room = try network.audience(nodes: people, settings: settings)
    let host = network.nodes[0]
    // It feeds nobody, so what is measured is the removal and not the mending of trees.
    let victim = try network.add(settings: settings, relays: false)
    guard let link = network.invite(host, room, role: .listener, uses: 0),
      let session = network.status(host, room)?.me
    else { throw Refusal.notIn }
    network.command(victim, .join(link.invite, name: "victim"))
    network.run(for: .seconds(20))
    network.speak(host, in: room, frames: 50)
    network.lossPermille = permille
    let person = network.person(victim, room)
    // Keeps what it gets, and asks for more.
    network.defy(victim, room)

    let others = network.nodes.filter { $0 !== victim }
    network.speakOn(host, in: room, frames: stretch)
    var (sent, begged): ([Endpoint: Int], Int) = ([:], 0)
    network.watcher = { sender, target, count in
      if sender === victim { begged += count + 28 } else { sent[target, default: 0] += count + 28 }
    }
    for node in network.nodes { node.heard = [] }
    let (removedAt, last) = (network.now, frame(host, room, session))
    if let isImmediate {
      let refusal = network.moderate(
        host, room, .remove(person, seconds: 0, isImmediate: isImmediate))
      guard refusal == nil else { throw Refusal.notAllowed }
    }
    network.speakOn(host, in: room, frames: stretch)
    network.watcher = nil
    network.run(for: .milliseconds(500))

    let key = host.participant.inspect(room)?.key(of: session)
    let switched = Duration.milliseconds(20) * (Int(key?.start ?? last) - Int(last))
    let heard = victim.heard.last.map { $0.at - removedAt } ?? .zero
    let missing = others.dropFirst().map { stretch - Set($0.heard.map(\.frame.counter)).count }
    return RemovalCost(
      people: people, seed: seed, bytes: others.map { sent[$0.endpoint] ?? 0 },
      begged: begged / others.count, lasted: max(heard, switched), missing: missing.max() ?? 0)
  }

  private static func frame(_ node: Network.Node, _ room: RoomID, _ session: SessionID) -> UInt32 {
    node.status(at: Instant(nanoseconds: 0)).rooms.first { $0.id == room }?.streams
      .first { $0.session == session }?.lastCounter ?? 0
  }
}
