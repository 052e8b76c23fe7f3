import Keys

/// Everything that reads bytes from the network, a file or a person, in nine parts.
///
/// Each takes any bytes, must neither trap nor run long, and throws when a promise is broken. The
/// same input always does the same: no clock, no system randomness.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// Every message of `Wire`.
  case messages
  /// Addresses, tunnels, invites, seed lists, keys and dates as people write them.
  case text
  /// Datagrams between two nodes, and from strangers.
  case link
  /// What a hostile neighbour says to a member of a room.
  case room
  /// Logs of operations: what they come to, and how two nodes bring them together.
  case authority
  /// What somebody with a role says in a room: operations, hands, reactions, codes, beacons.
  case stage
  /// Identity, remembered peers, kept operations, signing keys, settings, control requests.
  case files
  /// WAV and Ogg Opus.
  case sound
  /// Sealed frames, Opus packets, the jitter buffer.
  case frames

  package func run(_ bytes: [UInt8]) throws(Finding) {
    do { try Sodium.start() } catch { throw Finding("libsodium does not start") }
    var tape = Tape(bytes)
    switch self {
    case .messages: try Messages.run(&tape)
    case .text: try Texts.run(&tape)
    case .link: try LinkScript.run(&tape)
    case .room: try RoomScript.run(&tape)
    case .authority: try LogScript.run(&tape)
    case .stage: try StageScript.run(&tape)
    case .files: try Files.run(&tape)
    case .sound: try Sounds.run(&tape)
    case .frames: try Frames.run(&tape)
    }
  }

  /// Inputs to begin with, so that a fuzzer need not guess what a valid message looks like.
  package var seeds: [(name: String, bytes: [UInt8])] {
    let inputs =
      switch self {
      case .messages: Messages.seeds
      case .text: Texts.seeds
      case .link: LinkScript.seeds
      case .room: RoomScript.seeds
      case .authority: LogScript.seeds
      case .stage: StageScript.seeds
      case .files: Files.seeds
      case .sound: Sounds.seeds
      case .frames: Frames.seeds
      }
    return inputs.enumerated().map { ("seed-\($0.offset)", $0.element) }
  }

  /// Longest input worth trying, in bytes.
  package var longest: Int {
    switch self {
    case .messages: 1_200
    case .text, .files: 2_048
    case .link, .room, .authority, .stage: 1_024
    case .sound, .frames: 4_096
    }
  }
}
