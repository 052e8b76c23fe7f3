import Keys
import Mesh
import Wire

// Media records and what attests them: genuine, forged, repeated, out of order, of the wrong size.

extension RoomScript {
  /// One media record: number, sealed body and second body as the input wants them.
  mutating func frame(_ tape: inout Tape) throws(Finding) {
    let shape = tape.byte()
    counter = (counter &+ UInt32(tape.byte()) &- 8) & 0xFF_FFFF
    let size = shape & 1 == 0 ? frameBody : Int(tape.byte())
    var record: [UInt8] = []
    let (body, step) = sealedBody(size, genuine: shape & 2 == 0)
    MediaHead(
      tag: 0, session: shape & 4 == 0 ? neighbour.session : neighbour.victimSession,
      counter: counter, hasPrevious: shape & 8 != 0, repaired: shape & 16 != 0,
      step: shape & 32 == 0 ? step : tape.byte(), previousStep: step
    ).append(to: &record)
    record += body
    if shape & 8 != 0 { record += [UInt8](repeating: shape, count: size) }
    if shape & 64 != 0 { record += [UInt8](repeating: 0, count: Int(tape.byte())) }
    try neighbour.sayNow(record)
  }

  /// A run of genuine frames, some left out, with the attestation that covers them.
  mutating func frames(_ tape: inout Tape) throws(Finding) {
    let (count, lost) = (Int(tape.byte() & 31), tape.byte())
    for index in 0..<count {
      counter = min(counter + 1, Limits.lastCounter)
      let (body, step) = sealedBody(frameBody, genuine: true)
      guard lost >> UInt8(index & 7) & 1 == 0 else { continue }
      var record: [UInt8] = []
      MediaHead(
        tag: 0, session: neighbour.session, counter: counter, hasPrevious: false, repaired: false,
        step: step, previousStep: step
      ).append(to: &record)
      try neighbour.sayNow(record + body)
      try neighbour.pass(.milliseconds(20))
    }
    var last = Tape([0, 0, UInt8(truncatingIfNeeded: 1 << min(count, 7) - 1), 0])
    try attestation(&last)
  }

  /// Ciphertext and tag of a frame of the present counter, and the low byte of its key id.
  private mutating func sealedBody(_ size: Int, genuine: Bool) -> ([UInt8], UInt8) {
    let start = FrameHeader.count
    var frame: [UInt8] = []
    var step: UInt8 = 0
    switch frameKey {
    case .some(let key) where genuine && size > FrameKey.tagCount:
      let plain = [UInt8](repeating: UInt8(counter & 127), count: size - FrameKey.tagCount)
      step = UInt8(key.keyID & 0xFF)
      key.seal(plain.span, counter: UInt64(counter), room: neighbour.room, into: &frame)
    default:
      FrameHeader.append(session: neighbour.session, step: 0, counter: counter, to: &frame)
      frame += [UInt8](repeating: UInt8(counter & 255), count: size)
    }
    leaves.append(Digest.leaf(room: neighbour.room, frame: frame.span))
    if leaves.count > 32 { leaves.removeFirst() }
    return (Array(frame.dropFirst(start)), step)
  }

  func attestation(_ tape: inout Tape) throws(Finding) {
    let spoilt = tape.byte()
    let mask = UInt32(tape.byte()) << 8 | UInt32(tape.byte())
    let ahead = tape.byte()
    var attestation = Attestation(
      session: neighbour.session, last: (counter + UInt32(ahead)) & 0xFF_FFFF,
      mask: spoilt & 1 == 0 ? mask : UInt32(tape.word()) << 16 | mask, leaves: [])
    let count = attestation.mask.nonzeroBitCount
    attestation.leaves =
      (0..<count).map { index in
        let place = leaves.count - count + index
        return spoilt & 2 == 0 && leaves.indices.contains(place) ? leaves[place] : UInt64(index)
      }
    attestation.signature = neighbour.key.sign(
      "VR1-att", neighbour.room.raw.array + attestation.unsigned)
    if spoilt & 4 != 0 { attestation.signature = Signature(.zero) }
    try neighbour.say(MessageType.attestation.rawValue, attestation.encoded(tag: 0))
  }
}
