import Keys
import Voice
import Wire

/// A voice frame from its seal to the ear, in any order and at any time.
enum Frames {
  static func run(_ tape: inout Tape) throws(Finding) {
    switch tape.byte() {
    case 0: try header(tape.rest())
    case 1: try seal(&tape)
    case 2: try playout(&tape)
    case 3: try buffer(&tape)
    case 4: try decode(&tape)
    default: break
    }
  }

  private static func header(_ bytes: [UInt8]) throws(Finding) {
    guard let header = try? SFrameHeader(reading: bytes.span) else { return }
    try Finding.unless(
      Array(bytes.prefix(header.count)) == header.encoded, "a header is not written as it was read")
  }

  /// What was sealed opens; one changed byte, a cut or another room and it does not.
  private static func seal(_ tape: inout Tape) throws(Finding) {
    let counter = tape.long()
    let keyID = tape.long() >> UInt64(tape.byte() & 63)
    let (place, change, cut) = (Int(tape.word()), tape.byte(), Int(tape.byte()))
    let room = RoomID(Bytes16(high: UInt64(tape.byte()), low: 0))
    let foreign = tape.take(Int(tape.byte()))
    let plain = tape.rest()
    guard let base = try? Secret(Bytes32(high: .zero, low: Bytes16(high: 0, low: 7))),
      let key = try? FrameKey(base: base, keyID: keyID)
    else { throw Finding("no key") }
    var sealed: [UInt8] = []
    key.seal(plain.span, counter: counter, room: room, into: &sealed)
    var opened: [UInt8] = []
    try Finding.unless(
      key.open(sealed.span, room: room, into: &opened) && opened == plain,
      "a sealed frame does not open")
    try Finding.unless(
      !key.open(foreign.span, room: room, into: &opened) && opened.isEmpty,
      "a frame nobody sealed opens")
    var damaged = Array(sealed.dropLast(cut))
    if !damaged.isEmpty { damaged[place % damaged.count] ^= change }
    guard damaged != sealed else { return }
    try Finding.unless(
      !key.open(damaged.span, room: room, into: &opened) && opened.isEmpty,
      "a damaged frame opens")
  }

  /// Talkers' packets and the clock, as a script.
  private static func playout(_ tape: inout Tape) throws(Finding) {
    let mixed = MixedPlayout()
    var now: Int64 = 1_000_000_000
    var blocks = 0
    while !tape.isOver, blocks < 400 {
      let step = tape.byte()
      if step & 1 == 0 {
        let counter = UInt32(tape.byte() & 1) << 23 | UInt32(tape.word())
        let packet = tape.take(Int(tape.byte()))
        mixed.push(talker: UInt32(step >> 6), counter: counter, packet: packet, at: now)
      } else {
        now += pause(step, &tape)
        blocks += 1
        try Finding.unless(mixed.next(at: now).count == 960, "a block has not 20 ms")
      }
    }
    for talker in mixed.talkers {
      try Finding.unless(
        talker.statistics.waiting <= JitterBuffer.capacity, "a jitter buffer grows")
    }
  }

  /// The jitter buffer alone, where packets need not be Opus.
  private static func buffer(_ tape: inout Tape) throws(Finding) {
    let shape = tape.byte()
    var buffer = JitterBuffer(
      frame: [.ms20, .ms40, .ms60][Int(shape % 3)], shortest: Int(tape.byte()) * 4,
      longest: Int(tape.byte()) * 4, secondCopyCeiling: Int(tape.byte()) * 4)
    var now: Int64 = 0
    var counter: UInt32 = UInt32(tape.word()) << 8
    while !tape.isOver {
      let step = tape.byte()
      if step & 1 == 0 {
        let leap = Int64(Int8(bitPattern: tape.byte())) * (step & 2 == 0 ? 1 : 70_000)
        counter = UInt32(truncatingIfNeeded: Int64(counter) + leap)
        buffer.insert(
          counter: counter, payload: [step], carriesPrevious: step & 4 != 0, at: now)
      } else {
        now += pause(step, &tape)
        if case .frame(let payload) = buffer.next(at: now, quiet: step & 32 != 0) {
          try Finding.unless(payload.count == 1, "a frame comes out that never went in")
        }
      }
      let counts = buffer.statistics
      try Finding.unless(
        (0...JitterBuffer.capacity).contains(counts.waiting), "a jitter buffer grows")
      try Finding.unless(
        counts.played + counts.waiting + counts.dropped <= counts.received,
        "more frames come out than went in")
    }
  }

  /// Most of the time a frame's length; now and then up to a minute.
  private static func pause(_ step: UInt8, _ tape: inout Tape) -> Int64 {
    switch step >> 1 & 15 {
    case 0: Int64(tape.word()) * 1_000_000
    case 1: 0
    case 2: Int64(tape.byte()) * 1_000_000
    default: 20_000_000
    }
  }

  private static func decode(_ tape: inout Tape) throws(Finding) {
    guard var decoder = try? OpusDecoder() else { throw Finding("no decoder") }
    var steps = 0
    while !tape.isOver, steps < 100 {
      steps += 1
      let step = tape.byte()
      let packet = tape.take(Int(tape.word() % 1_300))
      let duration = OpusPacket.duration(of: packet)
      _ = OpusPacket.carriesPrevious(packet)
      let sound: [Int16]? =
        switch step % 4 {
        case 0: try? decoder.decode(packet)
        case 1: try? decoder.decodeLost(before: packet)
        case 2: try? decoder.conceal()
        default: nil
        }
      if step % 4 == 3 { decoder.reset() }
      guard let sound else { continue }
      let expected = step % 4 == 2 ? decoder.duration : duration
      try Finding.unless(sound.count == expected?.samples, "a frame has the wrong length")
    }
  }
}
