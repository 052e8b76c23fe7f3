extension LinkScript {
  /// Handshakes with one thing wrong, talk with losses, strangers, and records of the link itself.
  static var seeds: [[UInt8]] {
    let ping: [UInt8] = [1, 0, 4, 9, 9, 9, 9]
    let pong: [UInt8] = [2, 0, 22, 9, 9, 9, 9] + [UInt8](repeating: 1, count: 18)
    let acknowledgement: [UInt8] = [9, 0, 12, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
    let rekey: [UInt8] = [4, 0, 64] + [UInt8](repeating: 9, count: 64)
    let answer: [UInt8] = [5, 0, 64] + [UInt8](repeating: 9, count: 64)
    let mail: [UInt8] = [8, 0, 7, 0, 0, 0, 1, 0x10, 5, 6]
    let close: [UInt8] = [3, 0, 1, 0]
    let plain = [ping, pong, acknowledgement, rekey, answer, mail, close, ping + mail + [0, 0]]
    let sealed = plain.map { [0, 9, 0, UInt8($0.count)] + $0 + [12, 50, 0x89, 0, 4, 1, 0, 4, 1] }
    return sealed + [
      [4, 0, 0, 0, 0, 14], [5, 1, 0, 40, 1, 12, 255, 14], [4, 0, 1, 0, 9, 1, 13, 1, 0],
      [6, 3, 3, 3, 14], [4, 0, 0, 2, 13, 0, 90, 14], [4, 5, 3, 13, 1, 0, 14],
      [0, 10, 3, 1, 2, 3, 11, 2, 7, 7, 3, 4, 2, 12, 200, 0x8A, 2, 5, 5, 1, 0, 12, 1, 14],
      [0, 6, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 7, 0, 6, 1, 0, 0, 0, 1, 2],
      [0, 8, 0, 0, 10, 8, 1, 0, 2, 10, 8, 2, 0, 1, 9, 8, 16, 0, 9, 1, 8, 32, 0, 3, 0, 60, 1],
      [3, 8, 0, 0, 1, 8, 0, 0, 2, 8, 0, 0, 3, 0x88, 0, 1, 5, 14],
      [0, 13, 0x80, 0, 14, 13, 0x80, 0, 14, 10, 1, 1, 14], [0, 15, 1, 13, 9, 0, 15, 4, 14],
      [0, 15, 0, 14, 15, 4, 14, 10, 1, 1, 14, 0x8F, 2, 13, 40, 0],
    ]
  }
}
