import Keys
import Mesh
import Wire

/// A relay that holds the speaker's key passes off its own sound as the speaker's; how much of it
/// anybody hears.
struct Forgery {
  /// What the relay makes up.
  enum Kind: String, CaseIterable {
    /// Another sound in place of each frame that it passes on.
    case replaced
    /// The same, with the tag of the frame that it replaces: who holds the key can find such.
    case sameTag
    /// Frames that the speaker has yet to say, so that the true ones come too late.
    case ahead
    /// Frames of somebody who has said that it speaks no more.
    case silent
  }

  /// The most that one listener heard of it.
  let audible: Duration
  /// Frames of the speaker that one listener missed at most while it went on.
  let missing: Int

  /// Nodes of each room: enough for a relay with children that is not the speaker.
  private static let people = 10
  /// How long the relay keeps it up: 3 s.
  private static let frames = 150
  /// Two less than a counter may run ahead of what is sworn.
  private static let farthest = 46

  /// - Parameter areGullible: the others compare no frame with what the speaker swore.
  static func run(
    _ kind: Kind, seed: UInt64, isStrict: Bool = false, areGullible: Bool = false
  ) throws -> Forgery? {
    let network = try Network(seed: seed)
    var settings = Settings()
    settings.frames.isStrict = isStrict
    let room = try network.room(nodes: people, settings: settings)
    let speaker = network.nodes[0]
    guard let session = network.status(speaker, room)?.me else { return nil }
    // Thin, so that others have to carry.
    network.command(speaker, .give(Capacity(uplink: 500_000, relays: true)))
    network.speak(speaker, in: room, frames: 50)
    guard let relay = network.interior(of: room) else { return nil }
    if kind == .silent {
      network.command(speaker, .stopSpeaking(room))
      network.run(for: .milliseconds(200 + Int64(seed % 7) * 100))
    }
    // In the middle of what it says, at any place between two attestations.
    if kind != .silent { network.speakOn(speaker, in: room, frames: 60 + Int(seed % 10)) }
    for node in network.nodes { node.heard = [] }
    let victims = network.nodes.filter { $0 !== speaker && $0 !== relay }
    if areGullible { for victim in victims { network.misbehave(victim, .gullible) } }
    switch kind {
    case .replaced: network.misbehave(relay, .forge)
    case .sameTag: network.forge(relay, with: SameTag.forge)
    case .ahead, .silent: break
    }
    for frame in 0..<frames {
      if kind == .ahead || kind == .silent {
        // On and on, as far ahead of what was said as frames are looked at.
        let ahead = kind == .ahead ? 2 : 1 + UInt32(frame % farthest)
        network.impersonate(relay, session, ahead: ahead, count: 2, in: room)
      }
      guard kind != .silent else {
        network.run(for: .milliseconds(20))
        continue
      }
      let payload = (0..<60).map { UInt8(truncatingIfNeeded: frame &* 31 &+ $0) }
      network.command(speaker, .speak(room, payload: payload, level: 30))
      network.run(for: .milliseconds(20))
    }
    network.command(speaker, .stopSpeaking(room))
    network.run(for: .milliseconds(600))
    let forged = victims.map { node in
      Set(node.heard.filter { isForged($0.frame) }.map(\.frame.counter)).count
    }
    let genuine = victims.map { node in
      Set(node.heard.filter { !isForged($0.frame) }.map(\.frame.counter)).count
    }
    let said = kind == .silent ? 0 : frames
    return Forgery(
      audible: .milliseconds(20) * (forged.max() ?? 0),
      missing: max(0, said - (genuine.min() ?? 0)))
  }

  /// The byte that a forger puts everywhere, or wherever it has the choice.
  private static func isForged(_ heard: Heard) -> Bool {
    heard.payload.prefix(SameTag.chosen - 1).allSatisfy { $0 == SameTag.byte }
  }
}
