import Voice

/// Sound files: whatever is in them, reading ends, gives no more than was asked for, and gives no
/// more than the file can hold.
enum Sounds {
  /// What is read of one input at most: 40 s.
  private static let most = 40 * 48_000

  static func run(_ tape: inout Tape) throws(Finding) {
    let raw = tape.byte() & 1 == 1
    let step = 1 + Int(tape.word()) % 5_000
    let bytes = tape.rest()
    guard var source = try? AudioFile.open(ByteInput(bytes), raw: raw) else { return }
    var total = 0
    while total < most {
      let samples: [Int16]
      do throws(AudioError) {
        samples = try source.read(step)
      } catch {
        _ = error.description
        break
      }
      try Finding.unless(samples.count <= step, "a reader gives more than was asked for")
      total += samples.count
      if samples.count < step {
        let more = (try? source.read(1)) ?? []
        try Finding.unless(more.isEmpty, "a reader goes on behind its end")
        break
      }
    }
    // The slowest WAV has 4,000 one-byte samples a second; Opus codes 120 ms in three bytes.
    try Finding.unless(
      total <= 64 + bytes.count * 5_760, "a reader gives more than the file can hold")
  }
}
