import Wire

extension RoomScript {
  /// A talk with keys and attestations, every template, every type with rubbish behind it.
  static var seeds: [[UInt8]] {
    let onStage: [UInt8] = [4, 1, 1, 85, 0, 7, 50, 0x20, 0]
    let key: [UInt8] = [7, 1, 0, 0]
    let talk: [UInt8] = onStage + key + [15, 10, 0, 10, 100, 15, 9, 0x24, 11, 1, 0]
    let templates: [UInt8] = (0..<Self.templates.count).flatMap { choice -> [UInt8] in
      [2, UInt8(choice), 0, 0, 0, 10, 50]
    }
    let lobby: [UInt8] = (0..<Self.templates.count).flatMap { choice -> [UInt8] in
      [2, UInt8(choice) | 0x80, 0, 0, 0, 10, 50]
    }
    var seeds: [[UInt8]] = (0..<MessageType.allCases.count).map { choice in
      let rubbish = [UInt8](repeating: UInt8(choice), count: 9)
      return [0, 0, UInt8(choice), 2, 9] + rubbish + [10, 20]
    }
    let scripts: [(shape: UInt8, steps: [UInt8])] = [
      (0, talk), (1, talk), (2, talk), (0, templates), (1, lobby), (4, [14, 14]),
      (0, onStage + key + keyed), (0, onStage + early), (0, onStage + key + renewed),
    ]
    seeds += scripts.map { [$0.shape] + $0.steps }
    return seeds + unsigned
  }

  /// Frames under a key that came after its announcement, forged and repeated ones among them.
  private static let keyed: [UInt8] = [
    5, 1, 9, 7, 5, 2, 9, 6, 2, 0, 3, 0, 5, 32, 9, 0x1F, 5, 8, 9,
  ]
  private static let early: [UInt8] = [
    7, 1, 0, 4, 5, 0, 9, 5, 8, 9, 6, 0, 0, 3, 0, 6, 4, 0, 3, 9,
  ]
  private static let renewed: [UInt8] = [
    7, 2, 1, 8, 15, 4, 0, 7, 3, 0, 1, 0xFF, 0xFF, 0xFF, 15, 4, 0,
  ]

  /// Introductions, listings, JOINs, the person's own wishes, plain text of datagrams.
  private static let unsigned: [[UInt8]] = [
    [0, 8, 1, 5, 6, 2, 8, 0x43, 3, 0x61, 0x62, 0x63, 0x64, 11, 20, 0],
    [1, 9, 0, 1, 1, 0, 200, 0, 9, 12, 5, 9, 2, 1, 2, 0, 200, 0, 9, 11, 40, 0],
    [0, 13, 1, 0, 0, 0, 13, 0, 0, 40, 1, 13, 5, 0, 9, 0, 11, 4, 0],
    [4, 12, 1, 80, 14, 12, 2, 12, 3, 0, 10, 12, 4, 12, 6, 12, 7, 11, 200, 0, 11, 200, 0],
    [0, 3, 0, 12, 0x40, 0, 1, 2, 3, 1, 0, 0, 0, 0, 0, 7, 3, 0, 5, 0x35, 0, 2, 0, 1],
  ]
}
