import Glibc
import Keys

/// What a delivered datagram costs the real relay: `RelayBench FANOUT SECONDS WINDOW BURST`.
///
/// The relay is a process of its own, this program started again with `relay`: the node's own loop,
/// socket, host and participant, all checks on. Only F4, the limit of 60 frames a second and
/// speaker, is set out of reach, and so is the counters' lead over the attestations: both are
/// computed all the same. Beside it run a real speaker and real listeners, in this process, over
/// loopback.
@main
struct RelayBench {
  static func main() async throws {
    try Sodium.start()
    let words = CommandLine.arguments
    if words.count == 3, words[1] == "relay" {
      try await Relay.run(invite: words[2])
    } else {
      func number(_ index: Int, _ otherwise: Int) -> Int {
        words.count > index ? Int(words[index]) ?? otherwise : otherwise
      }
      var load = try Load(
        fanout: number(1, 8), seconds: number(2, 2), window: number(3, 64), burst: number(4, 16))
      try load.run()
    }
  }
}
