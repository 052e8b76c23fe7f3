import Wire

extension StageScript {
  /// One script of each kind of word, as a guest, a speaker, a moderator and the host.
  static var seeds: [[UInt8]] {
    func write(
      _ kind: OperationKind, _ subject: UInt8, argument: UInt8 = 0, lifetime: UInt8 = 0,
      seen: UInt8 = 0xFF, cut: UInt8 = 0, more: UInt8 = 0
    ) -> [UInt8] {
      [0, kind.rawValue, subject, argument, lifetime, seen, cut, more]
    }
    let acts: [UInt8] =
      write(.grantSpeaker, 4) + write(.remove, 4, cut: 0) + write(.unban, 4)
      + write(.inviteAdd, 5, argument: 1, lifetime: 60) + write(.inviteRevoke, 5)
    let revolt: [UInt8] =
      write(.remove, 1, cut: 1) + write(.mute, 1) + write(.revoke, 1, cut: 0x81)
      + write(.handOver, 0) + write(.close, 2) + write(.cut, 1, cut: 1)
    let tangle: [UInt8] =
      write(.grantSpeaker, 4, more: 8) + write(.grantSpeaker, 5, more: 8) + [3, 1]
      + write(.mute, 6, more: 1) + write(.stageInvite, 4, lifetime: 9, more: 2)
      + write(.policy, 2, argument: 3, more: 4)
    let seat: [UInt8] =
      [4, 0, 128, 12, 4, 13, 20] + write(.stageAccept, 1, argument: 1) + write(.stepDown, 0)
    let talk: [UInt8] = [4, 0, 128, 4, 4, 129, 5, 0, 128, 5, 4, 129, 4, 1, 128, 5, 1, 128]
    let codes: [UInt8] = [6, 8, 6, 4, 12, 14, 6, 10, 14, 90, 0, 6, 8, 6, 6]
    let asks: [UInt8] = [7, 0, 9, 0, 1, 1, 3, 4, 8, 1, 0, 0, 0, 9, 1, 1, 0, 9, 7, 10, 0, 10, 0x8F]
    let near: [UInt8] = [11, 0, 0, 0, 11, 5, 9, 1, 11, 8, 0, 0, 60, 1, 2, 3]
    let host: [UInt8] = (0..<16).flatMap { [12, $0 | 0x80, 13, 40] }
    let scripts: [[UInt8]] = [
      acts, revolt, tangle, seat, talk, codes, asks, near, host + acts, [15, 0] + acts,
    ]
    var seeds: [[UInt8]] = [6, 7, 2, 0].map { [$0] + revolt }
    for (index, script) in scripts.enumerated() {
      seeds.append([UInt8(4 | index & 1)] + script)
      seeds.append([UInt8(index & 7)] + script)
    }
    return seeds
  }
}
